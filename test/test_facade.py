"""Façade of `import opendr_perception as op`: few names, nothing heavy before it is used, poses in three lines."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import opendr_perception as op

SURFACE = {
    "Image",
    "Moment",
    "Perceiver",
    "PinholeCamera",
    "actions",
    "body",
    "drawing",
    "emotion",
    "face",
    "nms",
    "open_source",
    "people",
    "presence",
    "read_image",
    "zoo",
}


def loaded(script: str, names: set[str]) -> set[str]:
    """Modules of these that a script has loaded at its end."""
    script += f"\nimport sys; print('loaded', *({names!r} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return set(result.stdout.splitlines()[-1].split()[1:])


def test_the_surface_is_small_and_grows_only_on_purpose() -> None:
    assert set(op.__all__) == SURFACE
    assert len(SURFACE) <= 20
    assert set(dir(op)) >= SURFACE


@pytest.mark.parametrize("name", sorted(SURFACE))
def test_every_name_is_there_and_says_what_it_is(name: str) -> None:
    assert getattr(op, name).__doc__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'bodies'"):
        op.bodies  # noqa: B018


def test_nothing_is_loaded_before_it_is_used() -> None:
    heavy = {"onnxruntime", "cv2", "numpy", "supervision", "torch", "rclpy", "rosbags"}
    assert loaded("import opendr_perception as op", heavy) == set()


def test_neither_ros_nor_torch_is_ever_loaded() -> None:
    script = "import opendr_perception as op\n" + "\n".join(f"op.{name}" for name in sorted(SURFACE))
    assert loaded(script, {"torch", "rclpy", "sensor_msgs"}) == set()


def test_poses_take_three_lines(models: object, street: list[np.ndarray]) -> None:
    image = street[0]
    poses = op.body.build()(image)
    assert len(poses) >= 2
    assert poses.keypoints.shape == (len(poses), 17, 3)
    assert poses.keypoints[..., 0].max() <= image.shape[1]
