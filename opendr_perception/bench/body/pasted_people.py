"""Real pedestrians of a street, pasted into large images of the same street without people; nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.tasks.body import PoseEstimator
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.nms import Detections, pairwise_iou
from opendr_perception.tasks.people import PersonDetector

SURE = 0.6
"""Score of the detections that are cut out."""
SEEN = 0.3
"""Score of the keypoints that count."""
AGREEMENT = 0.03
"""Body heights by which the keypoints of one person may differ between the scales that they are found at."""
SCALES = (1.0, 1.5, 2.0)
AROUND = 0.12
"""Of the box, that is cut out with it: arms and feet may reach out of it."""


@dataclass(frozen=True)
class Cutout:
    """A person.

    Args:
        pixels: (H, W, 3) uint8 BGR.
        opacity: (H, W) float32 in [0, 1].
        box: (4,) in its pixels.
        keypoints: (17, 3) x, y in its pixels, and 1 where it counts, else 0.
    """

    pixels: np.ndarray
    opacity: np.ndarray
    box: np.ndarray
    keypoints: np.ndarray


@dataclass(frozen=True)
class Street:
    """Cut-out people, and the street without them, (H, W, 3) uint8 BGR."""

    people: Sequence[Cutout]
    empty: np.ndarray


@dataclass(frozen=True)
class PastedScene:
    """A large image and the people in it.

    Args:
        pixels: (H, W, 3) uint8 BGR.
        boxes: (n, 4) in pixels.
        keypoints: (n, 17, 3) x, y in pixels, and 1 where it counts, else 0.
    """

    pixels: np.ndarray
    boxes: np.ndarray
    keypoints: np.ndarray


def load_street(every: int) -> Street:
    """People of every n-th frame of vtest.avi, and its median.

    Their keypoints are those that MoveNet thunder finds in the original frames: medians over several scales, where
    these agree.
    """
    video = cv2.VideoCapture(str(zoo.fetch(["vtest.avi"])[0]))
    frames = []
    while (read := video.read())[0]:
        frames.append(np.asarray(read[1], np.uint8))
    video.release()
    empty = np.median(frames[::15], axis=0).astype(np.uint8)
    detector = PersonDetector(zoo.session("nanodet", threads=1), input_size=768)
    thunder = zoo.session("movenet-thunder", threads=1)
    people = [person for frame in frames[::every] for person in _cut_out(frame, empty, detector, thunder)]
    return Street(people, empty)


def make_scene(
    rng: np.random.Generator, street: Street, height: int, people: int, tallest: float, shortest: float = 0.05
) -> PastedScene:
    """Paste people into a 16:9 image, so that they do not touch each other.

    Args:
        rng: chooses people, sizes and places.
        street: the people and the background.
        height: of the image in pixels.
        people: how many.
        tallest, shortest: heights of people, as fractions of the image's.
    """
    width = height * 16 // 9
    scale = max(height / street.empty.shape[0], width / street.empty.shape[1])
    whole = cv2.resize(street.empty, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    pixels = whole[:height, :width].copy()
    boxes: list[np.ndarray] = []
    keypoints: list[np.ndarray] = []
    while len(boxes) < people:
        person = street.people[int(rng.integers(len(street.people)))]
        tall = np.exp(rng.uniform(np.log(shortest), np.log(tallest)))  # far people are more than near ones
        factor = tall * height / (person.box[3] - person.box[1])
        size = np.round(np.array(person.opacity.shape[::-1]) * factor).astype(int)
        place = rng.integers((0, 0), np.array([width, height]) - size)
        shift = np.tile(place, 2)
        box = person.box * np.tile(size / person.opacity.shape[::-1], 2) + shift
        if boxes and pairwise_iou(_grown(box)[None], np.stack(boxes)).any():
            continue
        _paste(pixels, person, place, size)
        points = person.keypoints.copy()
        points[:, :2] = points[:, :2] * (size / person.opacity.shape[::-1]) + place
        boxes.append(box)
        keypoints.append(points)
    return PastedScene(pixels, np.array(boxes).reshape(-1, 4), np.array(keypoints).reshape(-1, 17, 3))


def _grown(box: np.ndarray) -> np.ndarray:
    side = np.tile((box[2:] - box[:2]) * AROUND * 2, 2)
    return box + side * [-1, -1, 1, 1]


def _paste(pixels: np.ndarray, person: Cutout, place: np.ndarray, size: np.ndarray) -> None:
    way = cv2.INTER_AREA if size[1] < person.opacity.shape[0] else cv2.INTER_CUBIC
    body = cv2.resize(person.pixels, tuple(map(int, size)), interpolation=way)
    opacity = cv2.resize(person.opacity, tuple(map(int, size)), interpolation=cv2.INTER_AREA)[..., None]
    part = pixels[place[1] : place[1] + size[1], place[0] : place[0] + size[0]]
    part[:] = np.round(body * opacity + part * (1 - opacity))


def _cut_out(frame: np.ndarray, empty: np.ndarray, detector: PersonDetector, thunder: Session) -> list[Cutout]:
    """The people of a frame who stand alone and whose keypoints are certain."""
    [found] = detector([Image(frame, "bgr8")])
    overlaps = pairwise_iou(found.boxes, found.boxes)
    height, width = frame.shape[:2]
    heights = found.boxes[:, 3] - found.boxes[:, 1]
    inside = (found.boxes > 12).all(axis=1) & (found.boxes[:, 2] < width - 12) & (found.boxes[:, 3] < height - 12)
    alone = ((overlaps > 0).sum(axis=1) == 1) & (found.scores > SURE) & inside & (heights > 90)
    moved = np.abs(frame.astype(np.int16) - empty).max(axis=2)
    body = cv2.morphologyEx((moved > 22).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    opacity = cv2.GaussianBlur(body.astype(np.float32), (0, 0), 1.0)
    keypoints = _agreed_keypoints(frame, found[alone], thunder)
    people = []
    for box, points in zip(found.boxes[alone], keypoints, strict=True):
        left, top, right, bottom = (int(v) for v in np.clip(_grown(box), 0, [width, height] * 2))
        if points[:, 2].sum() >= 10:
            corner = np.array([left, top])
            points[:, :2] -= corner
            part = (slice(top, bottom), slice(left, right))
            people.append(Cutout(frame[part], opacity[part], box - np.tile(corner, 2), points))
    return people


def _agreed_keypoints(frame: np.ndarray, people: Detections, thunder: Session) -> np.ndarray:
    """(n, 17, 3): medians over SCALES, and 1 where they agree and are seen."""
    if not len(people):
        return np.empty((0, 17, 3))
    found = []
    for scale in SCALES:
        enlarged = np.asarray(cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.uint8)
        scaled = Detections((people.boxes * scale).astype(np.float32), people.scores)
        [poses] = PoseEstimator(lambda _, known=scaled: [known], thunder)([Image(enlarged, "bgr8")])  # type: ignore[misc]
        found.append(poses.keypoints / [scale, scale, 1])
    together = np.stack(found)
    spread = np.ptp(together[..., :2], axis=0).max(axis=-1)
    heights = people.boxes[:, 3] - people.boxes[:, 1]
    certain = (together[..., 2].min(axis=0) > SEEN) & (spread < AGREEMENT * heights[:, None])
    return np.concatenate([np.median(together[..., :2], axis=0), certain[..., None]], axis=-1)
