"""People are carried by optical flow between two detections."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from opendr_perception import zoo
from opendr_perception.tasks import people
from opendr_perception.tasks.imaging import Grey, Image
from opendr_perception.tasks.nms import Detections, pairwise_iou
from opendr_perception.tasks.people import carrying
from opendr_perception.tasks.people.carrying import Seen, carry

RNG = np.random.default_rng(1)
SCENE = cv2.GaussianBlur(RNG.integers(0, 255, (240, 320, 3)).astype(np.uint8), (5, 5), 0)
BOX = np.array([[100, 60, 160, 200]], np.float32)


def zoomed(factor: float, across: float = 0.0) -> Image:
    """The scene enlarged around its origin, and shifted."""
    matrix = np.array([[factor, 0, across], [0, factor, 0]], np.float64)
    return Image(np.asarray(cv2.warpAffine(SCENE, matrix, (320, 240))), "bgr8")


def seen(stamp: float = 1.0, age: int = 0) -> Seen:
    return Seen(Grey.of(zoomed(1.0)), Detections(BOX, np.array([0.8], np.float32)), stamp, age)


def test_a_box_moves_and_grows_with_what_is_in_it() -> None:
    moved = carry(BOX, Grey.of(zoomed(1.0)), Grey.of(zoomed(1.05, 7)))
    np.testing.assert_allclose(moved[0], [112, 63, 175, 210], atol=1.5)
    assert carry(np.empty((0, 4), np.float32), Grey.of(zoomed(1.0)), Grey.of(zoomed(1.0))).shape == (0, 4)


def test_a_box_whose_points_are_lost_stays() -> None:
    black = Grey.of(Image(np.zeros_like(SCENE), "bgr8"))
    np.testing.assert_array_equal(carry(BOX, Grey.of(zoomed(1.0)), black), BOX)


def test_people_are_detected_anew_in_time_after_a_gap_and_in_another_size() -> None:
    assert seen().carried(zoomed(1.0), 1.1, every=1) is None
    once = seen().carried(zoomed(1.0), 1.1, every=3)
    assert once is not None
    assert (once.age, once.stamp, once.people.scores.tolist()) == (1, 1.1, [pytest.approx(0.8)])
    twice = once.carried(zoomed(1.0), 1.2, every=3)
    assert twice is not None
    assert twice.carried(zoomed(1.0), 1.3, every=3) is None
    assert seen().carried(zoomed(1.0), 1.1 + carrying.OLD, every=3) is None
    assert seen().carried(zoomed(1.0), 0.9, every=3) is None
    assert seen().carried(Image(np.zeros((100, 100, 3), np.uint8), "bgr8"), 1.1, every=3) is None


def test_who_leaves_the_image_is_carried_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carrying, "carry", lambda boxes, before, after: boxes + np.float32(1000))
    gone = seen().carried(zoomed(1.0), 1.1, every=2)
    assert gone is not None
    assert len(gone.people) == 0


def test_the_detector_runs_in_every_other_image_and_people_keep_their_ids(
    models: dict[str, zoo.ModelFile], street: list[np.ndarray]
) -> None:
    always, perceiver = (people.build(people.Settings(threads=1, detect_every=every)) for every in (1, 2))
    looked: list[int] = []
    detect = perceiver.finder.find

    def counted(images: Sequence[Image]) -> list[Detections]:
        looked.append(len(images))
        return detect(images)

    perceiver.finder.find = counted  # type: ignore[assignment]
    memory, other = perceiver.new_memory(), always.new_memory()
    matched = total = 0
    ids: list[set[str]] = []
    for index, pixels in enumerate(street):
        found, true = (each(pixels, kept, 1 + index / 10) for each, kept in ((perceiver, memory), (always, other)))
        overlaps = pairwise_iou(true.detections.boxes, found.detections.boxes)
        total += len(overlaps)
        matched += int((overlaps.max(axis=1, initial=0.0) >= 0.5).sum())
        ids.append(set(found.tracks) - {""})
    assert looked == [1] * 5
    assert matched >= 0.9 * total
    assert len(ids[1] & ids[-1]) >= 2
    perceiver.apply(people.Settings(threads=1, detect_every=1))
    now, then = (perceiver(street[0], kept, 2.1) for kept in (memory, None))
    np.testing.assert_array_equal(now.detections.boxes, then.detections.boxes)
