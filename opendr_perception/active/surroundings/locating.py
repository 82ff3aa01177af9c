"""Location of people from the boxes around their faces and bodies, a camera and its mount.

Distances are never believed to be larger than they are: a box that is cut by the image's border, or a body whose size
nobody knows, gives a bound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from opendr_perception.active.surroundings.frames import Pose3
from opendr_perception.active.surroundings.geometry import PersonPosition, wrap
from opendr_perception.tasks.imaging import PinholeCamera

BORDER = 1.5
"""Pixels from the image's border at which a box is cut by it."""
BODY_HEIGHT, BODY_WIDTH = 1.5, 0.4
"""Metres; grown-up people are larger, so that they are believed to be nearer than they are."""
STEEPEST = math.radians(60)
"""Elevation of the camera's axis from which on no distance over the floor is measured."""
LEAST_HALF_VIEW = math.radians(5)
"""Of what the camera sees to each side of the robot's x axis: people must stay in view when the robot faces them."""
AHEAD = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
"""From a camera's axes (right, down, forward) to those of a robot (forward, left, up), when it looks ahead."""


def looking_ahead(x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Pose3:
    """The pose of a camera that looks along the robot's x axis, at this place, m."""
    return Pose3(np.array([x, y, z]), AHEAD)


def mounted(x: float, y: float, z: float, roll: float, pitch: float, yaw: float) -> Pose3:
    """The pose of a camera by its place, m, and how its housing (x forward) is turned, rad, as in a URDF."""
    (cr, sr), (cp, sp), (cy, sy) = ((math.cos(angle), math.sin(angle)) for angle in (roll, pitch, yaw))
    about_x = np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]])
    about_y = np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
    about_z = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
    return Pose3(np.array([x, y, z]), about_z @ about_y @ about_x @ AHEAD)


def check_mount(mount: Pose3, robot_radius: float) -> None:
    """Raise ValueError where the camera is outside of the circle around the robot, from which distances are kept."""
    x, y, _ = mount.translation
    if math.hypot(x, y) > robot_radius:
        raise ValueError(
            f"the camera is {math.hypot(x, y):.2f} m from the robot's centre, outside of robot_radius, "
            f"{robot_radius:g} m, which must contain the whole robot"
        )


@dataclass(frozen=True, eq=False)
class BoxExtent:
    """Size of a box, seen at a distance of 1 m.

    Args:
        width: m.
        height: m.
        cut_across: its left or right end is not seen.
        cut_down: its upper or lower end is not seen.
        ray: (3,) to its middle, in the camera's axes, with z = 1.
    """

    width: float
    height: float
    cut_across: bool
    cut_down: bool
    ray: np.ndarray


@dataclass(frozen=True, eq=False)
class Locator:
    """Places people around the robot's centre, by a camera for images of one size.

    Args:
        camera: for images of the size in which the boxes are given.
        mount: pose of the camera's axes (right, down, forward) in the robot's.
        face_size: side of the detector's box around a real face, m.

    Raises:
        ValueError: with this mount people cannot be kept in view, or not be measured.
    """

    camera: PinholeCamera
    mount: Pose3
    face_size: float

    def __post_init__(self) -> None:
        ahead, left, up = self.mount.rotation[:, 2]
        elevation, turned = math.asin(max(-1.0, min(1.0, up))), math.degrees(math.atan2(left, ahead))
        if abs(elevation) > STEEPEST:
            raise ValueError(
                f"the camera looks {math.degrees(elevation):.0f} degrees upwards: its frame must be the optical one, "
                "z forward, x right (REP 103), and the camera look ahead"
            )
        if self.half_view < LEAST_HALF_VIEW:
            raise ValueError(
                f"the camera looks {turned:.0f} degrees to the left of the robot's x axis: people would leave its view "
                "when the robot faces them"
            )

    @cached_property
    def half_view(self) -> float:
        """Field of view on the narrower side of the robot's x axis, rad."""
        camera = self.camera
        (fx, _, cx), (_, fy, cy) = camera.matrix[:2]
        middle_row, middle_column = (camera.height / 2 - cy) / fy, (camera.width / 2 - cx) / fx
        borders = [
            (-cx / fx, middle_row),
            ((camera.width - cx) / fx, middle_row),
            (middle_column, -cy / fy),
            (middle_column, (camera.height - cy) / fy),
        ]
        rays = np.array([(x, y, 1.0) for x, y in borders]) @ self.mount.rotation.T
        ahead, left, _ = self.mount.rotation[:, 2]
        turned = math.atan2(left, ahead)
        beside = [wrap(math.atan2(y, x) - turned) for x, y, _ in rays]
        return min(turned + max(beside), -turned - min(beside))

    def face(self, box: np.ndarray) -> PersonPosition:
        """The person whose face has this box.

        A face of which at least half is in the image is never believed to be farther away than it is, as far as
        `face_size` is right: where one side is cut the other one tells its size, where both are cut, twice the area.

        Args:
            box: (4,) x and y of its upper left, then of its lower right corner, pixels.

        Raises:
            ValueError: the box is no box in this image.
        """
        extent = self._extent(box)
        if extent.cut_across and extent.cut_down:
            size = max(math.sqrt(2 * extent.width * extent.height), extent.width, extent.height)
        elif extent.cut_across or extent.cut_down:
            size = max(extent.width, extent.height)
        else:
            size = math.sqrt(extent.width * extent.height)
        return self._person(extent.ray, self.face_size / size)

    def body(self, box: np.ndarray) -> PersonPosition:
        """A bound for somebody whose body has this box: not nearer than that, if they are of the size of grown-ups.

        Args:
            box: as that of a face.

        Raises:
            ValueError: the box is no box in this image.
        """
        extent = self._extent(box)
        depths = [BODY_WIDTH / extent.width] * (not extent.cut_across)
        depths += [BODY_HEIGHT / extent.height] * (not extent.cut_down)
        if not depths:  # at least half of them is seen
            depths = [BODY_WIDTH / extent.width / 2, BODY_HEIGHT / extent.height / 2]
        return self._person(extent.ray, min(depths))

    def above(self, box: np.ndarray) -> float:
        """Elevation of a box's middle above the middle of the image, rad.

        Args:
            box: as that of a face.

        Raises:
            ValueError: as `face`.
        """
        ray = self.mount.rotation @ self._extent(box).ray
        axis = self.mount.rotation[:, 2]
        return float(math.atan2(ray[2], math.hypot(*ray[:2])) - math.atan2(axis[2], math.hypot(*axis[:2])))

    def _extent(self, box: np.ndarray) -> BoxExtent:
        width, height = self.camera.width, self.camera.height
        if box.shape != (4,) or not np.isfinite(box).all():
            raise ValueError(f"a box of {box.tolist()}")
        x_min, x_max = np.clip(box[[0, 2]], 0, width)
        y_min, y_max = np.clip(box[[1, 3]], 0, height)
        if not (x_max > x_min and y_max > y_min):
            raise ValueError(f"a box of {box.tolist()} in an image of {width}x{height}")
        x, y = (x_min + x_max) / 2, (y_min + y_max) / 2
        left, right, top, bottom, middle = self.camera.rays([(x_min, y), (x_max, y), (x, y_min), (x, y_max), (x, y)])
        across, down = float(right[0] - left[0]), float(bottom[1] - top[1])
        if not (across > 0 and down > 0):
            raise ValueError("the calibration does not describe the lens at this box")
        cut_across = x_min < BORDER or x_max > width - BORDER
        cut_down = y_min < BORDER or y_max > height - BORDER
        return BoxExtent(across, down, bool(cut_across), bool(cut_down), middle)

    def _person(self, ray: np.ndarray, depth: float) -> PersonPosition:
        x, y, _ = self.mount.apply((ray * depth)[None])[0]
        return PersonPosition(float(math.hypot(x, y)), float(math.atan2(y, x)))
