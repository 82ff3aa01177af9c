"""Position of a person from one image: by depth, by the size of people, and by the point where they stand on the floor.

Each estimate says how sure it is in two parts: what differs from image to image, which a filter averages, and what
stays, such as that this person is taller than the mean, which no number of images makes smaller.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from opendr_perception.tasks.fusion.joining import SURE, SeenPerson
from opendr_perception.tasks.fusion.settings import Settings
from opendr_perception.tasks.fusion.sight import Floats, PositionSource, Sight
from opendr_perception.tasks.fusion.space.beliefs import CONFLICT, Belief, agreed
from opendr_perception.tasks.fusion.space.measures import (
    ANKLE,
    ANKLES,
    FACE,
    HEAD_HALF,
    HIPS,
    IN_BOX,
    SHOULDERS,
    SHOULDERS_APART,
    TALL,
    TORSO,
    TORSO_HALF,
    TORSO_IN_BOX,
    middle_of,
    torso_angle,
)
from opendr_perception.tasks.imaging import PinholeCamera

BORDER = 2.0
"""Pixels from the border of the image at which a box is cut."""
JITTER = 0.8
"""Pixels by which an end of a box or a keypoint differs from image to image."""
STEADY = 0.008
"""The least relative part of an estimate that differs from image to image."""
STEEP = math.radians(30)
"""Angle of a torso with the vertical, up to which somebody is upright."""
UPRIGHT = (2.6, 4.6)
"""Height of a box over the length of the torso, between which somebody stands."""
FACING = math.radians(30)
"""Turn of a face up to which the shoulders are seen in their width."""
TILT = 0.006
"""Error of the pitch of a camera, rad."""
FEET = 0.3
"""Pixels by which feet are wrong in all images alike."""
NO_ANKLES = 0.05
"""Relative error more, where only a box tells where the feet are."""
ASIDE = 0.05
"""Metres by which a body is beside its box's middle."""
LEAST_DEPTH, MOST_DEPTH = 0.15, 30.0
"""Metres between which depth is believed."""
KNOWN_DEPTH = 0.2
"""Share of a torso whose depth must be known."""
DEPTH_ERROR = 0.05
"""Metres: how thick somebody is, and how far before the middle the arms are, nobody knows."""


@dataclass(frozen=True, eq=False)
class Fix:
    """Position of a person from one image, in the camera's axes.

    Args:
        point: (3,) middle of the torso, m; the head of somebody of whom only the face is seen.
        noise: (3, 3) covariance of what differs from image to image, m².
        bias: (3, 3) covariance of what stays, m².
        source: by what it is known.
    """

    point: Floats
    noise: Floats
    bias: Floats
    source: PositionSource


def locate(sight: Sight, seen: SeenPerson, settings: Settings) -> Fix | None:
    """The position of a person; None where nothing tells.

    Args:
        sight: with a lens, for images of its size.
        seen: of whom.
        settings: how tall people are, and whether they stand on the floor.
    """
    if sight.lens is None or sight.mount is None:
        return None
    viewer = Viewer(sight, sight.lens)
    try:
        beliefs = [*viewer.by_size(seen, settings.person_height)]
        if settings.ground_plane and sight.mount.upright:
            beliefs += viewer.by_ground(seen)
        aim = viewer.ray(aim_of(seen))
    except ValueError:  # so far out that the calibration says nothing
        return None
    across = float(np.linalg.norm(viewer.level(aim)))
    far = agreed(beliefs)
    depth = viewer.by_depth(seen, across)
    if depth is not None and (far is None or depth.value < far.value + CONFLICT * far.total):
        far = depth
    if far is None or across < 1e-3:
        return None
    point = aim * far.value / across
    return Fix(point, *_covariances(point, far, sight.lens.focal), far.source)


def aim_of(seen: SeenPerson) -> Floats:
    """The pixel (2,) that shows the middle of the torso, or of the face of somebody without a body."""
    if seen.place is None:
        return np.asarray((seen.box[:2] + seen.box[2:]) / 2)
    torso = None if seen.keypoints is None else middle_of(seen.keypoints, (*SHOULDERS, *HIPS))
    if torso is not None:
        return torso
    return np.array([(seen.box[0] + seen.box[2]) / 2, seen.box[1] + TORSO_IN_BOX * (seen.box[3] - seen.box[1])])


class Viewer:
    """A camera, and where up is for it; distances are those over the floor."""

    def __init__(self, sight: Sight, lens: PinholeCamera) -> None:
        self._sight, self._lens = sight, lens
        mount = sight.mount
        assert mount is not None
        self._height = float(mount.translation[2])
        self._up = mount.rotation[2] if mount.upright else np.array([0.0, -1.0, 0.0])

    def ray(self, pixel: Floats) -> Floats:
        """The direction (3,) of a pixel, with z = 1."""
        return self._lens.rays(pixel)

    def level(self, ray: Floats) -> Floats:
        """The part of a direction that is along the floor."""
        return np.asarray(ray - (ray @ self._up) * self._up)

    def rise(self, pixel: Floats) -> float:
        """Metres up for each metre along the floor."""
        ray = self.ray(pixel)
        return float(ray @ self._up / max(float(np.linalg.norm(self.level(ray))), 1e-6))

    def by_size(self, seen: SeenPerson, height: float) -> Iterator[Belief]:
        """Distances by the height of the box, the torso, the shoulders and the face, whichever is seen whole."""
        points = seen.keypoints
        upright = points is None or (torso := torso_angle(points)) is None or torso < STEEP
        if seen.place is not None and upright and self._stands(seen):
            yield self._vertical(_top(seen.box), _bottom(seen.box), IN_BOX * height, 0.065)
        if points is not None:
            shoulders, hips = middle_of(points, SHOULDERS), middle_of(points, HIPS)
            if shoulders is not None and hips is not None:
                if upright:
                    yield self._vertical(shoulders, hips, TORSO * height, 0.07)
                else:
                    yield self._across(shoulders, hips, TORSO * height, 0.3)
            if shoulders is not None and seen.face is not None and abs(seen.face.angles[0]) < FACING:
                left, right = points[list(SHOULDERS), :2]
                yield self._across(left, right, SHOULDERS_APART * height, 0.15)
        if seen.face is not None and not self._cut(seen.face.box, all_sides=True):
            left, right = seen.face.box[[0, 1]], seen.face.box[[2, 1]]
            yield self._across(left, left + (right - left) * seen.face.side / (right[0] - left[0]), FACE, 0.12)

    def by_ground(self, seen: SeenPerson) -> Iterator[Belief]:
        """The distance at which the feet touch the floor, if they are seen."""
        if seen.place is None or self._cut(seen.box) or self._height <= ANKLE:
            return
        foot, above, extra = _bottom(seen.box), 0.0, NO_ANKLES
        if seen.keypoints is not None:
            ankles = middle_of(seen.keypoints, ANKLES)
            if ankles is None:
                return
            foot, above, extra = ankles, ANKLE, 0.0
        fall = -self.rise(foot)
        if fall <= 0.02:  # at the horizon or above it
            return
        far = (self._height - above) / fall
        steep = far * (1 + fall * fall) / fall  # metres for each rad
        focal = self._lens.focal
        bias = math.hypot(steep * math.hypot(TILT, FEET / focal), extra * far)
        yield Belief(far, max(steep * JITTER / focal, STEADY * far), bias, PositionSource.GROUND)

    def by_depth(self, seen: SeenPerson, across: float) -> Belief | None:
        """The distance of the median depth of the torso, or the face; None where too little is known."""
        depth = self._sight.depth
        if depth is None or not len(depth):
            return None
        left, top, right, bottom = self._surface(seen) * np.tile(
            [depth.shape[1] / self._sight.size[0], depth.shape[0] / self._sight.size[1]], 2
        )
        part = depth[max(int(top), 0) : math.ceil(bottom), max(int(left), 0) : math.ceil(right)]
        known = part[np.isfinite(part) & (part > LEAST_DEPTH) & (part < MOST_DEPTH)]
        if not part.size or known.size < KNOWN_DEPTH * part.size:
            return None
        half = TORSO_HALF if seen.place is not None else HEAD_HALF
        far = float(np.median(known)) * across + half  # depth is along the axis; a ray has z = 1
        return Belief(far, 0.005 + 0.002 * far * far, DEPTH_ERROR, PositionSource.DEPTH)

    def _surface(self, seen: SeenPerson) -> Floats:
        """A box (4,) inside of the torso, or of the face."""
        if seen.keypoints is not None and seen.place is not None:
            corners = seen.keypoints[[*SHOULDERS, *HIPS]]
            if (corners[:, 2] >= SURE).all():
                low, high = corners[:, :2].min(axis=0), corners[:, :2].max(axis=0)
                middle, half = (low + high) / 2, np.maximum((high - low) * 0.35, 1.0)
                return np.concatenate([middle - half, middle + half])
        width, height = seen.box[2:] - seen.box[:2]
        if seen.place is None:
            return seen.box + np.array([0.25 * width, 0.25 * height, -0.25 * width, -0.25 * height])
        x, y = seen.box[:2]
        return np.array([x + 0.35 * width, y + 0.22 * height, x + 0.65 * width, y + 0.45 * height])

    def _stands(self, seen: SeenPerson) -> bool:
        """True if a box shows the whole height of somebody who stands."""
        if self._cut(seen.box):
            return False
        height = seen.box[3] - seen.box[1]
        if seen.keypoints is None:
            return bool(height > 1.5 * (seen.box[2] - seen.box[0]))
        shoulders, hips = middle_of(seen.keypoints, SHOULDERS), middle_of(seen.keypoints, HIPS)
        if shoulders is None or hips is None or middle_of(seen.keypoints, ANKLES) is None:
            return False
        return bool(UPRIGHT[0] < height / max(float(np.linalg.norm(hips - shoulders)), 1.0) < UPRIGHT[1])

    def _cut(self, box: Floats, all_sides: bool = False) -> bool:
        """True if the upper or lower end of a box, or any, is at the border of the image."""
        width, height = self._sight.size
        cut = box[1] < BORDER or box[3] > height - BORDER
        return bool(cut or (all_sides and (box[0] < BORDER or box[2] > width - BORDER)))

    def _vertical(self, above: Floats, below: Floats, length: float, bias: float) -> Belief:
        """The distance of a length that stands upright."""
        return self._sized(self.rise(above) - self.rise(below), above, below, length, bias)

    def _across(self, one: Floats, other: Floats, length: float, bias: float) -> Belief:
        """The distance of a length that is seen in its full size, however it is turned about the line of sight."""
        rays = self._lens.rays(np.stack([one, other]))
        level = float(np.linalg.norm(self.level(rays.mean(axis=0))))
        return self._sized(float(np.linalg.norm(rays[0] - rays[1])) / max(level, 1e-6), one, other, length, bias)

    def _sized(self, seen: float, one: Floats, other: Floats, length: float, bias: float) -> Belief:
        far = length / max(seen, 1e-6)
        pixels = max(float(np.linalg.norm(one - other)), 1.0)
        noise = far * max(JITTER * math.sqrt(2) / pixels, STEADY)
        return Belief(far, noise, far * bias, PositionSource.SIZE, -far * min(TALL, bias))


def _covariances(point: Floats, far: Belief, focal: float) -> tuple[Floats, Floats]:
    """Of what differs and of what stays: along the line of sight as the belief says, and a little to the sides."""
    length = float(np.linalg.norm(point))
    along = np.outer(point, point) / length**2
    aside = np.eye(3) - along
    slant = length / far.value
    noise = along * (far.noise * slant) ** 2 + aside * (JITTER * length / focal) ** 2
    bias = along * (far.bias * slant) ** 2 + aside * (ASIDE**2 + (0.01 * length) ** 2)
    return noise, bias


def _top(box: Floats) -> Floats:
    return np.array([(box[0] + box[2]) / 2, box[1]])


def _bottom(box: Floats) -> Floats:
    return np.array([(box[0] + box[2]) / 2, box[3]])
