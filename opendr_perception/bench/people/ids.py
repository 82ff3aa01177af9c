"""Ids of people who come, leave and come back in the simulated world, without any face: recognised by their clothes.

Each visit is a second of somebody who stands somewhere, turned by chance. Some of the simulated people wear the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from opendr_perception import zoo
from opendr_perception.bench.harness.figure import Figure
from opendr_perception.sim.model import CAMERA_AHEAD
from opendr_perception.sim.scene import Light, Pose, Scene, Standing
from opendr_perception.sim.world import World
from opendr_perception.tasks.fusion import Sight, build
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.people import PersonDetector

CASE = "people"
IMAGES, RATE, AWAY = 10, 10.0, 8.0
"""Images of a visit, Hz, and seconds until the next one."""


@dataclass
class VisitCounts:
    """Counts of visits."""

    returns: int = 0
    recognised: int = 0
    mistaken: int = 0
    """For somebody else, of those who came back."""
    firsts: int = 0
    taken: int = 0
    """For somebody who had left, of those who came for the first time."""


def ids(visits: int, seed: int = 1) -> list[Figure]:
    """Let people come and go so many times."""
    tally = visit(visits, seed)
    back, first = max(1, tally.returns), max(1, tally.firsts)
    rows = {
        "who come back, recognised by clothes": tally.recognised / back,
        "who come back, taken for somebody else": tally.mistaken / back,
        "who come first, taken for somebody who left": tally.taken / first,
    }
    return [Figure(CASE, name, "%", 100 * share, None, "", None, None, None) for name, share in rows.items()]


def visit(visits: int, seed: int) -> VisitCounts:
    """Play the visits, and compare the ids with the truth."""
    rng, tally = np.random.default_rng(seed), VisitCounts()
    detector = PersonDetector(zoo.session("nanodet", threads=1))
    perceiver = build()
    memory = perceiver.new_memory()
    known: dict[str, str] = {}
    time = 1.0
    with World() as world:
        names = list(world.people)
        for number in range(visits):
            name = str(rng.choice(names))
            given = ""
            _stand(world, name, rng)
            for _ in range(IMAGES):
                seen = world.observe().image
                assert seen is not None
                image = Image(seen, "rgb8")
                [found] = detector([image])
                best = found[np.argsort(-found.scores)[:1]]
                sight = Sight("", (image.width, image.height), best, [f"t{number}"] * len(best), image)
                report = perceiver(sight, memory, time)
                given = next((person.id for person in report.people if person.visible), given)
                time += 1 / RATE
            time += AWAY
            if given:
                _count(tally, known, name, given)
    return tally


def _stand(world: World, name: str, rng: np.random.Generator) -> None:
    far, bearing = rng.uniform(2.5, 5), rng.uniform(-0.3, 0.3)
    place = Pose(CAMERA_AHEAD + far * math.cos(bearing), far * math.sin(bearing), rng.uniform(-math.pi, math.pi))
    world.reset(Scene((Standing(name, place),), light=Light(rng.uniform(-3, 3))), render=False)


def _count(tally: VisitCounts, known: dict[str, str], name: str, given: str) -> None:
    """Take note of the id that somebody was given."""
    owner = known.get(given)
    if name in known.values():
        tally.returns += 1
        tally.recognised += owner == name
        tally.mistaken += owner not in (None, name)
    else:
        tally.firsts += 1
        tally.taken += owner is not None
    known.setdefault(given, name)
