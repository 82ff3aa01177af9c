"""Assignment of faces to bodies by position: they may come from images that are a moment apart."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from opendr_perception.active.surroundings.geometry import PersonPosition, wrap

HALF_WIDTH = 0.3
"""Metres that a face may be beside the middle of its body,"""
TURNED = 0.1
"""and rad that the robot may have turned between the images."""
RATIO = (0.7, 3.0)
"""Distance of a face over that of its body, which is a near bound."""
USUAL = 1.3
"""The same of a grown-up who stands,"""
FARTHEST = 2.5
"""and the largest that is believed."""
NEAREST = 0.05
"""Metres; no distance is smaller."""
APART = 0.5
"""Seconds between two images up to which faces and bodies are compared."""
FACES = 12
"""Images whose faces are remembered."""


def match(faces: Sequence[PersonPosition], bodies: Sequence[PersonPosition]) -> Mapping[int, int]:
    """The number of the body for each number of a face; each body has one face at most, the one that fits best."""
    fits = sorted(
        (unlikeness, f, b)
        for f, face in enumerate(faces)
        for b, body in enumerate(bodies)
        if math.isfinite(unlikeness := _unlikeness(face, body))
    )
    found: dict[int, int] = {}
    for _, f, b in fits:
        if f not in found and b not in found.values():
            found[f] = b
    return found


def _unlikeness(face: PersonPosition, body: PersonPosition) -> float:
    aside = abs(wrap(face.bearing - body.bearing))
    ratio = face.distance / max(body.distance, NEAREST)
    if aside > TURNED + math.atan2(HALF_WIDTH, max(face.distance, HALF_WIDTH)) or not RATIO[0] <= ratio <= RATIO[1]:
        return math.inf
    return aside + 0.3 * abs(math.log(ratio / USUAL))


@dataclass(frozen=True)
class Paired:
    """People located by their bodies.

    Args:
        person: the one who is meant, as far away as their face would be; None when their body is not found.
        others: everybody else whose face is not seen.
    """

    person: PersonPosition | None
    others: Sequence[PersonPosition]


class Bodies:
    """Tells bodies apart from those people who are known by their faces already."""

    def __init__(self) -> None:
        self._faces: deque[tuple[float, Sequence[PersonPosition]]] = deque(maxlen=FACES)
        self.begin()

    def begin(self) -> None:
        """Somebody else is meant from now on."""
        self._farther = 1.0

    def faces(self, stamp: float, people: Sequence[PersonPosition]) -> None:
        """Take note of the people whose faces are seen in an image with this stamp, s."""
        self._faces.append((stamp, people))

    def pair(
        self, stamp: float, bodies: Sequence[PersonPosition], person: PersonPosition | None, sought: Sequence[int]
    ) -> Paired:
        """Find out who the bodies are in an image with this stamp, s.

        Args:
            stamp: of the image.
            bodies: near bounds of where they are.
            person: where the one should be who is meant; None while that is not known.
            sought: numbers of the bodies of which the nearest one is then meant.
        """
        near = [known for known in self._faces if abs(known[0] - stamp) <= APART]
        faces = min(near, key=lambda known: abs(known[0] - stamp))[1] if near else ()
        owners = {b: faces[f] for f, b in match(faces, bodies).items()}
        if person is None:
            mine = min(sought, key=lambda b: bodies[b].distance, default=None)
        else:
            mine = match([person], bodies).get(0)
        others = [body for b, body in enumerate(bodies) if b != mine and b not in owners]
        if mine is None:
            return Paired(None, others)
        if mine in owners:
            ratio = owners[mine].distance / max(bodies[mine].distance, NEAREST)
            self._farther = min(max(ratio, 1.0), FARTHEST)
        return Paired(replace(bodies[mine], distance=bodies[mine].distance * self._farther), others)
