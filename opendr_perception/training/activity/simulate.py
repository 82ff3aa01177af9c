"""Films of people who do one thing after another, in rooms, with the action of each frame.

Half of the films are as a still camera sees them, half are cut to the person as the node does with `per_person`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import cv2
import numpy as np
import numpy.typing as npt

from opendr_perception.tasks.activity import MARGIN, SHRINKS
from opendr_perception.training.action.camera import HELD_OUT_ELEVATIONS
from opendr_perception.training.action.data import MotionClip
from opendr_perception.training.action.simulate import Actor
from opendr_perception.training.activity.bodies import Cloud
from opendr_perception.training.activity.rooms import FurnishedRoom
from opendr_perception.training.body.motion import COCO_JOINTS, FLESH, RATE, Body, Floats, Motion

FRAME_RATE = 6.0
"""Hz, of the films, as of the public networks."""
CUT = 0.55
"""Share of films that follow the person."""
COMPANY = 0.2
"""Share with somebody else in the background."""
LARGEST = 2.0
"""Sides of an image, of the canvas of a room from which images are cut."""

Film = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Cast:
    """People, motions, cameras and rooms that may appear.

    Args:
        people: Their clouds.
        clips: Recorded motions.
        held_out: Whether people, motions, cameras and rooms are those of the evaluation.
    """

    people: Sequence[Cloud]
    clips: Mapping[MotionClip, Motion]
    held_out: bool


def film(
    rng: np.random.Generator, cast: Cast, frames: int, side: int, cut: float = CUT
) -> tuple[Film, npt.NDArray[np.int64]]:
    """Draw a film.

    Args:
        rng: Decides about everything.
        cast: Who may appear.
        frames: Number of frames, at about FRAME_RATE.
        side: Pixels of the images, which are squares.
        cut: How probable it is that the film follows the person.

    Returns:
        (frames, side, side, 3) uint8 RGB, and the action in each frame (frames,), UNLABELLED between two.
    """
    rate = FRAME_RATE * rng.uniform(0.85, 1.15)
    motion, at, root, who = _performance(rng, cast, frames, rate)
    follow = rng.random() < cut
    camera, reach = _camera(rng, root, side, follow, cast.held_out)
    room = FurnishedRoom.random(rng, reach, cast.held_out)
    scene = [_dressed(rng, who, motion.rotations[at], root, room)]
    if rng.random() < COMPANY:
        scene.append(_passer_by(rng, cast, at, room))
    window = camera.follow(scene[0][0]) if follow else camera.shake(rng, frames)
    drawn = _draw(camera, room, scene, window, frames, side)
    return _developed(rng, drawn, mirrored=rng.random() < 0.5), motion.labels[at]


def posed(rng: np.random.Generator, cast: Cast, frames: int, side: int) -> tuple[Film, Floats, Floats]:
    """Draw a film of somebody in a room, and say where the keypoints are.

    Args:
        rng: Decides about everything.
        cast: Who may appear.
        frames: Number of frames, at about FRAME_RATE.
        side: Pixels of the images, which are squares.

    Returns:
        (frames, side, side, 3) uint8 RGB; (frames, 17, 2) x, y of COCO's keypoints in pixels, of those outside of the
        image too; and pixels of a metre there (frames,).
    """
    motion, at, root, who = _performance(rng, cast, frames, FRAME_RATE)
    camera, reach = _camera(rng, root, side, False, cast.held_out)
    room = FurnishedRoom.random(rng, reach, cast.held_out)
    scene = [_dressed(rng, who, motion.rotations[at], root, room)]
    window = camera.shake(rng, frames)
    drawn = _draw(camera, room, scene, window, frames, side)
    height = who.offsets[4, 1] / Body.standard().offsets[4, 1]
    joints, face = Body(who.offsets, who.face).pose(motion.rotations[at])
    world = np.concatenate([face, joints[:, COCO_JOINTS]], 1) + (root * [1.0, height, 1.0])[:, None]
    pixels, depth = camera.see(world)
    places = (pixels - window[:, None, :2]) * window[:, None, 2:] + side / 2
    return _developed(rng, drawn, mirrored=False), places, camera.focal * window[:, 2] / depth.mean(1)


def roots(motion: Motion) -> Floats:
    """Places of the pelvis of the standard body in each frame, (T, 3), m; it begins at the origin."""
    joints, _ = Body.standard().pose(motion.rotations)
    lowest = joints[..., 1] - FLESH
    support = lowest.argmin(1)
    root = np.zeros((len(motion), 3))
    root[:, 1] = motion.lift - lowest.min(1)
    rows = np.arange(1, len(motion))
    moved = np.zeros((len(motion), 2))
    moved[1:] = (joints[rows, support[:-1]] - joints[rows - 1, support[:-1]])[:, [0, 2]]
    root[:, [0, 2]] = np.cumsum(np.where(np.isnan(motion.velocity), -moved, motion.velocity / RATE), 0)
    return root


@dataclass(frozen=True)
class Camera:
    """A camera that stands still.

    Attributes:
        place: (3,).
        axes: (3, 3), rows: right, down, forward.
        focal: Pixels, of an image of `side`.
        side: Pixels.
    """

    place: Floats
    axes: Floats
    focal: float
    side: int

    def see(self, points: Floats) -> tuple[Floats, Floats]:
        """Pixels (..., 2) from the middle of the image and depths (...) of points (..., 3)."""
        seen = (points - self.place) @ self.axes.T
        depth = np.maximum(seen[..., 2], 1e-3)
        return self.focal * seen[..., :2] / depth[..., None], seen[..., 2]

    def rays(self, low: Floats, step: float, size: tuple[int, int]) -> Floats:
        """Directions (height * width, 3) of unit depth through a grid of (width, height) pixels that begins at low."""
        row, column = np.mgrid[: size[1], : size[0]] + 0.5
        seen = np.stack([column * step + low[0], row * step + low[1]], -1).reshape(-1, 2) / self.focal
        rays: Floats = np.concatenate([seen, np.ones((len(seen), 1))], 1) @ self.axes
        return rays

    def follow(self, points: Floats) -> Floats:
        """Windows (T, 3) that follow somebody's points (T, P, 3) as the node does: middle of the box, magnification."""
        pixels, _ = self.see(points)
        low, high = np.quantile(pixels, 0.002, 1), np.quantile(pixels, 0.998, 1)
        longest = np.array([*accumulate((high - low).max(1), lambda held, now: max(now, SHRINKS * held))])
        return np.column_stack([(low + high) / 2, self.side / (MARGIN * np.maximum(longest, 4.0))])

    def shake(self, rng: np.random.Generator, frames: int) -> Floats:
        """Windows (T, 3) of a camera that stands, nearly."""
        moved = np.cumsum(rng.normal(0, 0.3 * (rng.random() < 0.3), (frames, 2)), 0)
        return np.column_stack([moved, np.ones(frames)])


def _performance(
    rng: np.random.Generator, cast: Cast, frames: int, rate: float
) -> tuple[Motion, npt.NDArray[np.int64], Floats, Cloud]:
    """A motion that somebody makes, its frames at a rate, the places of the pelvis in them, and who it is."""
    at = (np.arange(frames) * RATE / rate).astype(np.int64)
    motion = Actor(rng, cast.clips).play((at[-1] + 2) / RATE)
    at = np.minimum(at, len(motion) - 1)
    return motion, at, roots(motion)[at], cast.people[int(rng.integers(len(cast.people)))]


def _camera(rng: np.random.Generator, root: Floats, side: int, follow: bool, held_out: bool) -> tuple[Camera, float]:
    """A camera on somebody who moves so, and the metres around the origin that have to be free."""
    target = (root.min(0) + root.max(0)) / 2
    target[1] = 0.9
    while True:
        height = rng.uniform(0.4, 2.0) if rng.random() < 0.6 else rng.uniform(2.0, 4.5)
        distance = np.exp(rng.uniform(np.log(2.0), np.log(9.0)))
        elevation = np.degrees(np.arctan2(height - target[1], distance))
        if held_out == (HELD_OUT_ELEVATIONS[0] <= elevation < HELD_OUT_ELEVATIONS[1]) and elevation < 50:
            break
    azimuth = rng.uniform(0, 2 * np.pi)
    place = np.array([target[0] + distance * np.cos(azimuth), height, target[2] + distance * np.sin(azimuth)])
    forward = target + (0.0 if follow else rng.normal(0, 0.08 * distance, 3)) - place
    forward = forward / np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 1.0, 0.0])
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    span = max(1.8, float(np.ptp(root[:, [0, 2]], axis=0).max()) + 0.8)
    focal = side * distance / (span * rng.uniform(1.0, 2.0))
    reach = float(np.hypot(*place[[0, 2]])) + 0.3
    return Camera(place, np.stack([right, down, forward]), focal, side), max(reach, float(np.abs(root).max()) + 1.0)


def _dressed(
    rng: np.random.Generator, who: Cloud, rotations: Floats, root: Floats, room: FurnishedRoom
) -> tuple[Floats, Floats, Floats]:
    """Points (T, P, 3), colours (T, P, 3) and how strongly each point is lit, for somebody in clothes of any colour."""
    height = who.offsets[4, 1] / Body.standard().offsets[4, 1]
    points, normals = who.pose(rotations, root * [1.0, height, 1.0])
    norms = normals / np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-6)
    tint = np.clip(rng.normal(1.0, 0.25, 3), 0.3, 1.7) if rng.random() < 0.7 else np.ones(3)
    return points, who.colours * tint * room.shade(norms)[..., None], norms


def _passer_by(
    rng: np.random.Generator, cast: Cast, at: npt.NDArray[np.int64], room: FurnishedRoom
) -> tuple[Floats, Floats, Floats]:
    motion = Actor(rng, cast.clips).play((at[-1] + 2) / RATE)
    times = np.minimum(at, len(motion) - 1)
    angle, away = rng.uniform(0, 2 * np.pi), rng.uniform(1.5, 4.0)
    root = roots(motion)[times] + np.array([away * np.cos(angle), 0.0, away * np.sin(angle)])
    return _dressed(rng, cast.people[int(rng.integers(len(cast.people)))], motion.rotations[times], root, room)


def _draw(
    camera: Camera, room: FurnishedRoom, scene: Sequence[tuple[Floats, ...]], windows: Floats, frames: int, side: int
) -> Floats:
    """Images (frames, side, side, 3) in [0, 1]: the room, shadows on its floor, and people, nearest last."""
    images = np.empty((frames, side * side, 3))
    backgrounds = _backgrounds(camera, room, windows, side)
    for image, (background, depth), window, k in zip(images, backgrounds, windows, range(frames), strict=True):
        image[:] = background
        for points, _, _ in scene:
            _splat(image, camera, window, _shadow(points[k, ::3], room), None, depth + 0.05, side)
        for points, colours, _ in scene:
            _splat(image, camera, window, points[k], colours[k], depth, side)
    return images.reshape(frames, side, side, 3)


def _backgrounds(camera: Camera, room: FurnishedRoom, windows: Floats, side: int) -> Iterator[tuple[Floats, Floats]]:
    """The room in each window, colours (side * side, 3) and depths (side * side,): drawn once, and cut out."""
    half = side / 2 / windows[:, 2:]
    low, high = (windows[:, :2] - half).min(0), (windows[:, :2] + half).max(0)
    step = max(1 / float(windows[:, 2].max()), float((high - low).max()) / (LARGEST * side))
    width, height = (int(size) for size in np.ceil((high - low) / step))
    colours, depth = room.draw(camera.place, camera.rays(low, step, (width, height)))
    canvas = np.dstack([colours.reshape(height, width, 3), depth.reshape(height, width, 1)]).astype(np.float32)
    for x, y, magnification in windows:
        scale = 1 / (magnification * step)
        corner = (np.array([x, y]) - side / 2 / magnification - low) / step
        place = np.array([[scale, 0.0, corner[0]], [0.0, scale, corner[1]]])
        flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
        cut = cv2.warpAffine(canvas, place, (side, side), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        yield cut[..., :3].reshape(-1, 3).astype(np.float64), cut[..., 3].ravel().astype(np.float64)


def _shadow(points: Floats, room: FurnishedRoom) -> Floats:
    """Places on the floor where the shadows of points fall."""
    length = points[:, 1:2] / max(float(room.light[1]), 0.2)
    return (points - length * room.light) * [1.0, 0.0, 1.0]


def _splat(
    image: Floats, camera: Camera, window: Floats, points: Floats, colours: Floats | None, depth: Floats, side: int
) -> None:
    """Draw points of two by two pixels, far ones first; without colours they darken what is there."""
    pixels, far = camera.see(points)
    x, y, magnification = window
    place = np.floor((pixels - [x, y]) * magnification + side / 2 - 0.5).astype(int)
    order = np.argsort(-far)
    inside = (far > 0.1) & (place >= -1).all(1) & (place < side).all(1)
    order = order[inside[order]]
    # All quarters of the far points come before any of the near ones: later ones win.
    column = (place[order, 0][:, None] + np.array([0, 1, 0, 1])).ravel()
    row = (place[order, 1][:, None] + np.array([0, 0, 1, 1])).ravel()
    source = np.repeat(order, 4)
    good = (column >= 0) & (column < side) & (row >= 0) & (row < side)
    index, source = (row * side + column)[good], source[good]
    seen = far[source] < depth[index]
    index, source = index[seen], source[seen]
    if colours is None:
        index = np.unique(index)
        image[index] *= 0.6
    else:
        image[index] = colours[source]


def _developed(rng: np.random.Generator, images: Floats, mirrored: bool) -> Film:
    """Effects of a sensor: exposure, contrast, colour, blur, noise."""
    gain = np.exp(rng.normal(0, 0.25)) * np.clip(rng.normal(1.0, 0.07, 3), 0.7, 1.3)
    images = np.clip(images * gain, 0, 1) ** np.exp(rng.normal(0, 0.2))
    if rng.random() < 0.15:  # at night
        images = np.repeat(images.mean(-1, keepdims=True), 3, -1)
    sigma = rng.uniform(0.3, 1.2)
    images = np.stack([cv2.GaussianBlur(image, (0, 0), sigma) for image in images])
    images = images + rng.normal(0, rng.uniform(0.0, 0.04), images.shape)
    developed = (np.clip(images, 0, 1) * 255).astype(np.uint8)
    return np.ascontiguousarray(developed[:, :, ::-1]) if mirrored else developed
