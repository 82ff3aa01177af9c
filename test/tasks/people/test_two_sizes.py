"""Detections of two sizes of an image, fused."""

from __future__ import annotations

import numpy as np

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.tasks.imaging.image import Image
from opendr_perception.tasks.people.detection import Detections, PersonDetector
from opendr_perception.tasks.people.two_sizes import TwoSizes, fuse


def view(*rows: tuple[float, float, float, float, float]) -> Detections:
    """Boxes and scores."""
    table = np.array(rows, np.float32).reshape(-1, 5)
    return Detections(table[:, :4], table[:, 4])


def test_a_person_seen_twice_has_the_weighted_box_and_the_better_score() -> None:
    fused = fuse([view((0, 0, 40, 100, 0.9)), view((4, 0, 44, 100, 0.3))])
    np.testing.assert_allclose(fused.boxes, [[1, 0, 41, 100]], rtol=1e-5)
    np.testing.assert_allclose(fused.scores, [0.9])


def test_who_is_seen_once_stays_and_the_best_comes_first() -> None:
    fused = fuse([view((0, 0, 40, 100, 0.5)), view((200, 0, 240, 100, 0.8))])
    np.testing.assert_allclose(fused.scores, [0.8, 0.5])
    np.testing.assert_allclose(fused.boxes[0], [200, 0, 240, 100])


def test_two_people_of_one_view_are_never_made_one() -> None:
    near = view((0, 0, 40, 100, 0.9), (8, 0, 48, 100, 0.8))
    fused = fuse([near, view()])
    np.testing.assert_allclose(fused.boxes[0], [0, 0, 40, 100])
    assert len(fused) == 2


def test_nobody_in_both_views_is_nobody() -> None:
    assert len(fuse([view(), view()])) == 0


def test_two_sizes_find_nobody_less_than_one(models: dict[str, zoo.ModelFile], street: list[np.ndarray]) -> None:
    detector = PersonDetector(Session(models["nanodet"].path), score_threshold=0.3)
    images = [Image(frame, "bgr8") for frame in street[:3]]
    one, two = detector(images), TwoSizes(detector)(images)
    assert sum(map(len, two)) >= sum(map(len, one)) > 0
    for image, people in zip(images, two, strict=True):
        assert (people.boxes >= 0).all() and (people.boxes <= [image.width, image.height] * 2).all()
        assert (np.diff(people.scores) <= 0).all()
