"""Large images: what is glanced at, what is looked at, and where the people are found."""

from __future__ import annotations

from itertools import combinations

import cv2
import numpy as np
import pytest

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.tasks.imaging.heatmap import Heatmap
from opendr_perception.tasks.imaging.image import Image, Pixels
from opendr_perception.tasks.nms.overlap import pairwise_iou
from opendr_perception.tasks.people.detection import PersonDetector
from opendr_perception.tasks.people.high_resolution import (
    HighResolutionDetector,
    RegionProposer,
    Resolution,
    ScaledCrop,
    assign_to_crop,
)
from opendr_perception.tasks.people.overview import DetectorOverview, pool

WHOLE = ScaledCrop(0, 0, 1920, 1080, 360 / 1080, (0, 0, 1920, 1080))


@pytest.fixture(scope="module")
def session(models: dict[str, zoo.ModelFile]) -> Session:
    return Session(models["nanodet"].path, threads=1)


class Bright:
    """An overview that sees people where the image is bright, and remembers the sizes of what it has seen."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, ...]] = []

    def __call__(self, pixels: Pixels) -> Heatmap:
        self.seen.append(pixels.shape)
        return Heatmap((pixels[::8, ::8, 0] / 255).astype(np.float32), 8, 4)


def dark(height: int, width: int, *spots: tuple[int, int, int, int]) -> Image:
    """A black image with white boxes (x_min, y_min, x_max, y_max)."""
    pixels = np.zeros((height, width, 3), np.uint8)
    for left, top, right, bottom in spots:
        pixels[top:bottom, left:right] = 255
    return Image(pixels, "bgr8")


@pytest.mark.parametrize(
    ("height", "expected"),
    [(720, {180: 4, 360: 2, 540: 1, 720: 1}), (1080, {180: 6, 360: 3, 540: 2, 720: 1}), (1440, {180: 8, 540: 2})],
)
def test_blocks_of_whole_pixels_are_averaged(height: int, expected: dict[int, int]) -> None:
    for base, k in expected.items():
        pixels, found = pool(dark(height, height * 16 // 9), base)
        assert (found, pixels.shape) == (k, (height // k, height * 16 // 9 // k, 3))


def test_pooling_averages_also_grey_and_four_channels() -> None:
    grey = np.array([[0, 2, 100], [4, 6, 100]], np.uint8)
    np.testing.assert_array_equal(pool(Image(grey, "mono8"), 1)[0], [[[3, 3, 3]]])
    rgba = np.stack([grey, grey + 1, grey + 2, grey], axis=-1)
    np.testing.assert_array_equal(pool(Image(rgba, "rgba8"), 1)[0], [[[5, 4, 3]]])


def test_nobody_costs_only_the_glance(session: Session) -> None:
    overview = Bright()
    detector = PersonDetector(session)
    detector.session = None  # type: ignore[assignment]  # it must not be asked
    [found] = HighResolutionDetector(detector, RegionProposer(overview))([dark(1080, 1920)])
    assert (len(found), overview.seen) == (0, [(360, 640, 3)])


def test_separate_groups_are_separate_parts_that_cover_them() -> None:
    spots = [(96, 480, 192, 744), (1704, 96, 1752, 216), (1752, 120, 1800, 240)]
    views = RegionProposer(Bright())(dark(1080, 1920, *spots))
    assert len(views) == 2, "the two on the right stand together"
    for left, top, right, bottom in spots:
        assert any(v.left <= left and v.top <= top and v.right >= right and v.bottom >= bottom for v in views)
    for a, b in combinations(views, 2):
        assert a.right <= b.left or b.right <= a.left or a.bottom <= b.top or b.bottom <= a.top
    tall = max(views, key=lambda view: view.bottom - view.top)
    assert (tall.bottom - tall.top) * tall.scale == pytest.approx(200)


def test_all_parts_together_cost_at_most_the_whole_image_at_their_height() -> None:
    spots = [(x, y, x + 144, y + 288) for x in range(48, 1800, 480) for y in (48, 624)]
    views = RegionProposer(Bright(), Resolution(margin=0.1))(dark(1080, 1920, *spots))
    assert len(views) == len(spots)
    pixels = sum((view.right - view.left) * (view.bottom - view.top) * view.scale**2 for view in views)
    assert pixels == pytest.approx(200 * 200 * 16 / 9)


def test_people_everywhere_are_looked_at_once_as_a_whole() -> None:
    assert RegionProposer(Bright())(dark(1080, 1920, (0, 0, 1920, 1080))) == [WHOLE]


def test_who_is_in_several_views_belongs_to_the_nearest_core() -> None:
    views = [ScaledCrop(0, 0, 100, 100, 1, (20, 20, 40, 80)), ScaledCrop(50, 0, 150, 100, 1, (90, 20, 120, 80))]
    whole, cut = (85, 20, 120, 80), (85, 20, 100, 80)
    left, alone = (20, 20, 40, 80), (52, 0, 60, 20)
    assert assign_to_crop(np.array([left, cut, alone]), views, 0).tolist() == [True, False, True]
    assert assign_to_crop(np.array([whole, alone]), views, 1).tolist() == [True, False]
    assert assign_to_crop(np.empty((0, 4)), views, 0).shape == (0,)


def test_a_small_image_is_looked_at_without_a_glance() -> None:
    overview = Bright()
    assert RegionProposer(overview)(dark(480, 640)) == [ScaledCrop(0, 0, 640, 480, 360 / 480, (0, 0, 640, 480))]
    assert RegionProposer(overview)(dark(1, 1)) == [ScaledCrop(0, 0, 1, 1, 1.0, (0, 0, 1, 1))]
    assert overview.seen == []


def test_a_portrait_image_is_glanced_at_like_a_lying_one() -> None:
    overview = Bright()
    [view] = RegionProposer(overview)(dark(1920, 1080, (480, 900, 576, 1200)))
    assert overview.seen == [(640, 360, 3)]
    assert view.left < 480 < 576 < view.right
    assert view.top < 900 < 1200 < view.bottom


def test_an_8k_image_is_glanced_at_like_any_other() -> None:
    overview = Bright()
    [view] = RegionProposer(overview)(dark(4320, 7680, (4800, 2400, 4896, 2592)))
    assert overview.seen == [(360, 640, 3)]
    assert view.left <= 4800 < 4896 <= view.right
    assert view.right - view.left < 500


@pytest.mark.parametrize("change", [{"base_height_1": 0}, {"threshold": 0}, {"full_frame_ratio": 1.5}, {"margin": -1}])
def test_a_resolution_out_of_range_is_refused(change: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(change)).replace("_1", "").replace("base_height", "base heights")):
        Resolution(**change)  # type: ignore[arg-type]


def large(street: list[np.ndarray]) -> Image:
    """The street in one corner of a large grey image, where people are a tenth as high as the image."""
    pixels = np.full((1440, 2560, 3), 128, np.uint8)
    pixels[800:1376, 1700:2468] = street[0]
    return Image(pixels, "bgr8")


def test_small_people_are_found_where_they_are(session: Session, street: list[np.ndarray]) -> None:
    detector = PersonDetector(session)
    [truth] = detector([Image(street[0], "bgr8")], 768)
    truth = truth[truth.scores > 0.6]
    image = large(street)
    [found] = HighResolutionDetector(
        detector, RegionProposer(DetectorOverview(session), Resolution(base_height_2=480))
    )([image])
    assert len(truth) >= 3
    nearest = pairwise_iou(truth.boxes + np.float32([1700, 800] * 2), found.boxes).max(axis=1)
    assert (nearest > 0.6).all(), nearest
    assert (np.diff(found.scores) <= 0).all(), "best first"
    [without] = detector([image])
    assert len(without) < len(truth), "the image as a whole is too small for the network"


def crowd(street: list[np.ndarray]) -> Image:
    """The street again and again: people are everywhere in a large image."""
    tile = cv2.resize(street[0], (960, 540))[100:460, 100:740]
    return Image(np.tile(tile, (4, 4, 1)), "bgr8")


def test_a_crowd_is_looked_at_once_where_the_detector_itself_has_glanced(
    session: Session, street: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    image, detector = crowd(street), PersonDetector(session)
    everywhere = Resolution(threshold=0.05, full_frame_ratio=0.2)
    runs: list[tuple[int, ...]] = []
    run = session.run_batch
    monkeypatch.setattr(session, "run_batch", lambda inputs: (runs.append(inputs["image"].shape), run(inputs))[1])
    glance = RegionProposer(DetectorOverview(session), everywhere)
    [once] = HighResolutionDetector(detector, glance)([image])
    assert runs == [(1, 384, 640, 3)]
    [view] = glance(image)
    assert view.is_all_of(image)
    [expected] = detector([image], view.longest)
    assert len(once) == pytest.approx(len(expected), abs=0.1 * len(expected)), "blocks are averaged a little otherwise"
    sure = expected[expected.scores > 0.6]
    assert len(sure) >= 4
    assert (pairwise_iou(sure.boxes, once.boxes).max(axis=1) > 0.6).all()

    runs.clear()
    closer = Resolution(base_height_2=540, threshold=0.05, full_frame_ratio=0.2)
    HighResolutionDetector(detector, RegionProposer(DetectorOverview(session), closer))([image])
    assert [shape[2] for shape in runs] == [640, 960], "a closer look than the glance is worth its time"


def test_the_detectors_heatmap_covers_people(session: Session, street: list[np.ndarray]) -> None:
    [people] = PersonDetector(session)([Image(street[0], "bgr8")], 768)
    heatmap = DetectorOverview(session)(street[0])
    assert heatmap.values.shape == (72, 96)
    assert heatmap.values.dtype == np.float32
    assert 0 <= heatmap.values.min() <= heatmap.values.max() <= 1
    for box, score in zip(people.boxes, people.scores, strict=True):
        left, top, right, bottom = (np.array(box) / 8).astype(int)
        assert (heatmap.values[top : bottom + 1, left : right + 1] >= score - 1e-6).all()
    assert (heatmap.values < 0.1).mean() > 0.5, "most of the street is empty"
