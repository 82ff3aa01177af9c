"""A mirrored world is told as one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from opendr_perception.active.perception.observation import FaceObservation, RangeOnly, Recognition
from opendr_perception.active.policies.reinforcement import OPTIONS
from opendr_perception.active.policies.situation import Situation, observe
from opendr_perception.tasks.imaging.image import Image
from opendr_perception.training.view.mirror import MIRRORED_OPTIONS, mirror

BLACK = Image(np.zeros((720, 960, 3), np.uint8), "rgb8")
LANDMARKS = np.array([[470.0, 350], [495, 352], [490, 362], [485, 373], [455, 355], [503, 357]])
BOX = np.array([452.0, 336.0, 508.0, 392.0])


def in_mirror(look: FaceObservation | RangeOnly) -> FaceObservation | RangeOnly:
    if isinstance(look, RangeOnly):
        return replace(look, pan=-look.pan)
    points = look.landmarks[[1, 0, 2, 3, 5, 4]] * [-1, 1] + [960, 0]
    return replace(look, landmarks=points, pan=-look.pan)


def test_an_episode_in_a_mirror() -> None:
    names = Recognition("ann", 0.1, {"ann": 0.9, "bob": 1.0}), Recognition("bob", 0.2, {"ann": 1.1, "bob": 0.8})
    first, last = (
        FaceObservation(BLACK, BOX, LANDMARKS, name, 2.0, pan) for name, pan in zip(names, (0.0, 0.7), strict=True)
    )
    seen, mirrored = Situation(), Situation()
    for look in (first, RangeOnly(2.0, -0.3), last):
        seen, mirrored = seen.after(look), mirrored.after(in_mirror(look))
        assert observe(mirrored) == pytest.approx(mirror(observe(seen)), abs=1e-5)
        assert mirror(mirror(observe(seen))) == pytest.approx(observe(seen))
    assert observe(mirrored) != pytest.approx(observe(seen), abs=0.1)


def test_moves_in_a_mirror() -> None:
    assert [OPTIONS[k].pan for k in MIRRORED_OPTIONS] == [-option.pan for option in OPTIONS]
    assert [OPTIONS[k].nearer for k in MIRRORED_OPTIONS] == [option.nearer for option in OPTIONS]
