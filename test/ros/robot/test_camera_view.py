"""The camera is where its frame or a parameter says, or nowhere; and a calibration is one for its images."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, RegionOfInterest

from opendr_perception.active.surroundings.frames import Pose3
from opendr_perception.active.surroundings.locating import looking_ahead, mounted
from opendr_perception.ros.robot.camera_view import NO_CALIBRATION, CameraView
from opendr_perception.ros.topics.cameras import pinhole

K = [500.0, 0.0, 320.0, 0.0, 500.0, 240.0, 0.0, 0.0, 1.0]
INFO = CameraInfo(width=640, height=480, k=K)
FACE = np.array([282.5, 202.5, 357.5, 277.5])
"""Of somebody 1 m before the camera."""


def view(**options: object) -> CameraView:
    made = CameraView(0.15, 0.25, **options)  # type: ignore[arg-type]
    made.take(INFO)
    return made


@pytest.mark.parametrize("frame", ["", "base_link"])
def test_images_without_a_frame_of_their_own_look_ahead_from_the_centre(frame: str) -> None:
    assert view().locator(frame, 640, 480).face(FACE).distance == pytest.approx(1.0)


def test_tf_tells_where_the_camera_is_at_every_image() -> None:
    poses = {"head": looking_ahead(0.2)}
    seen = view(pose_of=poses.get)
    assert seen.locator("head", 640, 480).face(FACE).distance == pytest.approx(1.2)
    poses["head"] = mounted(0.0, 0.0, 1.0, 0.0, -math.radians(30), 0.2)
    person = seen.locator("head", 640, 480).face(FACE)
    assert person.distance == pytest.approx(math.cos(math.radians(30)))
    assert person.bearing == pytest.approx(0.2)


def test_the_parameter_comes_before_tf() -> None:
    seen = view(mount=looking_ahead(0.1), pose_of=lambda frame: None)
    assert seen.locator("unknown", 640, 480).face(FACE).distance == pytest.approx(1.1)


@pytest.mark.parametrize(
    ("pose", "reason"),
    [
        (None, "tf does not tell where the camera's frame 'eye' is in 'base_link'"),
        (looking_ahead(0.4), "outside of robot_radius"),
        (Pose3.identity(), "must be the optical one"),
        (mounted(0, 0, 0, 0, 0, 2.0), "people would leave its view"),
    ],
)
def test_a_camera_that_is_nowhere_or_looks_elsewhere_places_nobody(pose: Pose3 | None, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        view(pose_of=lambda frame: pose).locator("eye", 640, 480)


def test_a_refused_calibration_is_not_replaced_by_the_one_before() -> None:
    seen = view()
    with pytest.raises(ValueError, match="all zero"):
        seen.take(CameraInfo(width=640, height=480))
    with pytest.raises(ValueError, match="camera_info: the camera is not calibrated"):
        seen.locator("", 640, 480)
    seen.take(INFO)
    assert seen.problem == ""
    assert CameraView(0.15, 0.25).problem == NO_CALIBRATION


def test_images_of_a_part_of_the_sensor_or_binned_ones_are_calibrated_too() -> None:
    roi = RegionOfInterest(x_offset=100, y_offset=40, width=400, height=300)
    part = pinhole(CameraInfo(width=640, height=480, k=K, roi=roi, binning_x=2, binning_y=2))
    assert (part.width, part.height, part.focal) == (200, 150, 250)
    np.testing.assert_allclose(part.project([0.0, 0.0, 1.0]), [110, 100])
