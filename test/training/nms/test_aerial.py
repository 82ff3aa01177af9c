"""Crowds from above: people where a camera in the air sees them, in places that are learned from and others."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from opendr_perception.training.common.weights import save
from opendr_perception.training.nms.aerial import LAYOUTS, SEEN, UNSEEN, aerial_scenes, project
from opendr_perception.training.nms.train import Settings, Trainer
from opendr_perception.training.nms.weights import load

DOWN = replace(SEEN[0], view=math.radians(60))


def test_no_place_is_both_learned_from_and_not() -> None:
    assert not {place.name for place in SEEN} & {place.name for place in UNSEEN}
    ranges = [{(place.height, place.pitch, place.layout, place.view) for place in part} for part in (SEEN, UNSEEN)]
    assert not ranges[0] & ranges[1]
    assert {place.layout for place in SEEN} == set(LAYOUTS)


def test_who_stands_where_the_axis_meets_the_ground_is_in_the_middle() -> None:
    height, pitch = 10.0, math.radians(45)
    ground = np.array([[10.0, 0.0], [10.0, 3.0], [14.0, 0.0]])
    middle, left, far = project(ground, np.full(3, 1.7), height, pitch, DOWN)
    width, rows = DOWN.size
    assert (middle[0] + middle[2]) / 2 == pytest.approx(width / 2)
    assert middle[1] < rows / 2 < middle[3], "the feet are at the middle of the image or below"
    assert left[2] < middle[0], "who stands to the left is seen there"
    assert far[3] < middle[3] and far[3] - far[1] < middle[3] - middle[1]


def test_from_straight_above_people_are_as_wide_as_they_are_tall() -> None:
    steep = project(np.array([[0.0, 0.0]]), np.array([1.7]), 12.0, math.radians(89), DOWN)[0]
    flat = project(np.array([[12.0, 0.0]]), np.array([1.7]), 1.5, math.radians(5), DOWN)[0]
    shape = [(box[3] - box[1]) / (box[2] - box[0]) for box in (steep, flat)]
    assert shape[0] < 1.3 < 2.5 < shape[1]


@pytest.mark.parametrize("places", [SEEN, UNSEEN])
def test_scenes_are_crowded_and_inside_of_their_images(places: tuple) -> None:  # type: ignore[type-arg]
    data = aerial_scenes(3, len(places), places)
    again = aerial_scenes(3, 1, places)[0]
    np.testing.assert_array_equal(again.boxes, data[0].boxes)
    for scene, place in zip(data, places, strict=True):
        assert scene.size == place.size
        assert len(scene.people) > 2 and len(scene.boxes) > len(scene.people)
        assert (scene.people >= 0).all() and (scene.people <= [*scene.size, *scene.size]).all()
        assert (np.diff(scene.scores) <= 0).all()


def test_gossip_learns_from_above_too_and_its_weights_are_read_again(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    trainer = Trainer(Settings("gossip", steps=3, aerial=0.5, rate=1e-3), tmp_path / "checkpoint.pt")
    assert all(np.isfinite(loss) for _, loss in trainer.run())
    save(trainer.network, tmp_path / "nms-gossip.npz", {})
    for name, value in load(tmp_path / "nms-gossip.npz").state_dict().items():
        torch.testing.assert_close(value, trainer.network.state_dict()[name])
