"""Of many people only some are looked at in each image; the keypoints of the others are carried."""

from __future__ import annotations

import cv2
import numpy as np

from opendr_perception import zoo
from opendr_perception.tasks import body
from opendr_perception.tasks.body.turns import plan
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.people import PeopleOfImage, TrackedPeople

RNG = np.random.default_rng(2)
SCENE = cv2.GaussianBlur(RNG.integers(0, 255, (240, 320, 3)).astype(np.uint8), (5, 5), 0)
BOXES = np.array([[10, 20, 70, 220], [100, 20, 160, 220], [200, 20, 260, 220]], np.float32)


def image(across: float = 0.0) -> Image:
    return Image(np.asarray(cv2.warpAffine(SCENE, np.array([[1, 0, across], [0, 1, 0.0]]), (320, 240))), "bgr8")


def joints(boxes: np.ndarray) -> np.ndarray:
    """Two keypoints in each box, with scores."""
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    return np.stack([np.column_stack([centre + shift, np.full(len(boxes), 0.9)]) for shift in (-10, 10)], 1).astype(
        np.float32
    )


def test_new_people_are_looked_at_and_then_everybody_in_turn() -> None:
    first = plan(None, image(), BOXES, 1, joints=2)
    assert first.chosen.tolist() == [0, 1, 2], "all of them are new"
    looked, turns = first.done(joints(BOXES)), []
    for _ in range(4):
        step = plan(looked, image(), BOXES, 1, joints=2)
        turns.append(step.chosen.tolist())
        looked = step.done(joints(BOXES[step.chosen]))
    assert turns == [[0], [1], [2], [0]]


def test_keypoints_are_carried_by_the_motion_of_the_pixels() -> None:
    looked = plan(None, image(), BOXES, 1, joints=2).done(joints(BOXES))
    shifted = BOXES + np.float32([5, 0, 5, 0])
    step = plan(looked, image(5), shifted[::-1].copy(), 1, joints=2)
    np.testing.assert_allclose(step.carried, joints(shifted)[::-1], atol=0.5)


def test_lost_points_go_with_the_box_and_nobody_is_confused_with_who_is_elsewhere() -> None:
    looked = plan(None, image(), BOXES[:2], 1, joints=2).done(joints(BOXES[:2]))
    black = Image(np.zeros_like(SCENE), "bgr8")
    boxes = np.array([[20, 20, 80, 220], [250, 20, 310, 220]], np.float32)
    step = plan(looked, black, boxes, 1, joints=2)
    np.testing.assert_allclose(step.carried[0], joints(boxes)[0], atol=1e-3)
    assert step.chosen.tolist() == [1], "who appears is looked at"
    assert not step.carried[1].any()
    other = Image(np.zeros((100, 100, 3), np.uint8), "bgr8")
    assert plan(looked, other, boxes, 1, joints=2).chosen.tolist() == [0, 1], "another size: nothing is carried"
    assert plan(looked, black, np.empty((0, 4), np.float32), 1, joints=2).chosen.tolist() == []


def test_two_of_the_people_of_a_street_are_looked_at_and_the_others_are_where_they_are(
    models: dict[str, zoo.ModelFile], street: list[np.ndarray]
) -> None:
    always, some = (body.build(body.Settings(threads=1, max_fresh=most)) for most in (0, 2))
    looked: list[int] = []
    run = some.estimator._session.run_batch
    some.estimator._session.run_batch = lambda feeds: looked.append(len(feeds["image"])) or run(feeds)  # type: ignore[func-returns-value, method-assign]
    memories = always.new_memory(), some.new_memory()
    away: list[float] = []
    for index, pixels in enumerate(street[:6]):
        true, found = (each(pixels, kept, 1 + index / 10) for each, kept in zip((always, some), memories, strict=True))
        np.testing.assert_array_equal(true.people.boxes, found.people.boxes)
        sure = true.keypoints[..., 2] >= 0.3
        sides = (true.people.boxes[:, 2:] - true.people.boxes[:, :2]).max(axis=1)
        away += (np.linalg.norm((true.keypoints - found.keypoints)[..., :2], axis=-1) / sides[:, None])[sure].tolist()
    assert max(looked[1:]) < looked[0]
    assert np.mean(np.array(away) < 0.1) >= 0.9


def test_people_of_a_topic_are_looked_at_in_turn_too(
    models: dict[str, zoo.ModelFile], street: list[np.ndarray]
) -> None:
    given = body.build(body.Settings(threads=1, people="topic", max_fresh=1))
    memory, image = given.new_memory(), Image(street[0], "bgr8")
    people = body.build(body.Settings(threads=1))(image).people
    known = PeopleOfImage(image, TrackedPeople(people, [str(place) for place in range(len(people))]))
    first, second = given(known, memory, 1.0), given(known, memory, 1.1)
    assert first.tracks == second.tracks == known.people.tracks
    np.testing.assert_allclose(first.keypoints, second.keypoints, atol=0.5)
