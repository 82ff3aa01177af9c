"""Simulated people in other postures, by bending their standing meshes: a step to either side, and sitting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from opendr_perception.sim.people import PersonModel
from opendr_perception.sim.talking import with_open_mouth

HIP, KNEE = 0.52, 0.285
"""Heights of the joints, parts of the body's height."""
STEP = 0.45
"""rad by which legs swing to each side of the vertical."""
LEGS = ("trousers", "shoes")
"""Parts that go with the legs; hands hang as low, but do not."""
OPEN = 0.018
"""m, of a mouth that speaks."""
LOOKS = ("left", "right", "seated", "speaking")
"""Postures besides standing: a step with either leg ahead, sitting, and standing with an open mouth."""

Vertices = npt.NDArray[np.float64]


def body_name(name: str, looks: str) -> str:
    """Name of a person's model in a posture."""
    return f"{name} {looks}" if looks else name


def with_postures(people: Sequence[PersonModel]) -> tuple[PersonModel, ...]:
    """All people, and the same ones in every posture, under names of their own; for worlds in which people move."""
    return tuple(person for standing in people for person in (standing, *map(_taking(standing), LOOKS)))


def _taking(person: PersonModel) -> Callable[[str], PersonModel]:
    return lambda looks: replace(posed(person, looks), name=body_name(person.name, looks))


def posed(person: PersonModel, looks: str) -> PersonModel:
    """A person in a posture.

    Raises:
        ValueError: there is no such posture.
    """
    if looks == "speaking":
        return with_open_mouth(person, OPEN)
    if looks == "seated":
        drop = (HIP - KNEE) * person.height
        lower = tuple((x, y, z - drop) for x, y, z in (person.eyes, person.mouth))
        bent = _bent(person, lambda vertices, legs: _seated(vertices, person.height, legs))
        return replace(bent, height=person.height - drop, eyes=lower[0], mouth=lower[1])
    if looks in ("left", "right"):
        sense = 1.0 if looks == "left" else -1.0
        return _bent(person, lambda vertices, legs: _stepping(vertices, person.height, sense * legs))
    raise ValueError(f"a posture is one of {', '.join(LOOKS)}, got '{looks}'")


def _bent(person: PersonModel, bend: Callable[[Vertices, bool], Vertices]) -> PersonModel:
    parts = {name: replace(part, vertices=bend(part.vertices, name in LEGS)) for name, part in person.parts.items()}
    return replace(person, parts=parts)


def _stepping(vertices: Vertices, height: float, sense: float) -> Vertices:
    """Legs swing about the hips, the left one (y > 0) ahead for a positive sense; the hips come down to that."""
    moved = vertices.copy()
    below = np.clip(HIP * height - vertices[:, 2], 0.0, None)
    swing = sense * STEP * np.clip(vertices[:, 1] / 0.05, -1.0, 1.0)
    moved[:, 0] += below * np.sin(swing)
    moved[:, 2] -= HIP * height * (1 - np.cos(STEP)) - below * (1 - np.cos(swing))
    return moved


def _seated(vertices: Vertices, height: float, legs: bool) -> Vertices:
    """Thighs lie forwards at the height of the knees, shins stand, and what is above the hips comes down by a thigh."""
    moved, hip, knee = vertices.copy(), HIP * height, KNEE * height
    x, z = vertices[:, 0], vertices[:, 2]
    thighs, shins = legs & (z < hip) & (z >= knee), legs & (z < knee)
    moved[~(thighs | shins), 2] -= hip - knee
    moved[thighs, 0], moved[thighs, 2] = hip - z[thighs], knee + x[thighs]
    moved[shins, 0] += hip - knee
    return moved
