"""Right names by angle and distance, 1 to 20 m away and all around people.

python -m opendr_perception.bench.view.distances docs/figures/active_range.json
"""

from __future__ import annotations

import itertools
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from opendr_perception.active.identification import Goal
from opendr_perception.active.perception import belief
from opendr_perception.bench.view.figures import interval
from opendr_perception.bench.view.policies import CERTAIN, ViewSetUp
from opendr_perception.files import write_text
from opendr_perception.sim.scene import Light, Room, Scene, distance, facing

DISTANCES = (1.0, 4.0, 8.0, 15.0, 20.0)
"""m between which first views are."""
ANGLES = (0, 45, 90, 135, 180)
"""Degrees from the front between which they are, to either side."""
FIELD = Room(48.0, 48.0, (0.66, 0.68, 0.64), (0.60, 0.58, 0.54))
GOAL = Goal(confidence=0.35, max_moves=10, max_pan=math.pi, max_travel=60.0)
SEEDS = 5000
"""First seed: nobody has chosen anything by these scenes."""
BEST = [(away, math.radians(degrees)) for away in (1.5, 2.5) for degrees in (0, 15, -15, 30, -30)]
"""Distances, m, and angles, rad, from which the oracle has seen the person."""


@dataclass(frozen=True)
class RangeAnswer:
    """Answer of one policy in one scene."""

    policy: str
    seed: int
    band: int
    sector: int
    right: bool
    moves: int
    travelled: float
    seconds: float
    contacts: int
    violations: int
    message: str


def scene_in(names: Sequence[str], seed: int, band: int, sector: int) -> Scene:
    """A scene of a band of distances and a sector of angles, the same for the same seed."""
    random = np.random.default_rng(seed)
    light = Light(
        random.uniform(-math.pi, math.pi), random.uniform(0.5, 1.3), random.uniform(0.4, 0.8), random.uniform(0.35, 0.6)
    )
    away = float(random.uniform(DISTANCES[band], DISTANCES[band + 1]))
    side = 1 if random.random() < 0.5 else -1
    angle = side * math.radians(float(random.uniform(ANGLES[sector], ANGLES[sector + 1])))
    return facing(str(random.choice(list(names))), away, angle, light=light, room=FIELD)


def measure(path: Path, rounds: int, policies: Sequence[str]) -> list[RangeAnswer]:
    """Run all policies and the oracle in `rounds` scenes of each band and sector; what is in the file stays."""
    setup, answers = ViewSetUp(), read(path)
    done = {(answer.policy, answer.seed) for answer in answers}
    cells = [(r, b, s) for r in range(rounds) for b in range(len(DISTANCES) - 1) for s in range(len(ANGLES) - 1)]
    for number, (_, band, sector) in enumerate(cells):
        seed = SEEDS + number
        scene = scene_in(setup.enrolled, seed, band, sector)
        for name in policies:
            if (name, seed) not in done:
                answers.append(_answer(setup, name, seed, scene, band, sector))
                write_text(path, json.dumps([asdict(answer) for answer in answers], indent=0))
    return answers


def _answer(setup: ViewSetUp, name: str, seed: int, scene: Scene, band: int, sector: int) -> RangeAnswer:
    if name == "oracle":
        return RangeAnswer(name, seed, band, sector, _known(setup, scene, seed), 0, 0.0, 0.0, 0, 0, "")
    episode, outcome = setup.run(setup.makers.get(name), seed, scene, GOAL)
    costs = episode.costs
    return RangeAnswer(
        name,
        seed,
        band,
        sector,
        episode.right,
        episode.moves,
        round(costs.travelled, 2),
        round(costs.seconds, 1),
        len(costs.contacts),
        costs.violations,
        outcome.message,
    )


def _known(setup: ViewSetUp, scene: Scene, seed: int) -> bool:
    """True if any near view from about the front tells who it is."""
    setup.explorer.begin(scene, seed)
    away, start = distance(scene.robot, scene.people[0].pose), setup.explorer.pan
    for goal, pan in BEST:
        view = setup.explorer.preview(away - goal, pan - start)
        if view is not None and belief([view])[scene.people[0].name] >= CERTAIN:
            return True
    return False


def read(path: Path) -> list[RangeAnswer]:
    """Answers that were written to a file; none where there is no file."""
    return [RangeAnswer(**entry) for entry in json.loads(path.read_text())] if path.exists() else []


def table(answers: Sequence[RangeAnswer]) -> str:
    """Markdown: for each policy and band of distances, right names of all, by sectors of angles."""
    sectors = [f"{low}° to {high}°" for low, high in itertools.pairwise(ANGLES)]
    lines = [f"| policy | distance | {' | '.join(sectors)} | all (95 % interval) |", "|---" * (len(sectors) + 3) + "|"]
    for policy in dict.fromkeys(answer.policy for answer in answers):
        of_policy = [answer for answer in answers if answer.policy == policy]
        for band, (low, high) in enumerate(itertools.pairwise(DISTANCES)):
            here = [answer for answer in of_policy if answer.band == band]
            cells = [_share([answer for answer in here if answer.sector == k]) for k in range(len(sectors))]
            lines.append(f"| {policy} | {low:g} to {high:g} m | {' | '.join(cells)} | {_whole(here)} |")
        columns = [_share([answer for answer in of_policy if answer.sector == k]) for k in range(len(sectors))]
        lines.append(f"| **{policy}** | all | {' | '.join(columns)} | {_whole(of_policy)} |")
    return "\n".join(lines)


def _share(answers: Sequence[RangeAnswer]) -> str:
    return f"{sum(answer.right for answer in answers)} of {len(answers)}" if answers else "-"


def _whole(answers: Sequence[RangeAnswer]) -> str:
    if not answers:
        return "-"
    right = sum(answer.right for answer in answers)
    low, high = interval(right, len(answers))
    return f"{100 * right / len(answers):.0f} % ({low:.0f} to {high:.0f})"


if __name__ == "__main__":
    FILE, ROUNDS = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 3
    print(table(measure(FILE, ROUNDS, sys.argv[3:] or ("static", "auto", "reinforcement", "oracle"))))
