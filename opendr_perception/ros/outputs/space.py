"""People of one image in space: boxes, joints and ways up, from what is seen in the image and how far away they are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from geometry_msgs.msg import Point, Pose, Quaternion, Vector3
from std_msgs.msg import Header

from opendr_perception.msg import Person, PersonArray
from opendr_perception.tasks.fusion import Mount, Sight
from opendr_perception.tasks.fusion.joining import join

Floats = npt.NDArray[np.float64]

THICKNESS = 0.4
"""Metres; what an image does not tell of the size of people."""
NEAREST = 0.1
"""Metres before the camera from which on somebody is in front of it."""
LIMBS_WITHIN = 0.8
"""Metres; a depth that differs more from that of the torso is that of something else."""


@dataclass(frozen=True, eq=False)
class VolumeBox:
    """A box in space.

    Args:
        centre: (3,) m.
        size: (3,) m, along its own axes.
        turned: of its axes.
    """

    centre: Floats
    size: Floats
    turned: Quaternion

    @property
    def pose(self) -> Pose:
        """Of its middle."""
        return Pose(position=point(self.centre), orientation=self.turned)


@dataclass(frozen=True, eq=False)
class PeopleInSpace:
    """The people of an image, and how it was taken.

    Args:
        header: of the image: its stamp, and the camera's frame.
        message: who is there; its header names the frame of positions.
        sight: what they were found in.
    """

    header: Header
    message: PersonArray
    sight: Sight

    @property
    def upright(self) -> bool:
        """True if z of the frame points up, and the floor is z = 0."""
        return self.sight.mount is not None and self.sight.mount.upright

    @property
    def up(self) -> Floats:
        """(3,) upwards in the frame; that of the camera is taken to be level."""
        return np.array([0.0, 0.0, 1.0] if self.upright else [0.0, -1.0, 0.0])

    @property
    def located(self) -> Sequence[Person]:
        """Those whose place is known, also of a moment ago."""
        return [person for person in self.message.people if np.isfinite(place(person)).all()]

    def box(self, person: Person) -> VolumeBox | None:
        """The box of somebody: their box in the image at their distance, and THICKNESS. None where it is not known."""
        lens, mount, depth = self.sight.lens, self.sight.mount, self._depth(person)
        if lens is None or mount is None or depth is None:
            return None
        box = person.box
        try:
            left, right, top, bottom = lens.rays(
                [
                    (box.x_min, (box.y_min + box.y_max) / 2),
                    (box.x_max, (box.y_min + box.y_max) / 2),
                    ((box.x_min + box.x_max) / 2, box.y_min),
                    ((box.x_min + box.x_max) / 2, box.y_max),
                ]
            )
        except ValueError:  # so far out that the calibration says nothing
            return None
        size = np.array([(right[0] - left[0]) * depth, (bottom[1] - top[1]) * depth, THICKNESS])
        centre = np.array([(left[0] + right[0]) / 2, (top[1] + bottom[1]) / 2, 1.0]) * depth
        return VolumeBox(mount.apply(centre), np.maximum(size, 0.01), _quaternion(mount))

    def joints(self, person: Person) -> Floats | None:
        """Keypoints (17, 4) of somebody in the order of COCO: x, y, z in m, and a score. None where they are unknown.

        Each is as far away as a depth image says there, or as the torso: skeletons are flat without depth.
        """
        lens, mount, depth = self.sight.lens, self.sight.mount, self._depth(person)
        keypoints = self._keypoints.get(person.body_id) if person.visible and person.body_id else None
        if lens is None or mount is None or depth is None or keypoints is None:
            return None
        try:
            rays = lens.rays(keypoints[:, :2])
        except ValueError:
            return None
        away = np.array([self._depth_at(x, y, depth) for x, y in keypoints[:, :2]])
        return np.column_stack([mount.apply(rays * away[:, None]), keypoints[:, 2]])

    @cached_property
    def _keypoints(self) -> Mapping[str, Floats]:
        seen = join(self.sight)
        return {one.body: one.keypoints for one in seen if one.body and one.keypoints is not None}

    def _depth(self, person: Person) -> float | None:
        """Metres along the camera's axis."""
        mount = self.sight.mount
        if mount is None or not person.visible:
            return None
        depth = float(((place(person) - mount.translation) @ mount.rotation)[2])
        return depth if depth > NEAREST else None  # also where it is no number

    def _depth_at(self, x: float, y: float, torso: float) -> float:
        depths = self.sight.depth
        if depths is None:
            return torso
        height, width = depths.shape
        column, row = int(x * width / self.sight.size[0]), int(y * height / self.sight.size[1])
        if not (0 <= column < width and 0 <= row < height):
            return torso
        found = float(depths[row, column])
        return found if abs(found - torso) <= LIMBS_WITHIN else torso


def place(person: Person) -> Floats:
    """(3,) m; NaN where it is not known."""
    return np.array([person.position.x, person.position.y, person.position.z])


def speed(person: Person) -> Floats:
    """(3,) m/s; zero where it is not known."""
    return np.nan_to_num(np.array([person.velocity.x, person.velocity.y, person.velocity.z]), nan=0.0)


def point(values: Floats) -> Point:
    """A point as a message."""
    x, y, z = values.tolist()
    return Point(x=x, y=y, z=z)


def vector(values: Floats) -> Vector3:
    """A vector as a message."""
    x, y, z = values.tolist()
    return Vector3(x=x, y=y, z=z)


def heading(direction: Floats) -> Quaternion:
    """The turn about z into which x points along (x, y, ...)."""
    angle = math.atan2(direction[1], direction[0])
    return Quaternion(z=math.sin(angle / 2), w=math.cos(angle / 2))


def _quaternion(mount: Mount) -> Quaternion:
    from scipy.spatial.transform import Rotation  # takes 0.4 s to import

    x, y, z, w = Rotation.from_matrix(mount.rotation).as_quat(canonical=True).tolist()
    return Quaternion(x=x, y=y, z=z, w=w)
