"""Portraits of simulated people are images in which their faces are found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from opendr_perception.engine.session import Session
from opendr_perception.sim.people import load_people
from opendr_perception.sim.portraits import PANS, take_portraits
from opendr_perception.sim.rendering import SimulatorError
from opendr_perception.sim.world import World
from opendr_perception.tasks.face.detection import FaceDetector
from opendr_perception.tasks.imaging.image import Image


def test_each_has_a_folder_with_one_face_in_each_image(models: Any, tmp_path: Path) -> None:
    people = load_people()[:2]
    try:
        world = World(people=people)
    except SimulatorError as error:
        pytest.skip(str(error))
    with world:
        take_portraits(world, [people[1].name], tmp_path)
    assert [folder.name for folder in tmp_path.iterdir()] == [people[1].name]
    images = [np.asarray(cv2.imread(str(file))) for file in (tmp_path / people[1].name).iterdir()]
    found = FaceDetector(Session(models["blazeface"].path, threads=1))([Image(p, "bgr8") for p in images])
    assert [len(faces) for faces in found] == [1] * len(PANS)
