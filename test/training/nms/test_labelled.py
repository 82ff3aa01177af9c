"""Labelled real images become scenes to learn from, whoever is to be ignored in them left out."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.evaluate.people.sets import LabelledPeople
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.people import PersonDetector
from opendr_perception.training.nms.data import ImageSet
from opendr_perception.training.nms.labelled import scene_of, scenes_of, write_set
from opendr_perception.training.nms.simulate import STANDARD, make_scene


def test_labelled_images_become_scenes(
    models: dict[str, zoo.ModelFile], street: list[np.ndarray], tmp_path: Path
) -> None:
    detector = PersonDetector(Session(models["nanodet-features"].path, threads=1), input_size=160)
    image = Image(street[0], "bgr8")
    height, width = street[0].shape[:2]
    one = np.array([[600.0, 220.0, 635.0, 330.0]])
    plain = scene_of(detector, image, LabelledPeople(one, np.array([1]), np.array([False])))
    assert plain.people.tolist() == one.tolist() and len(plain.boxes) and plain.features is not None
    whole = np.array([[0.0, 0.0, width, height]])
    ignored = scene_of(detector, image, LabelledPeople(whole, np.array([1]), np.array([True])))
    assert not len(ignored.people) and not len(ignored.boxes), "everything lies in who is to be ignored"

    lines = [{"ID": f"{k}", "gtboxes": [{"tag": "person", "fbox": [600, 220, 35, 110]}]} for k in range(3)]
    (tmp_path / "Images").mkdir()
    for line in lines:
        cv2.imwrite(str(tmp_path / "Images" / f"{line['ID']}.jpg"), street[0])
    (tmp_path / "mine.odgt").write_text("\n".join(map(json.dumps, lines)))
    assert write_set(tmp_path / "train", scenes_of(tmp_path / "mine.odgt", 2, detector)) == 2
    assert len(ImageSet.of(tmp_path / "train", features=True)) == 2


def test_every_tenth_is_kept_to_choose_a_network_by(tmp_path: Path) -> None:
    scenes = (make_scene(np.random.default_rng(k), STANDARD) for k in range(11))
    assert write_set(tmp_path / "train", scenes, tmp_path / "validation") == 11
    assert len(ImageSet.of(tmp_path / "validation")) == 1
    assert len(ImageSet.of(tmp_path / "train")) == 10
