"""Faces that something covers from above or from below: named by a robot on the ground, and by one that flies.

python -m opendr_perception.bench.view.gains.heights FILE
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np

from opendr_perception.active.control import FREE
from opendr_perception.active.identification import Goal
from opendr_perception.bench.view.figures import Episode, interval
from opendr_perception.bench.view.gains.looking import write
from opendr_perception.bench.view.policies import ViewSetUp
from opendr_perception.sim.scene import ROOMS, Light, Scene, facing, occlude

SCENES, SEED = 30, 11000
GOAL = Goal(confidence=0.35, max_moves=4, max_pan=math.radians(10), max_travel=5.0)
"""As in a corridor: the robot may hardly go around anybody."""


def covered(setup: ViewSetUp, seed: int) -> Scene:
    """Somebody who looks ahead, whose face a sign covers from above, or a box or a board from below."""
    random = np.random.default_rng(seed)
    light = Light(random.uniform(-math.pi, math.pi), random.uniform(0.5, 1.3), 0.6, 0.5)
    name = str(random.choice(list(setup.enrolled)))
    away, pan = float(random.uniform(1.8, 3.2)), math.radians(float(random.uniform(-15, 15)))
    scene = facing(name, away, pan, light=light, room=ROOMS["lab"])
    side, kind = ("top", "sign") if seed % 2 else ("bottom", str(random.choice(["box", "board"])))
    face = setup.world.people[name].face
    share, fraction = float(random.uniform(0.4, 0.6)), float(random.uniform(0.35, 0.55))
    return occlude(scene, side, share, fraction, kind, face, setup.world.camera.above)


def episodes(robot: str) -> list[Episode]:
    """The scenes, by `auto`, with one kind of robot."""
    setup = ViewSetUp(robot)
    with setup.world:
        seeds = range(SEED, SEED + SCENES)
        return [setup.run(setup.makers.get("auto"), seed, covered(setup, seed), GOAL)[0] for seed in seeds]


def figures(name: str, done: list[Episode]) -> list[dict[str, object]]:
    """Figures of one kind of robot."""
    right = [episode.right for episode in done]
    low, high = interval(sum(right), len(right))
    costs = [episode.costs for episode in done]
    numbers = {
        f"moves, {name}": float(np.mean([episode.moves for episode in done])),
        f"contacts, {name}": float(sum(bool(cost.contacts) for cost in costs)),
        f"commands beyond the limits, {name}": float(sum(cost.violations for cost in costs)),
    }
    shares = {f"named, {name}": right, f"named before a move, {name}": [episode.good_at_first for episode in done]}
    ends = {f"named, {name}": [round(low, 1), round(high, 1)]}
    found: list[dict[str, object]] = [
        {"name": key, "value": round(100 * float(np.mean(values)), 1), "interval": ends.get(key), "unit": "%"}
        for key, values in shares.items()
    ]
    for key, value in numbers.items():
        found.append({"name": key, "value": round(value, 2), "interval": None, "unit": ""})
    return found


def main(path: Path) -> None:
    """Run both, and write."""
    kinds = {"on the ground": "holonomic", "flying": FREE}
    found = [figure for name, robot in kinds.items() for figure in figures(name, episodes(robot))]
    write(path, {"scenes": SCENES, "figures": found})
    print(found)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
