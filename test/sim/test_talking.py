"""Simulated people open their mouths, and the face mesh sees how far."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from opendr_perception.bench.sound.talkers import HABITS, TalkingPeople, habit, made_voice
from opendr_perception.engine.session import Session
from opendr_perception.sim.people import load_people
from opendr_perception.sim.rendering import SimulatorError
from opendr_perception.sim.talking import with_open_mouth
from opendr_perception.tasks.face import FaceDetector
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.sound import MouthReader


def test_only_the_lower_face_moves() -> None:
    person = load_people()[0]
    opened = with_open_mouth(person, 0.01)
    moved = person.parts["head"].vertices - opened.parts["head"].vertices
    assert np.abs(moved[:, :2]).max() == 0
    assert 0.008 < moved[:, 2].max() <= 0.01
    above = person.parts["head"].vertices[:, 2] > person.mouth[2] + 0.02
    assert np.abs(moved[above]).max() < 1e-9
    assert with_open_mouth(person, 0.0).parts["head"].vertices.tolist() == person.parts["head"].vertices.tolist()
    with pytest.raises(ValueError, match="a mouth is open"):
        with_open_mouth(person, 0.1)


def test_a_mouth_that_opens_is_seen_to_open(models: Any) -> None:
    try:
        shown = TalkingPeople(load_people()[:1], away=1.0)
    except SimulatorError as error:
        pytest.skip(str(error))
    detector = FaceDetector(Session(models["blazeface"].path, threads=1))
    mouths, seen = MouthReader(Session(models["facemesh"].path, threads=1)), []
    for opening in (0.0, 0.5, 1.0):
        image = Image(shown.image([opening]), "rgb8")
        [faces] = detector([image])
        seen.append(float(mouths(image, faces.detections.boxes[:1], faces.landmarks[:1])[0]))
    shown.close()
    assert seen[0] < seen[1] < seen[2]
    assert seen[2] > 2 * seen[0]
    far = np.array([[10.0, 10.0, 30.0, 30.0]])
    assert np.isnan(mouths(image, far, faces.landmarks[:1])).all(), "too small for lips"
    assert mouths(image, [], []).shape == (0,)


def test_made_voices_have_mouths_that_go_with_them() -> None:
    rng = np.random.default_rng(0)
    voice = made_voice(3.0, rng)
    assert voice.samples.shape == voice.opening.shape == (48000,)
    loud = (voice.samples.reshape(-1, 480) ** 2).mean(1)
    assert np.corrcoef(np.log(loud + 1e-6), voice.opening.reshape(-1, 480).mean(1))[0, 1] > 0.5
    assert [habit(kind, 1.0, rng).samples.any() for kind in HABITS] == [False] * 3
    assert habit("chews", 1.0, rng).opening.std() > 0.1
