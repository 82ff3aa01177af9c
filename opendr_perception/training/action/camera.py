"""Model of a camera and MoveNet: pixels, scores, errors, and frames that come when they come.

The errors follow what MoveNet does on the pedestrians of `vtest.avi`, in shares of the longer side of the person's box:
a spread of 0.009 where it scores well, 0.02 at a score of 0.3, 0.04 and more below 0.2, with heavy tails; scores of 0.6
for the trunk and 0.35 for wrists, correlated 0.5 to 0.7 from frame to frame at 10 Hz.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opendr_perception.tasks.imaging import PinholeCamera
from opendr_perception.training.body.motion import RATE, Floats

MEAN_SCORES = np.array(
    [0.45, 0.46, 0.46, 0.48, 0.48, 0.62, 0.62, 0.47, 0.47, 0.38, 0.38, 0.63, 0.63, 0.58, 0.58, 0.54, 0.54]
)
MIRRORED = np.array([0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15])
HELD_OUT_ELEVATIONS = (15.0, 22.0)
"""Degrees above the horizon from which the evaluation looks, and the training never."""


@dataclass(frozen=True)
class Viewpoint:
    """From where a camera looks.

    Attributes:
        place: (3,), in the world.
        axes: (3, 3), rows: right, down, forward.
        camera: That looks.
    """

    place: Floats
    axes: Floats
    camera: PinholeCamera

    @staticmethod
    def random(rng: np.random.Generator, target: Floats, reach: float, held_out: bool) -> Viewpoint:
        """Look at somebody from anywhere.

        Args:
            rng: Where from.
            target: (3,), what it looks at, roughly.
            reach: How far the person goes from there, metres.
            held_out: From HELD_OUT_ELEVATIONS, or from all others.
        """
        while True:
            height = rng.uniform(0.3, 2.0) if rng.random() < 0.55 else rng.uniform(2.0, 6.0)
            distance = np.exp(rng.uniform(np.log(1.8), np.log(22.0)))
            distance = max(distance, 0.7 * reach)
            elevation = np.degrees(np.arctan2(height - target[1], distance))
            if held_out == (HELD_OUT_ELEVATIONS[0] <= elevation < HELD_OUT_ELEVATIONS[1]) and elevation < 60:
                break
        azimuth = rng.uniform(0, 2 * np.pi)
        place = np.array([target[0] + distance * np.cos(azimuth), height, target[2] + distance * np.sin(azimuth)])
        forward = target + rng.normal(0, [0.15 * distance, 0.08 * distance, 0.15 * distance]) - place
        forward /= np.linalg.norm(forward)
        right = np.cross(forward, [0.0, 1.0, 0.0])
        right /= np.linalg.norm(right)
        down = np.cross(forward, right)
        roll = rng.normal(0, np.radians(3))
        right, down = np.cos(roll) * right + np.sin(roll) * down, np.cos(roll) * down - np.sin(roll) * right
        width, height_px = ((640, 480), (1280, 720), (768, 576))[rng.integers(3)]
        focal = width / 2 / np.tan(np.radians(rng.uniform(45, 100)) / 2)
        focal = max(focal, 0.12 * height_px * distance)  # who is far away is looked at with a longer lens
        field_of_view = 2 * np.arctan2(width / 2, focal)
        camera = PinholeCamera.assumed(width, height_px, float(field_of_view))
        return Viewpoint(place, np.stack([right, down, forward]), camera)

    def project(self, points: Floats) -> Floats:
        """Pixels (..., 2) of points (..., 3)."""
        seen = (points - self.place) @ self.axes.T
        seen[..., 2] = np.maximum(seen[..., 2], 0.1)
        return self.camera.project(seen)


def stamps(rng: np.random.Generator, seconds: float) -> Floats:
    """Draw the times of the frames of a robot's camera and pose node: 5 to 30 Hz, more or less regular, now and then
    one is lost."""
    rate = np.exp(rng.uniform(np.log(5.0), np.log(30.0)))
    count = int(seconds * rate)
    steps = np.full(count, 1 / rate)
    if rng.random() < 0.6:
        steps *= rng.uniform(1 - 0.35, 1 + 0.35, count)
    at = np.cumsum(steps)
    at = at[rng.random(count) > rng.choice([0.0, 0.03, 0.1])]
    return at[at < seconds]


def observe_people(rng: np.random.Generator, keypoints: Floats, viewpoint: Viewpoint, at: Floats) -> Floats:
    """Simulate the keypoints that MoveNet reports of a person.

    Args:
        rng: For its errors.
        keypoints: (T, 17, 3) in the world, at the RATE of motions.
        viewpoint: From where is looked.
        at: (n,) seconds, when.

    Returns:
        (n, 17, 3): x, y in pixels, score.
    """
    places = np.clip(at * RATE, 0, len(keypoints) - 1.001)
    first = places.astype(int)
    share = (places - first)[:, None, None]
    world = keypoints[first] * (1 - share) + keypoints[first + 1] * share
    pixels = viewpoint.project(world)
    shade = 0.22 * _hidden(world, viewpoint) * rng.uniform(0.3, 1.5)
    shade[:, :5] += 0.12 * rng.uniform(0, 1.5) * _turned_away(world, viewpoint)[:, None]
    return degrade(
        rng, pixels + _own_motion(rng, pixels, at), at, shade, (viewpoint.camera.width, viewpoint.camera.height)
    )


def degrade(
    rng: np.random.Generator, pixels: Floats, at: Floats, shade: Floats, size: tuple[int, int] | None
) -> Floats:
    """Give keypoints the scores and errors of MoveNet.

    Args:
        rng: For its errors.
        pixels: (n, 17, 2), where the keypoints are.
        at: (n,) seconds, when.
        shade: (n, 17), what scores lose, e.g. where a joint is hidden.
        size: Of the image, pixels; None if nothing is outside.

    Returns:
        (n, 17, 3): x, y in pixels, score.
    """
    side = np.maximum(np.ptp(pixels, axis=1).max(1), 8.0)[:, None]

    count = len(at)
    memory = np.exp(-np.diff(at, prepend=at[:1] - 1.0) / 0.15)[:, None]
    quality = rng.normal(1.25, 0.25) * (1 - 0.35 * np.exp(-side / 60.0))
    spread = _correlated(rng.normal(0, 1, (count, 17)), memory)
    scores = MEAN_SCORES * quality * rng.normal(1.0, 0.12, 17) + 0.13 * spread
    scores -= shade
    drops = _spells(rng, at, 17, rate=rng.choice([0.02, 0.1, 0.3]), length=0.5)
    scores = np.where(drops, scores * 0.3, scores)
    if rng.random() < 0.2:  # something hides the legs, or one side, for a while
        gone = rng.permutation(
            [[13, 14, 15, 16], [11, 13, 15], [12, 14, 16], [7, 9], [8, 10], [15, 16]][rng.integers(6)]
        )
        begin, end = np.sort(rng.uniform(-0.5 * at[-1], 1.5 * at[-1], 2))
        inside = (at >= begin) & (at < end)
        scores[np.ix_(inside, gone)] -= 0.45
    outside = np.zeros(scores.shape, bool)
    if size is not None:
        outside = np.any((pixels < 0) | (pixels > np.array(size)), axis=-1)
    scores = np.where(outside, np.minimum(scores, rng.uniform(0.02, 0.24, scores.shape)), scores)
    scores = scores.clip(0.01, 0.97)

    sigma = (0.004 + 0.03 * (1 - scores).clip(0, 1) ** 3) * rng.uniform(0.6, 1.5) * side
    noise = rng.standard_t(2, (count, 17, 2)).clip(-12, 12) * 0.7
    noise = 0.8 * noise + 0.6 * _correlated(rng.normal(0, 1, (count, 17, 2)), memory[..., None])
    bias = rng.normal(0, 0.008, (17, 2))
    pixels = pixels + (noise * sigma[..., None]) + bias * side[..., None]
    if size is not None:
        pixels = np.where(outside[..., None], pixels.clip(0, np.array(size)), pixels)
    pixels = _swapped(rng, _drawn_together(rng, pixels), at)
    return np.concatenate([pixels, scores[..., None]], -1)


def _own_motion(rng: np.random.Generator, pixels: Floats, at: Floats) -> Floats:
    """(n, 1, 2), how people move in the image because the robot turns or drives."""
    kind = rng.random()
    if kind > 0.25:
        return np.zeros((len(at), 1, 2))
    height = np.ptp(pixels[..., 1], axis=1).mean()
    if kind < 0.1:  # it turns to and fro
        size, rates = rng.normal(0, 0.3, 2) * [1.0, 0.2], rng.uniform(0.3, 2.0, 2)
    else:  # it drives
        size, rates = rng.normal(0, 3.0, 2) * [1.0, 0.1], rng.uniform(0.03, 0.25, 2)
    return (height * size * np.sin(np.outer(at, rates) + rng.uniform(0, 2 * np.pi, 2)))[:, None]


def _correlated(noise: Floats, memory: Floats) -> Floats:
    """Unit noise (n, ...) that forgets itself by a factor (n, ...) per frame."""
    out = noise.copy()
    for k in range(1, len(out)):
        out[k] = memory[k] * out[k - 1] + np.sqrt(1 - memory[k] ** 2) * noise[k]
    return out


def _hidden(world: Floats, viewpoint: Viewpoint) -> Floats:
    """(n, 17), 1 where a keypoint lies behind the body as the camera sees it."""
    towards = viewpoint.place - world[:, 5:].mean(1)
    towards /= np.linalg.norm(towards, axis=-1, keepdims=True)
    centre = world[:, [5, 6, 11, 12]].mean(1, keepdims=True)
    behind = -((world - centre) * towards[:, None]).sum(-1)
    return np.clip(behind / 0.2, 0, 1)


def _turned_away(world: Floats, viewpoint: Viewpoint) -> Floats:
    """(n,), how much somebody shows the back of the head."""
    ears = world[:, 3:5].mean(1)
    nose, towards = world[:, 0] - ears, viewpoint.place - ears
    lengths = np.linalg.norm(nose, axis=-1) * np.linalg.norm(towards, axis=-1)
    return np.clip(-(nose * towards).sum(-1) / np.maximum(lengths, 1e-6), 0, 1)


def _spells(rng: np.random.Generator, at: Floats, joints: int, rate: float, length: float) -> np.ndarray:
    """(n, joints) bool: spells that begin so often per second and last so long."""
    inside = np.zeros((len(at), joints), bool)
    for _ in range(rng.poisson(rate * joints * at[-1])):
        begin = rng.uniform(-length, at[-1])
        inside[(at >= begin) & (at < begin + rng.exponential(length)), rng.integers(joints)] = True
    return inside


def _drawn_together(rng: np.random.Generator, pixels: Floats) -> Floats:
    """Legs that are not told apart well: of small people MoveNet puts both ankles nearer to their middle."""
    if rng.random() < 0.5:
        return pixels
    pixels, share = pixels.copy(), rng.uniform(0, 0.6)
    for pair, part in (([13, 14], 0.5 * share), ([15, 16], share)):
        pixels[:, pair] += part * (pixels[:, pair].mean(1, keepdims=True) - pixels[:, pair])
    return pixels


def _swapped(rng: np.random.Generator, pixels: Floats, at: Floats) -> Floats:
    """Left and right mistaken for each other, for short spells."""
    pixels = pixels.copy()
    groups = [np.array(group) for group in ([13, 14, 15, 16], [15, 16], range(11, 17), range(5, 17), [9, 10])]
    for _ in range(rng.poisson(rng.choice([0.0, 0.3, 1.0]) * at[-1])):
        joints = groups[rng.integers(len(groups))]
        begin = rng.uniform(0, at[-1])
        rows = np.flatnonzero((at >= begin) & (at < begin + rng.exponential(0.25)))
        pixels[np.ix_(rows, joints)] = pixels[np.ix_(rows, MIRRORED[joints])]
    return pixels
