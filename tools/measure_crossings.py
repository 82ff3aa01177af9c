"""Measure ids and names of people who cross close before two simulated cameras; prints a line for each storyboard.

    python tools/measure_crossings.py 3 5 7 9 11

A number draws a storyboard: two people (odd) or three (even) of the simulated ones come, are named by their faces,
cross each other, leave to the sides, come back and cross again. The networks and the fusion are those of `draw_people`.
IDF1 [Ristani 2016] is that of person ids over both cameras, and names are counted, in boxes that hold one person alone.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict

import draw_people
import numpy as np
from draw_people import CAMERAS, LENS, NAMES, WAYS, filmed, where
from scipy.optimize import linear_sum_assignment

from opendr_perception.tasks import fusion as scene

ACTORS = ("person_10", "person_03", "person_01", "person_07", "person_12", "person_05")
CHEST = 1.1
"""m above the floor."""


def main() -> None:
    for seed in map(int, sys.argv[1:]):
        WAYS.clear()
        WAYS.update(storyboard(seed))
        NAMES.clear()
        NAMES.update({model: f"N{model[-2:]}" for model in WAYS})
        print(f"storyboard {seed}: {measured()}", flush=True)


def storyboard(seed: int) -> dict[str, list[tuple[float, float, float]]]:
    """Ways of people, as `draw_people` has them."""
    rng = np.random.default_rng(seed)
    count = 2 if seed % 2 else 3
    fronts, ways = (0.5, -0.5, 0.0), {}

    def near(value: float, by: float) -> float:
        return value + float(rng.uniform(-by, by)) if by else value

    for number, name in enumerate(rng.permutation(ACTORS)[:count]):
        side, third = (1 if number % 2 == 0 else -1), number == 2
        way = [(0.0, near(2.0, 0.15), near(side * 1.1, 0.15))]
        time = near(2.5, 0.3)
        way.append((time, near(-1.2 + 0.4 * third, 0.15), near(fronts[number], 0.05)))
        time += 1.5
        way.append((time, *way[-1][1:]))  # stands, and is named
        for seconds, x, y, by_x, by_y in (
            (2.0, 0.8, -side * 0.9, 0.3, 0.2),
            (2.0, 0.6, side * 0.9, 0.3, 0.2),
            (2.2, 1.0, side * 5.0, 0.3, 0.0),
            (2.5, 1.0, side * 5.0, 0.3, 0.0),
            (2.5, 0.3, side * 0.8, 0.3, 0.2),
            (2.0, 0.9, -side * 0.8, 0.3, 0.2),
            (2.0, -0.9 + 0.3 * third, -fronts[number], 0.2, 0.1),
        ):
            time += near(seconds, 0.3)
            way.append((time, near(x, by_x), near(y, by_y)))
        way.append((time + 1.5, *way[-1][1:]))
        ways[str(name)] = way
    return ways


def measured() -> str:
    """Play the ways of `draw_people`, and compare ids and names with the truth."""
    ids: dict[str, Counter[str]] = defaultdict(Counter)
    counts: Counter[str] = Counter()
    mounts = {name: draw_people.mount_of(name) for name in CAMERAS}
    for time, shots in filmed():
        for camera, shot in zip(CAMERAS, shots, strict=True):
            for person in shot.report.people:
                chests = {name: seen(name, time, mounts[camera]) for name in NAMES}
                inside = [name for name in NAMES if person.visible and holds(person.box, chests[name])]
                if len(inside) == 1:
                    truth = NAMES[inside[0]]
                    ids[person.id][truth] += 1
                    counts["boxes"] += 1
                    counts["wrong"] += person.name not in ("", truth)
                    counts["named"] += person.name == truth
    table = np.array([[found[name] for name in NAMES.values()] for found in ids.values()])
    best = table[linear_sum_assignment(-table)].sum() / max(1, table.sum())
    names = f"{counts['named']} right and {counts['wrong']} wrong names in {counts['boxes']} boxes"
    return f"IDF1 {best:.3f}, {len(ids)} ids, {names}"


def seen(model: str, time: float, mount: scene.Mount) -> tuple[float, float]:
    """The pixel of somebody's chest; far outside where it is behind the camera."""
    pose = where(model, time)
    x, y, ahead = mount.rotation.T @ (np.array([pose.x, pose.y, CHEST]) - mount.translation)
    if ahead < 0.3:
        return -1e6, -1e6
    column, row, _ = LENS.matrix @ np.array([x / ahead, y / ahead, 1.0])
    return float(column), float(row)


def holds(box: np.ndarray, pixel: tuple[float, float]) -> bool:
    """True if a box shows a chest, also of somebody whom the image cuts off."""
    column, row = pixel
    return bool(box[0] - 5 <= column <= box[2] + 5 and box[1] - 30 <= row <= box[3])


if __name__ == "__main__":
    main()
