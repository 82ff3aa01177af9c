"""High-resolution pose against the same networks on the full frame, and on the frame reduced as a whole.

* **The networks** are those of the node: NanoDet finds people, MoveNet lightning their keypoints.
* **Full frame**: NanoDet sees the frame in its own resolution, MoveNet crops of it.
* **Downscaled**: the frame is reduced to the height of the glance, and the networks see nothing else.
* **The node's default**: NanoDet sees the frame reduced to 416 pixels, MoveNet crops of the original.
* **The scenes** are real pedestrians on frames of a real street (see `pasted_people`), one to four in each, 5 to 30 %
  of the frame's height tall. A keypoint is right when it is within a tenth of the person's height of where MoveNet
  thunder sees it in the original film (PCK); those of a missed person are wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import cv2
import numpy as np

from opendr_perception import zoo
from opendr_perception.bench.body.pasted_people import PastedScene, load_street, make_scene
from opendr_perception.bench.harness.extent import Extent
from opendr_perception.bench.harness.figure import Figure, larger_is_better, smaller_is_better
from opendr_perception.bench.harness.timing import alternating
from opendr_perception.tasks.body import PoseEstimator, Poses
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.nms import Detections, pairwise_iou
from opendr_perception.tasks.people import (
    DetectorOverview,
    HighResolutionDetector,
    PersonDetector,
    RegionProposer,
    Resolution,
    pool,
)

CASE = "highres"
SPEEDS = {720: 2.5, 1080: 4.5, 1440: 8.0}
"""Targets of the speed-up over the full frame, by the frame's height."""
SMALL = 0.1
"""Of the frame's height: smaller people are counted by themselves."""
PEOPLE = (1, 4)
TALLEST, SHORTEST = 0.3, 0.05
SAME = 0.3
"""Overlap of the boxes of one person."""
TOLERANCE = 0.1
"""Of a person's height."""

Finder = Callable[[Image], Poses]


def high_resolution(extent: Extent) -> list[Figure]:
    """The case `highres`."""
    street = load_street(extent.pick(8, 60, 200))
    methods = _methods()
    figures: list[Figure] = []
    for height, speed in SPEEDS.items():
        rng = np.random.default_rng(height)
        scenes = [
            make_scene(rng, street, height, int(rng.integers(PEOPLE[0], PEOPLE[1] + 1)), TALLEST, SHORTEST)
            for _ in range(extent.pick(40, 4, 1))
        ]
        figures += _compare(methods, scenes, speed, f"{height}p", extent.pick(2, 1, 1))
        empty = make_scene(rng, street, height, 0, TALLEST)
        figures.append(_nobody(methods["ours"], Image(empty.pixels, "bgr8"), f"{height}p", extent.pick(10, 2, 1)))
    return figures


def _methods() -> Mapping[str, Finder]:
    session = zoo.session("nanodet", threads=1)
    poses = zoo.session("movenet-lightning", threads=1)
    detector = PersonDetector(session)
    ours = HighResolutionDetector(detector, RegionProposer(DetectorOverview(session)))

    def in_full(images: Sequence[Image]) -> list[Detections]:
        return [found for image in images for found in detector([image], max(image.height, image.width))]

    full = PoseEstimator(in_full, poses)
    base = Resolution().base_height_1

    def downscaled(image: Image) -> Poses:
        width = round(image.width * base / image.height)
        small = cv2.resize(image.pixels, (width, base), interpolation=cv2.INTER_AREA)
        [found] = full([Image(np.asarray(small, np.uint8), image.encoding)])
        scale = np.array([image.width / width, image.height / base], np.float32)
        people = Detections(found.people.boxes * np.tile(scale, 2), found.people.scores)
        return Poses(people, found.keypoints * np.append(scale, np.float32(1)))

    return {
        "ours": lambda image: PoseEstimator(ours, poses)([image])[0],
        "full": lambda image: full([image])[0],
        "downscaled": downscaled,
        "default": lambda image: PoseEstimator(detector, poses)([image])[0],
    }


def _compare(
    methods: Mapping[str, Finder], scenes: Sequence[PastedScene], speed: float, name: str, rounds: int
) -> list[Figure]:
    images = [Image(scene.pixels, "bgr8") for scene in scenes]
    right: dict[str, tuple[float, float]] = {}
    for method, find in methods.items():
        people = np.concatenate([_counts(scene, find(image)) for scene, image in zip(scenes, images, strict=True)])
        right[method] = _percent(people), _percent(people[people[:, 2] < SMALL])
    times = [
        alternating({key: (lambda k=key, i=image: methods[k](i), 1) for key in ("ours", "full")}, rounds, 0)  # type: ignore[misc]
        for image in images
    ]
    ours, full = (float(np.mean([time[key] for time in times])) for key in ("ours", "full"))
    (all_ours, small_ours), (all_full, _) = right["ours"], right["full"]
    small = f"{name}, PCK of people below {100 * SMALL:.0f} % of the height"
    return [
        smaller_is_better(CASE, f"{name}, time of a frame, 1 thread", "ms", ours, full / speed, full, "full frame"),
        larger_is_better(CASE, f"{name}, PCK", "%", all_ours, all_full - 2, all_full, "full frame"),
        *(
            larger_is_better(CASE, small, "%", small_ours, right[peer][1] + gain, right[peer][1], peer)
            for peer, gain in (("full", -2), ("downscaled", 20), ("default", 20))
        ),
    ]


def _nobody(ours: Finder, image: Image, name: str, rounds: int) -> Figure:
    """Cost of a frame without people, against its glance alone."""
    overview = DetectorOverview(zoo.session("nanodet", threads=1))
    runs = {
        "ours": (lambda: ours(image), 1),
        "glance": (lambda: overview(pool(image, Resolution().base_height_1)[0]), 1),
    }
    times = alternating(runs, rounds, 1)
    return smaller_is_better(
        CASE, f"{name}, nobody in view", "ms", times["ours"], 1.1 * times["glance"], times["glance"], "its glance alone"
    )


def _counts(scene: PastedScene, poses: Poses) -> np.ndarray:
    """For each person of a scene: right keypoints, keypoints, and height as a fraction of the frame's."""
    rows = np.empty((len(scene.boxes), 3))
    overlaps = pairwise_iou(scene.boxes, poses.people.boxes)
    for k, (box, truth) in enumerate(zip(scene.boxes, scene.keypoints, strict=True)):
        counted = truth[:, 2] > 0
        height = box[3] - box[1]
        right = 0
        if overlaps[k].max(initial=0) > SAME:
            found = poses.keypoints[int(overlaps[k].argmax())]
            away = np.linalg.norm(found[:, :2] - truth[:, :2], axis=1)
            right = int((counted & (away < TOLERANCE * height)).sum())
        rows[k] = right, counted.sum(), height / scene.pixels.shape[0]
    return rows


def _percent(people: np.ndarray) -> float:
    """Right ones among all keypoints; 0 without any."""
    return 100 * float(people[:, 0].sum() / max(people[:, 1].sum(), 1))
