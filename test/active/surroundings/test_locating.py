"""Nobody is believed to be farther away than they are."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from opendr_perception.active.surroundings.frames import Pose3
from opendr_perception.active.surroundings.locating import BODY_HEIGHT, BODY_WIDTH, Locator, looking_ahead, mounted
from opendr_perception.tasks.imaging.camera import PinholeCamera

WIDTH, HEIGHT, FACE = 640, 480, 0.15
CAMERA = PinholeCamera.from_info([500.0, 0.0, 320.0, 0.0, 500.0, 240.0, 0.0, 0.0, 1.0], [], WIDTH, HEIGHT)
LENS = PinholeCamera.from_info(CAMERA.matrix.ravel().tolist(), [-0.2, 0.03, 0.0, 0.0, 0.0], WIDTH, HEIGHT)


def seen(
    point: tuple[float, float, float],
    mount: Pose3,
    camera: PinholeCamera = CAMERA,
    width: float = FACE,
    high: float = FACE,
) -> tuple[np.ndarray, float]:
    """The box around a thing whose middle is at a point of the robot's frame, cut by the image, and the part of it that
    is in the image."""
    middle = mount.inverse().apply(np.array([point]))[0]
    assert middle[2] > 0
    half = np.array([[-width / 2, 0, 0], [width / 2, 0, 0], [0, -high / 2, 0], [0, high / 2, 0]])
    left, right, top, bottom = camera.project(middle + half)
    whole = np.array([left[0], top[1], right[0], bottom[1]])
    box = np.clip(whole, 0, [WIDTH, HEIGHT, WIDTH, HEIGHT])
    sides, full = np.maximum(box[2:] - box[:2], 0), whole[2:] - whole[:2]
    return box, float(np.prod(sides) / np.prod(full))


@given(st.floats(0.3, 8.0), st.floats(-0.5, 0.5), st.floats(-0.2, 0.3), st.floats(-0.6, 0.6), st.floats(-0.4, 0.4))
def test_a_whole_face_is_where_it_is_whatever_the_mount(
    away: float, bearing: float, ahead: float, pitch: float, yaw: float
) -> None:
    mount = mounted(ahead, 0.05, 1.2, 0.1, pitch, yaw)
    point = away * math.cos(bearing), away * math.sin(bearing), 1.6
    assume(mount.inverse().apply(np.array([point]))[0, 2] > 0.1)
    box, visible = seen(point, mount)
    assume(visible > 0.999 and (box > 2).all() and (box < [WIDTH - 2, HEIGHT - 2] * 2).all())
    person = Locator(CAMERA, mount, FACE).face(box)
    assert person.distance == pytest.approx(away, rel=0.01)
    assert person.bearing == pytest.approx(bearing, abs=0.01)


@given(st.floats(0.25, 3.0), st.floats(-1.0, 1.0), st.floats(-1.0, 1.0), st.sampled_from([CAMERA, LENS]))
def test_a_face_that_is_cut_is_never_believed_farther_away(
    away: float, bearing: float, up: float, camera: PinholeCamera
) -> None:
    mount = looking_ahead()
    try:
        box, visible = seen((away * math.cos(bearing), away * math.sin(bearing), up), mount, camera)
        assume(visible >= 0.5)
        person = Locator(camera, mount, FACE).face(box)
    except ValueError:  # beyond what the lens was measured for
        return
    assert person.distance <= away * 1.001 + (0.015 if camera is LENS else 0.0)


def test_nobody_within_reach_is_believed_out_of_reach_on_the_grid_of_the_border() -> None:
    locator, mount, cut = Locator(CAMERA, looking_ahead(), FACE), looking_ahead(), 0
    for away in np.linspace(0.3, 0.85, 12):
        for bearing in np.arange(0.0, 0.8, 0.005):
            for up in (0.0, 0.1, 0.2, 0.3, 0.35):
                point = float(away * math.cos(bearing)), float(away * math.sin(bearing)), up
                box, visible = seen(point, mount)
                if visible < 0.5:
                    continue
                cut += visible < 0.99
                assert locator.face(box).distance < 0.9
    assert cut > 500


@given(st.floats(0.5, 6.0), st.floats(-0.5, 0.5), st.floats(1.5, 2.1), st.floats(0.4, 0.7))
def test_a_grown_up_is_never_believed_farther_away(away: float, bearing: float, tall: float, wide: float) -> None:
    mount = looking_ahead(0.1, 0.0, 1.2)
    point = away * math.cos(bearing), away * math.sin(bearing), tall / 2
    box, visible = seen(point, mount, width=wide, high=tall)
    assume(visible >= 0.5)
    assert Locator(CAMERA, mount, FACE).body(box).distance <= away + 1e-6


def test_a_body_is_about_where_it_is() -> None:
    box, _ = seen((4.0, 0.0, 0.85), looking_ahead(0.0, 0.0, 1.0), width=0.5, high=1.7)
    person = Locator(CAMERA, looking_ahead(0.0, 0.0, 1.0), FACE).body(box)
    assert 4.0 * min(BODY_HEIGHT / 1.7, BODY_WIDTH / 0.5) == pytest.approx(person.distance, rel=0.01)


def test_the_narrower_side_of_the_view_counts() -> None:
    assert Locator(CAMERA, looking_ahead(), FACE).half_view == pytest.approx(math.atan(0.64))
    turned = Locator(CAMERA, mounted(0, 0, 1, 0, 0, 0.3), FACE).half_view
    assert turned == pytest.approx(math.atan(0.64) - 0.3)
    upside_down = Locator(CAMERA, mounted(0, 0, 1, math.pi, 0, 0), FACE).half_view
    assert upside_down == pytest.approx(math.atan(0.64))


@pytest.mark.parametrize(
    ("mount", "message"),
    [
        (mounted(0, 0, 1, 0, 0, math.pi / 2), "90 degrees to the left"),
        (mounted(0, 0, 1, 0, 0, math.pi), "to the left of the robot's x axis"),
        (mounted(0, 0, 1, 0, -1.3, 0), "degrees upwards"),
        (Pose3.identity(), "optical one"),
    ],
)
def test_a_camera_that_cannot_keep_people_in_view_is_refused(mount: Pose3, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Locator(CAMERA, mount, FACE)


@pytest.mark.parametrize(
    "box", [[math.nan, 1, 2, 3], [10, 10, 10, 20], [20, 10, 10, 20], [700, 10, 800, 90], [-9, -9, 0, 0], [1, 2, 3]]
)
def test_a_box_that_is_none_is_refused(box: list[float]) -> None:
    with pytest.raises(ValueError, match="a box of"):
        Locator(CAMERA, looking_ahead(), FACE).face(np.array(box, np.float64))
