"""Images of crowds, put together from rendered people, and what a real detector proposes on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.nms import Candidates, Detections
from opendr_perception.tasks.nms.box_graph import candidates
from opendr_perception.tasks.people import PersonDetector
from opendr_perception.training.nms.simulate import CrowdModel, CrowdScene, inside, stand
from opendr_perception.training.people.sprites import Sprite

SEEN = 0.12
"""Part of a person that must not be hidden; of others nobody could tell."""


@dataclass(frozen=True)
class CrowdImage:
    """A crowd.

    Args:
        pixels: (H, W, 3) uint8 BGR.
        people: (G, 4) whole bodies of those who can be seen, clipped to the image.
        visible: (G,) which part of each is not hidden.
    """

    pixels: np.ndarray
    people: np.ndarray
    visible: np.ndarray


class CandidateRecorder:
    """A suppression method that keeps what the detector proposes, and says nothing."""

    weakest = 0.05

    def __init__(self) -> None:
        self.last: Candidates | None = None

    def __call__(self, candidates: Candidates) -> Detections:
        self.last = candidates
        return candidates.proposals[:0]


def random_camera(rng: np.random.Generator, crowd: CrowdModel) -> CrowdModel:
    """Another camera before another number of people."""
    width = int(rng.integers(480, 1281))
    size = (width, int(width * rng.uniform(0.55, 0.8)))
    horizon = rng.uniform(-0.2, 0.35)
    fewest = int(rng.integers(2, 20))
    return replace(
        crowd,
        size=size,
        horizon=horizon,
        people=(fewest, fewest + 12),
        spread=rng.uniform(0.25, 0.8),
        height=rng.uniform(0.25, 0.7),
    )


def compose(
    rng: np.random.Generator, crowd: CrowdModel, sprites: Sequence[Sprite], backgrounds: Sequence[np.ndarray]
) -> CrowdImage:
    """Put rendered people where a synthetic crowd stands, far ones first."""
    places, _ = stand(rng, crowd)
    pixels = background(rng, crowd.size, backgrounds)
    owner = np.full(pixels.shape[:2], -1)
    boxes, areas = np.empty((len(places), 4)), np.zeros(len(places))
    for number, place in enumerate(places):
        sprite = sprites[int(rng.integers(len(sprites)))]
        boxes[number], areas[number] = _paste(rng, pixels, owner, number, sprite, place)
    shown = np.bincount(owner[owner >= 0], minlength=len(places))
    visible = shown / np.maximum(areas, 1)
    kept = visible > SEEN
    return CrowdImage(_develop(rng, pixels), inside(boxes, crowd.size)[kept], visible[kept])


def estrange(rng: np.random.Generator, image: CrowdImage) -> CrowdImage:
    """The same crowd as another camera shows it by lamplight: few contrasts, a cast of colour, blur and much noise.

    None of it is in the images that are trained on, so that it shows what becomes of a network elsewhere.
    """
    blurred = cv2.GaussianBlur(image.pixels, (0, 0), rng.uniform(1.2, 2.2)).astype(np.float32)
    light = rng.uniform(0.3, 0.6) * rng.uniform(0.5, 1.2, 3)
    dark = blurred * light.astype(np.float32) + np.float32(rng.uniform(0, 60))
    return replace(image, pixels=_noisy(rng, dark, rng.uniform(10, 20)))


def propose(detector: PersonDetector, image: CrowdImage) -> CrowdScene:
    """Run a detector on an image; its candidates, with the feature map where it has one."""
    recorder = CandidateRecorder()
    detector.nms = recorder
    detector([Image(image.pixels, "bgr8")])
    assert recorder.last is not None
    found = recorder.last.usable().proposals
    found = found[candidates(found.boxes, found.scores)]
    return CrowdScene(
        image.people, image.visible, found.boxes, found.scores, recorder.last.size, recorder.last.features
    )


def background(rng: np.random.Generator, size: tuple[int, int], images: Sequence[np.ndarray]) -> np.ndarray:
    """A part of one of the images, or ground and sky that are made up."""
    if images and rng.random() < 0.6:
        whole = images[int(rng.integers(len(images)))]
        share = rng.uniform(0.5, 1)
        height, width = (max(2, int(side * share)) for side in whole.shape[:2])
        top = int(rng.integers(whole.shape[0] - height + 1))
        left = int(rng.integers(whole.shape[1] - width + 1))
        part = whole[top : top + height, left : left + width]
        resized = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.flip(resized, 1) if rng.random() < 0.5 else resized)
    width, height = size
    ground, sky = rng.uniform(40, 200, 3), rng.uniform(80, 250, 3)
    slope = np.clip((np.linspace(0, 1, height) - rng.uniform(0.1, 0.4)) * 20, 0, 1)[:, None, None]
    grain = cv2.resize(rng.normal(0, 18, (height // 8 + 1, width // 8 + 1)).astype(np.float32), size)[..., None]
    return np.clip(ground * slope + sky * (1 - slope) + grain, 0, 255).astype(np.uint8)


def _paste(
    rng: np.random.Generator, pixels: np.ndarray, owner: np.ndarray, number: int, sprite: Sprite, place: np.ndarray
) -> tuple[np.ndarray, float]:
    """Paste a person with the height and feet of a box; return the whole body's box and area in pixels."""
    height = max(8, round(place[3] - place[1]))
    width = max(3, round(sprite.opacity.shape[1] * height / sprite.opacity.shape[0]))
    left, top = round((place[0] + place[2] - width) / 2), round(place[3] - height)
    flip = slice(None, None, rng.choice([-1, 1]))
    body = cv2.resize(sprite.pixels, (width, height), interpolation=cv2.INTER_AREA)[:, flip]
    mask = cv2.resize(sprite.opacity, (width, height), interpolation=cv2.INTER_AREA)[:, flip]
    rows = slice(max(0, top), min(pixels.shape[0], top + height))
    columns = slice(max(0, left), min(pixels.shape[1], left + width))
    inner = (slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left))
    share = mask[inner][..., None] / 255
    light = rng.uniform(0.7, 1.25)
    pixels[rows, columns] = np.clip(body[inner] * light * share + pixels[rows, columns] * (1 - share), 0, 255)
    owner[rows, columns][mask[inner] > 127] = number
    return np.array([left, top, left + width, top + height], float), float((mask > 127).sum())


def _develop(rng: np.random.Generator, pixels: np.ndarray) -> np.ndarray:
    """Apply the effects of lens and sensor: blur, light, noise."""
    blurred = cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.4, 1.2)).astype(np.float32)
    return _noisy(rng, blurred * rng.uniform(0.75, 1.2, 3).astype(np.float32), rng.uniform(1, 8))


def _noisy(rng: np.random.Generator, pixels: np.ndarray, deviation: float) -> np.ndarray:
    """Apply the noise of a sensor to light (H, W, 3) float32."""
    noise = rng.standard_normal(pixels.shape, np.float32) * np.float32(deviation)
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)
