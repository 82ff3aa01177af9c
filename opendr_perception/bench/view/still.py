"""Baselines that say who it is by the first image alone, and by what is rendered from it [Kakaletsis 2022, table 3]."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from opendr_perception.active.perception import (
    MIN_PRESENCE,
    UNKNOWN,
    FaceMesh,
    FaceObservation,
    Recogniser,
    Recognition,
    synthesise,
)

STILL = ("threshold", "frontal", "synthetic")
"""The first view to its threshold; the view from the front that is rendered from it; the best of the first view and of
what is rendered from up to 60 degrees to either side."""
AROUND = [math.radians(15 * step) for step in (-4, -3, -2, -1, 1, 2, 3, 4)]
"""Of the renderings, rad."""
NOBODY = Recognition(UNKNOWN, -math.inf)


def answers(view: FaceObservation | None, mesh: FaceMesh, recogniser: Recogniser) -> Mapping[str, tuple[str, int]]:
    """The name that each of STILL says, UNKNOWN for none, and the number of embeddings that it takes.

    As published, the nearest sample alone decides, and a rendering counts as much as an image.

    Args:
        view: the first one; None where no face is found, and then nobody says a name.
        mesh: fits heads. What it takes for no face is not rendered.
        recogniser: of real and rendered faces.
    """
    if view is None:
        return dict.fromkeys(STILL, (UNKNOWN, 0))
    head = mesh.fit(view.image, view.box, view.landmarks)
    front, around = NOBODY, []
    if head.presence >= MIN_PRESENCE:
        # The nose goes to the left in the image when the camera goes to the right: a pan of the yaw is the front.
        pans = [head.yaw, *(pan for pan in AROUND if abs(head.yaw - pan) <= math.pi / 2)]
        front, *around = recogniser([synthesise(view.image, head, pan).pixels for pan in pans])
    best = max([view.recognition, *around], key=lambda recognition: recognition.rank)
    said = (view.recognition, front, best)
    counts = (1, 2, 1 + len(around))
    return {name: (_name(who), count) for name, who, count in zip(STILL, said, counts, strict=True)}


def _name(recognition: Recognition) -> str:
    return recognition.identity if np.isfinite(recognition.rank) and recognition.accepted else UNKNOWN
