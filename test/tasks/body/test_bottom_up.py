"""Keypoints are grouped to people, and come back to where they are in the image, on ideal maps of drawn skeletons."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from opendr_perception.tasks.body.bottom_up import BottomUpEstimator, PoseOverview
from opendr_perception.tasks.body.formats.openpose import OpenPose
from opendr_perception.tasks.body.grouping import LIMBS, enlarge, find_peaks, group
from opendr_perception.tasks.body.layouts import OPENPOSE18
from opendr_perception.tasks.imaging.image import Image
from opendr_perception.tasks.people.high_resolution import RegionProposer, Resolution

BODY = np.array(
    [
        (0, -80), (0, -58), (-18, -58), (-26, -30), (-28, -4), (18, -58), (26, -30), (28, -4), (-11, 0), (-12, 42),
        (-13, 84), (11, 0), (12, 42), (13, 84), (-5, -86), (5, -86), (-11, -82), (11, -82),
    ],
    float,
)  # fmt: skip
"""A standing person of 170 pixels, the middle of the hips at (0, 0)."""


def person(x: float, y: float, size: float = 1.0) -> np.ndarray:
    return BODY * size + (x, y)


def ideal_maps(
    people: list[np.ndarray], size: tuple[int, int], to_network: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The maps that a perfect network gives for an image (height, width) in which people stand [Osokin 2018].

    Args:
        people: (18, 2) each, continuous coordinates.
        size: of the network's image.
        to_network: (2, 3) from coordinates of people to those of the network's image; None where they are the same.
    """
    linear, shift = (to_network[:, :2], to_network[:, 2]) if to_network is not None else (np.eye(2), np.zeros(2))
    rows, columns = (np.arange(-(-side // 8)) * 8 + 4.0 for side in size)
    x, y = np.meshgrid(columns, rows)
    heatmaps, fields = np.zeros((19, *x.shape), np.float32), np.zeros((38, *x.shape), np.float32)
    for points in people:
        placed = points @ linear.T + shift
        for joint, (px, py) in enumerate(placed):
            heatmaps[joint] += np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * 7.0**2))
        for start, end, channel in LIMBS:
            way = placed[end] - placed[start]
            length = np.linalg.norm(way)
            dx, dy = x - placed[start, 0], y - placed[start, 1]
            along, across = (dx * way[0] + dy * way[1]) / length, np.abs(dx * way[1] - dy * way[0]) / length
            near = (across <= 8) & (along >= -8) & (along <= length + 8)
            fields[channel : channel + 2, near] = (way / length)[:, None]
    heatmaps = np.clip(heatmaps, 0, 1)
    heatmaps[18] = 1 - heatmaps[:18].max(axis=0)
    return heatmaps, fields


class PerfectNetwork:
    """Knows the people of an image whose pixels say where they are: x in blue, y in green, as fractions of its size.

    From what it is shown it reads which part it is, and how large; so it is as wrong as crops and scales are.
    """

    def __init__(self, people: list[np.ndarray], width: int, height: int) -> None:
        self.people = people
        self.size = (width, height)
        self.shown: list[tuple[int, ...]] = []

    def expect(self, inputs: Any, outputs: Any) -> None:
        pass

    def run(self, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        image = feeds["image"][0].astype(float)
        self.shown.append(image.shape)
        height, width = image.shape[:2]
        # Values are whole numbers, but a line through all of them is finer than that.
        x = np.polyfit(np.arange(width) + 0.5, image[..., 0].mean(axis=0) / 255 * self.size[0], 1)
        y = np.polyfit(np.arange(height) + 0.5, image[..., 1].mean(axis=1) / 255 * self.size[1], 1)
        to_network = np.array([[1 / x[0], 0, -x[1] / x[0]], [0, 1 / y[0], -y[1] / y[0]]])
        heatmaps, fields = ideal_maps(self.people, (height, width), to_network)
        return {"heatmaps": heatmaps[None], "fields": fields[None]}


def coordinates(width: int, height: int) -> Image:
    x, y = np.meshgrid((np.arange(width) + 0.5) / width * 255, (np.arange(height) + 0.5) / height * 255)
    return Image(np.round(np.stack([x, y, np.zeros_like(x)], axis=-1)).astype(np.uint8), "bgr8")


def matched(truth: list[np.ndarray], found: np.ndarray) -> np.ndarray:
    """Distances (n, 18) between people and the found ones (n, 18, 3) that are nearest to them."""
    away = np.stack([np.linalg.norm(found[..., :2] - points, axis=-1) for points in truth])  # (truth, found, 18)
    nearest = away.mean(axis=-1).argmin(axis=1)
    assert sorted(nearest) == list(range(len(truth))), "each is found once"
    return away[np.arange(len(truth)), nearest]


CROWDS = {
    "one": [person(120, 130)],
    "two": [person(90, 130), person(230, 140, 0.8)],
    "five": [person(60 + 90 * k, 130, 0.6 + 0.1 * k) for k in range(5)],
    "overlapping": [person(150, 130), person(176, 150, 0.9)],
}


@pytest.mark.parametrize("name", CROWDS)
def test_people_are_put_together_from_their_own_keypoints(name: str) -> None:
    people = CROWDS[name]
    heatmaps, fields = ideal_maps(people, (256, 544))
    found, scores = group(enlarge(heatmaps, 4), enlarge(fields, 4))
    assert found.shape == (len(people), 18, 3)
    assert found.dtype == scores.dtype == np.float32
    assert ((scores > 0.3) & (scores <= 1)).all()
    seen = found[..., 2] > 0
    assert seen.mean() > 0.95, "only those that lie on one another may be missing"
    found[..., :2] = (found[..., :2] + 0.5) * 2
    away = matched(people, np.where(seen[..., None], found, np.nan))
    assert np.nanmax(away) < 8


def test_nobody_is_found_in_nothing() -> None:
    found, scores = group(np.zeros((19, 32, 48), np.float32), np.zeros((38, 32, 48), np.float32))
    assert (found.shape, scores.shape) == ((0, 18, 3), (0,))


def test_peaks_are_maxima_and_apart() -> None:
    heatmap = np.zeros((20, 30), np.float32)
    heatmap[5, 4], heatmap[5, 8], heatmap[10, 20], heatmap[2, 25] = 0.9, 0.8, 0.5, 0.05
    heatmap[15, 10:12] = 0.7
    np.testing.assert_allclose(find_peaks(heatmap), [[4, 5, 0.9], [10, 15, 0.7], [20, 10, 0.5]])


def test_two_keypoints_are_nobody() -> None:
    heatmaps, fields = ideal_maps([person(120, 130)], (256, 256))
    heatmaps[[k for k, name in enumerate(OPENPOSE18) if name not in ("neck", "nose")]] = 0
    assert len(group(enlarge(heatmaps, 4), enlarge(fields, 4))[0]) == 0


@pytest.mark.parametrize("size", [(1920, 1080), (1283, 725), (1080, 1920)])
def test_keypoints_come_back_to_where_they_are(size: tuple[int, int]) -> None:
    people = [person(size[0] * 0.2, size[1] * 0.3), person(size[0] * 0.75, size[1] * 0.6, 1.3)]
    network: Any = PerfectNetwork(people, *size)
    estimator = BottomUpEstimator(OpenPose(network))
    estimator.glance = RegionProposer(PoseOverview(network), Resolution(base_height_2=360))
    image = coordinates(*size)
    [poses] = estimator([image])
    assert len(network.shown) == 3, "a glance, and two looks"
    assert poses.layout == "openpose18"
    away = matched(people, poses.keypoints)
    for distances, view in zip(away, sorted(estimator.glance(image), key=lambda view: view.left), strict=True):
        cell = 8 / 4 / view.scale  # of the enlarged maps, in pixels of the image
        assert distances.max() <= cell
        assert distances.mean() <= cell / 2
    for points, box in zip(people, poses.people.boxes[poses.people.boxes[:, 0].argsort()], strict=True):
        assert (box[:2] <= points.min(axis=0) + 4).all()
        assert (box[2:] >= points.max(axis=0) - 4).all()


def test_a_raised_arm_is_looked_at() -> None:
    reaching = person(600, 400)
    reaching[[3, 4]] = (585, 300), (590, 245)  # elbow and wrist above the head
    network: Any = PerfectNetwork([reaching], 1280, 720)
    [view] = RegionProposer(PoseOverview(network))(coordinates(1280, 720))
    assert view.top < 240


def test_nobody_costs_only_the_glance_and_few_may_be_wanted() -> None:
    nobody: Any = PerfectNetwork([], 1280, 720)
    estimator = BottomUpEstimator(OpenPose(nobody))
    estimator.glance = RegionProposer(PoseOverview(nobody))
    [poses] = estimator([coordinates(1280, 720)])
    assert (len(poses), poses.keypoints.shape, len(nobody.shown)) == (0, (0, 18, 3), 1)

    network: Any = PerfectNetwork(CROWDS["two"], 400, 256)
    [one] = BottomUpEstimator(OpenPose(network), max_persons=1)([coordinates(400, 256)])
    assert len(one) == 1
    assert one.people.boxes[0, 0] < 120, "the larger one"


@pytest.mark.parametrize("image", [np.zeros((1, 1), np.uint8), np.zeros((9, 3000), np.uint8)])
def test_tiny_and_flat_images_are_taken(image: np.ndarray) -> None:
    class Silent(PerfectNetwork):
        def run(self, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
            height, width = (-(-side // 8) for side in feeds["image"].shape[1:3])
            return {name: np.full((1, n, height, width), np.nan) for name, n in (("heatmaps", 19), ("fields", 38))}

    silent: Any = Silent([], 1, 1)
    [poses] = BottomUpEstimator(OpenPose(silent))([Image(image, "mono8")])
    assert len(poses) == 0
