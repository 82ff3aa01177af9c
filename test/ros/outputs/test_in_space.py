"""People in space in the messages of other stacks, against geometry done by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point, Vector3
from opendr_perception.msg import Box, Person, PersonArray
from sensor_msgs import msg as sensor_msgs
from std_msgs.msg import Header
from visualization_msgs import msg as visualization_msgs
from visualization_msgs.msg import Marker

from opendr_perception.ros.outputs import IN_SPACE, PeopleInSpace, drawn_by, shapes
from opendr_perception.tasks.body import Poses
from opendr_perception.tasks.fusion import Mount, Sight
from opendr_perception.tasks.imaging import PinholeCamera
from opendr_perception.tasks.nms import Detections

SIZE = (640, 480)
LENS = PinholeCamera(np.array([[500.0, 0, 320], [0, 500.0, 240], [0, 0, 1]]), *SIZE, np.zeros(4))
AHEAD = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
ON_ROBOT = Mount(AHEAD, np.array([0.0, 0.0, 1.2]), upright=True)
"""1.2 m above the floor, looking along x."""
BODY = (290.0, 40.0, 350.0, 290.0)
STAMP = Time(sec=7)
TYPES = {extra.topic: extra for extra in IN_SPACE}


def person(x: float, y: float, z: float, **more: Any) -> Person:
    known = {"person_id": "k3x-4", "body_id": "b1", "camera": "", "score": 0.75, "visible": True, "distance": x}
    box = Box(x_min=BODY[0], y_min=BODY[1], x_max=BODY[2], y_max=BODY[3])
    covariance = np.diag([0.01, 0.04, 0.01]).ravel()
    place = {"box": box, "position": Point(x=x, y=y, z=z), "position_covariance": covariance}
    return Person(**{**known, **place, **more})


def people(*found: Person, mount: Mount | None = ON_ROBOT, **more: Any) -> PeopleInSpace:
    bodies = Detections(np.array([BODY], np.float32), np.array([0.9], np.float32))
    frame = "odom" if mount is ON_ROBOT else "eye"
    sight = Sight("", SIZE, bodies, ["b1"], lens=LENS, mount=mount, frame=frame)
    header = Header(stamp=STAMP, frame_id=frame)
    message = PersonArray(header=header, width=640, height=480, people=list(found))
    return PeopleInSpace(Header(stamp=STAMP, frame_id="eye"), message, replace(sight, **more))


def make(topic: str, source: PeopleInSpace) -> Any:
    extra = TYPES[topic]
    types = pytest.importorskip(f"{extra.package}.msg", reason=f"{extra.package} is not installed")
    return extra.make(types, source)


def skeleton() -> Poses:
    points = np.zeros((1, 17, 3), np.float32)
    points[0] = [(320.0, 60.0 + 14 * k, 0.9) for k in range(17)]
    points[0, 16, 2] = 0.1  # the right ankle is not seen
    found = Detections(np.array([BODY], np.float32), np.array([0.9], np.float32))
    return Poses(found, points, "coco17", ["b1"])


def test_a_box_is_that_of_the_image_at_the_person_s_distance() -> None:
    source = people(person(4.0, 0.0, 1.1))
    box = source.box(source.message.people[0])
    assert box is not None
    assert box.size == pytest.approx([60 / 500 * 4, 250 / 500 * 4, 0.4])
    assert box.centre == pytest.approx([4.0, 0.0, 1.2 + (240 - 165) / 500 * 4])
    turned = box.turned
    assert (turned.x, turned.y, turned.z, turned.w) == pytest.approx((-0.5, 0.5, -0.5, 0.5))


@pytest.mark.parametrize("lost", [{"lens": None}, {"mount": None}])
def test_without_a_calibration_or_a_mount_there_is_no_box(lost: Any) -> None:
    source = people(person(4.0, 0.0, 1.1), **lost)
    assert source.box(source.message.people[0]) is None
    assert [marker.ns for marker in make("markers", source).markers[1:]] == ["names"]


def test_markers_show_box_skeleton_and_name_and_replace_those_before() -> None:
    first, box, limbs, name = make("markers", people(person(4.0, 0.0, 1.1, name="Ann"), poses=skeleton())).markers
    assert first.action == Marker.DELETEALL
    assert {(each.header.frame_id, each.header.stamp.sec) for each in (first, box, limbs, name)} == {("odom", 7)}
    assert [each.type for each in (box, limbs, name)] == [Marker.CUBE, Marker.LINE_LIST, Marker.TEXT_VIEW_FACING]
    assert [each.ns for each in (box, limbs, name)] == ["boxes", "skeletons", "names"]
    assert len({box.id, limbs.id, name.id}) == 1
    places = np.array([(point.x, point.y, point.z) for point in limbs.points])
    assert len(places) % 2 == 0
    assert places[:, 0] == pytest.approx(np.full(len(places), 4.0), abs=1e-6), "flat, without depth"
    knee, ankle = (1.2 + (240 - 60 - 14 * k) / 500 * 4 for k in (14, 16))
    assert np.isclose(places[:, 2], knee).any()
    assert not np.isclose(places[:, 2], ankle).any(), "what is not seen is not drawn"
    assert name.text == "Ann\n4.0 m"
    assert name.pose.position.z == pytest.approx(box.pose.position.z + 1.0 + 0.15)


def test_with_depth_a_limb_is_where_it_is_and_what_is_behind_is_not_taken_for_one() -> None:
    depth = np.full((240, 320), 4.0, np.float32)
    depth[40:50] = 3.6  # a row of the image at 80 to 98: the keypoint 2
    depth[51:58] = 9.0  # a wall, seen beside keypoint 3 (102) and 4 (116)
    source = people(person(4.0, 0.0, 1.1), poses=skeleton(), depth=depth)
    joints = source.joints(source.message.people[0])
    assert joints is not None
    assert joints[[1, 2, 3], 0] == pytest.approx([4.0, 3.6, 4.0])


def test_nobody_is_where_nobody_knows_and_who_is_hidden_stays() -> None:
    unknown = person(math.nan, math.nan, math.nan)
    hidden = person(3.0, 1.0, 1.0, visible=False, person_id="k3x-5")
    source = people(unknown, hidden)
    assert [each.ns for each in make("markers", source).markers[1:]] == ["names"]
    assert len(make("positions", source).poses) == 1
    assert make("obstacles", source).width > 0
    assert make("markers", people()).markers[0].action == Marker.DELETEALL
    assert make("obstacles", people()).width == 0


def test_positions_look_to_where_somebody_walks() -> None:
    walking = person(3.0, 1.0, 1.0, velocity=Vector3(x=0.0, y=1.0))
    standing = person(2.0, 0.0, 1.0, velocity=Vector3(x=math.nan, y=math.nan, z=math.nan))
    ahead, still = make("positions", people(walking, standing)).poses
    assert (ahead.position.x, ahead.position.y, ahead.position.z) == (3.0, 1.0, 1.0)
    assert 2 * math.atan2(ahead.orientation.z, ahead.orientation.w) == pytest.approx(math.pi / 2)
    assert (still.orientation.z, still.orientation.w) == (0.0, 1.0)


def points_of(cloud: Any) -> np.ndarray:
    """Points as a reader of PointCloud2 finds them, by its fields."""
    kinds = {field.name: (field.offset, field.datatype) for field in cloud.fields}
    assert set(kinds) == {"x", "y", "z"}
    assert {kind for _, kind in kinds.values()} == {sensor_msgs.PointField.FLOAT32}
    assert len(cloud.data) == cloud.row_step * cloud.height == cloud.point_step * cloud.width
    rows = np.frombuffer(bytes(cloud.data), np.uint8).reshape(-1, cloud.point_step)
    return np.hstack([rows[:, at : at + 4].copy().view("<f4") for at, _ in (kinds[name] for name in "xyz")])


def test_an_obstacle_is_a_disc_on_the_floor_as_wide_as_its_place_is_unsure() -> None:
    sure = person(3.0, 1.0, 1.1, position_covariance=np.zeros(9))
    points = points_of(make("obstacles", people(sure)))
    away = np.hypot(*(points[:, :2] - [3.0, 1.0]).T)
    assert away.max() == pytest.approx(0.35, abs=0.001)
    assert np.unique(points[:, 2]) == pytest.approx([0.1, 0.3])
    cells = np.unique(np.round(points[:, :2] / 0.05), axis=0)
    assert len(cells) * 0.05**2 == pytest.approx(math.pi * 0.35**2, rel=0.1), "without holes in a costmap"
    for variance, radius in ((0.04, 0.55), (9.0, 1.0)):
        unsure = person(3.0, 1.0, 1.1, position_covariance=np.diag([0.01, variance, 0.01]).ravel())
        spread = points_of(make("obstacles", people(unsure)))
        assert np.hypot(*(spread[:, :2] - [3.0, 1.0]).T).max() == pytest.approx(radius, abs=0.001)


def test_without_a_floor_there_are_no_obstacles_and_that_is_said() -> None:
    with pytest.raises(ValueError, match="set that parameter"):
        TYPES["obstacles"].make(sensor_msgs, people(person(0.0, 0.0, 4.0), mount=Mount()))


def test_a_camera_s_own_frame_has_its_up_the_other_way() -> None:
    *_, name = TYPES["markers"].make(visualization_msgs, people(person(0.0, 0.0, 4.0), mount=Mount())).markers
    assert name.pose.position.y < -0.8


def test_people_msgs_have_names_velocities_and_tags() -> None:
    ann = person(3.0, 1.0, 1.1, name="Ann", action="walk", velocity=Vector3(x=0.5))
    message = make("people", people(ann, person(2.0, 0.0, 1.0)))
    assert (message.header.frame_id, message.header.stamp) == ("odom", STAMP)
    first, second = message.people
    assert (first.name, first.position.x, first.velocity.x, first.reliability) == ("Ann", 3.0, 0.5, 0.75)
    tags = dict(zip(first.tagnames, first.tags, strict=True))
    assert tags == {"id": "k3x-4", "name": "Ann", "action": "walk", "visible": "true"}
    assert second.name == "k3x-4"


def test_detections_in_space_have_boxes_covariances_and_ids() -> None:
    message = make("detections_3d", people(person(4.0, 0.0, 1.1), person(2.0, 0.0, 1.0, visible=False)))
    (detection,) = message.detections
    assert (detection.id, detection.header.frame_id) == ("k3x-4", "odom")
    assert (detection.bbox.size.x, detection.bbox.size.y) == pytest.approx((0.48, 2.0))
    (result,) = detection.results
    assert (result.hypothesis.class_id, result.hypothesis.score) == ("person", 0.75)
    assert result.pose.pose.position.x == 4.0
    assert result.pose.covariance.reshape(6, 6)[:3, :3].diagonal() == pytest.approx([0.01, 0.04, 0.01])


def test_boxes_in_the_image_are_of_the_camera_s_frame_and_say_how_far_away_people_are() -> None:
    types = pytest.importorskip("vision_msgs.msg", reason="vision_msgs is not installed")
    source = people(person(4.0, 0.0, 1.1, action="walk"), person(2.0, 0.0, 1.0, visible=False))
    [flat] = [extra for extra in drawn_by(shapes.of_people) if extra.topic == "detections_2d"]
    message = flat.make(types, source)
    assert message.header.frame_id == "eye"
    assert [each.id for each in message.detections] == ["k3x-4"]
    assert [shape.below for shape in shapes.of_people(source)] == ["walk 4.0 m"]


def test_the_types_of_all_of_them_are_those_that_are_made() -> None:
    for extra in IN_SPACE:
        types = import_module(f"{extra.package}.msg") if extra.package.split("_")[0] in ("sensor", "geometry") else None
        if types is not None:
            message = extra.make(types, people())
            assert type(message).__name__ == extra.type.partition("/")[2]
