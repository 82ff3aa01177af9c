"""The node `simulation`: a robot that drives and sees over real topics."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from geometry_msgs.msg import Twist, TwistStamped
from nav_msgs.msg import Odometry
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, JointState
from sensor_msgs.msg import Image as ImageMessage
from std_msgs.msg import Float64
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from opendr_perception.nodes.simulation import Parameters, Simulation
from opendr_perception.ros.node import parameters
from opendr_perception.sim.rendering import SimulatorError, load_mujoco

SMALL = {"width": 160, "height": 120, "smoothing": 0, "people": 2, "scene": "single", "real_time_factor": 0.0}


@pytest.fixture(autouse=True)
def _simulator() -> None:
    try:
        load_mujoco()
    except SimulatorError as error:
        pytest.skip(str(error))


def seconds(message: Any) -> float:
    stamp = message.clock if isinstance(message, Clock) else message.header.stamp
    return float(stamp.sec + stamp.nanosec * 1e-9)


def test_it_publishes_what_a_robot_with_a_camera_does(graph: Any) -> None:
    images = graph.listen(ImageMessage, "image_raw")
    infos, odometry = graph.listen(CameraInfo, "camera_info"), graph.listen(Odometry, "odom")
    clock = graph.listen(Clock, "/clock")
    graph.run(Simulation, **SMALL)
    image = images.wait(3)[-1]
    info = infos.find(lambda m: m.header == image.header, "calibration with the image's header")
    assert (image.width, image.height, image.encoding, image.header.frame_id) == (160, 120, "rgb8", "camera")
    assert (info.width, info.height) == (160, 120)
    assert info.k[0] == pytest.approx(80 / math.tan(1.047 / 2))
    assert len(np.unique(np.frombuffer(image.data, np.uint8))) > 20, "it shows something"
    place = odometry.find(lambda m: m.header.stamp == image.header.stamp, "odometry of the image")
    assert (place.header.frame_id, place.child_frame_id) == ("odom", "base_link")
    clock.find(lambda m: m.clock == image.header.stamp, "clock of the image")
    times = [seconds(message) for message in images.messages]
    assert np.diff(times) == pytest.approx(0.1)


@pytest.mark.parametrize("kind", [Twist, TwistStamped])
def test_it_drives_as_it_is_told_and_stops_without_commands(graph: Any, kind: type) -> None:
    odometry = graph.listen(Odometry, "odom")
    graph.run(Simulation, **SMALL, stamped=kind is TwistStamped)
    commands = graph.publisher(kind, "cmd_vel")
    before = seconds(odometry.wait()[-1])
    message = kind()
    twist = message.twist if kind is TwistStamped else message
    twist.linear.y, twist.angular.z = 0.3, 0.4
    commands.publish(message)
    moving = odometry.find(lambda m: m.twist.twist.linear.y > 0.25, "motion to the left")
    stopped = odometry.find(lambda m: seconds(m) > seconds(moving) and abs(m.twist.twist.linear.y) < 0.01, "stop")
    assert seconds(stopped) - before < 60
    assert stopped.pose.pose.orientation != odometry.messages[0].pose.pose.orientation


def test_a_free_robot_rises_and_tells_how_high_it_is(graph: Any) -> None:
    odometry = graph.listen(Odometry, "odom")
    graph.run(Simulation, **SMALL, robot="free")
    commands = graph.publisher(Twist, "cmd_vel")
    message = Twist()
    message.linear.z = 0.3
    commands.publish(message)
    rising = odometry.find(lambda m: m.twist.twist.linear.z > 0.25, "motion upwards")
    stopped = odometry.find(lambda m: seconds(m) > seconds(rising) and abs(m.twist.twist.linear.z) < 0.01, "stop")
    assert stopped.pose.pose.position.z > 0.1
    assert odometry.messages[0].pose.pose.position.z == 0.0


def test_a_reset_begins_the_next_scene_while_time_goes_on(graph: Any) -> None:
    odometry = graph.listen(Odometry, "odom")
    node = graph.run(Simulation, **SMALL, seed=7)
    first = odometry.wait()[-1].pose.pose.position
    answer = graph.call(Trigger, "simulation/reset", Trigger.Request())
    assert answer.success
    assert answer.message == "single, seed 8"
    later = odometry.find(lambda m: abs(m.pose.pose.position.x - first.x) > 0.01, "robot at another place")
    assert np.all(np.diff([seconds(message) for message in odometry.messages]) > 0)
    assert graph.change_state("simulation", "deactivate")
    assert graph.call(Trigger, "simulation/reset", Trigger.Request()).message == "single, seed 9"
    assert graph.change_state("simulation", "activate")
    odometry.find(lambda m: seconds(m) > seconds(later) and m.pose != later.pose, "motion after the second reset")
    assert node.stage == "active"


def test_a_command_that_is_no_number_is_left_out(graph: Any) -> None:
    odometry = graph.listen(Odometry, "odom")
    graph.run(Simulation, **SMALL)
    commands = graph.publisher(Twist, "cmd_vel")
    bad = Twist()
    bad.linear.x = math.nan
    commands.publish(bad)
    good = Twist()
    good.linear.x = -0.2
    commands.publish(good)
    odometry.find(lambda m: m.twist.twist.linear.x < -0.1, "motion")
    assert all(math.isfinite(message.pose.pose.position.x) for message in odometry.messages)


def test_it_says_what_is_missing(graph: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUJOCO_GL", "osmesa")
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)
    graph.run(Simulation, **SMALL)
    values = graph.diagnosis("simulation", "cannot configure")
    assert "apt-get install libosmesa6" in values["message"]
    monkeypatch.undo()
    assert graph.change_state("simulation", "configure")


def test_its_configuration_file_gives_exactly_the_defaults(graph: Any, tmp_path: Any) -> None:
    file = tmp_path / "simulation.yaml"
    file.write_text(parameters.as_yaml("simulation", Parameters, "A world."))
    node = graph.run(Simulation, "--params-file", str(file), "-p", "autostart:=false")
    assert node.params == Parameters(autostart=False)


def test_its_head_goes_where_it_is_told_and_turns_the_camera(graph: Any) -> None:
    images, joints = graph.listen(ImageMessage, "image_raw"), graph.listen(JointState, "joint_states")
    graph.run(Simulation, **SMALL, head=True)
    before = bytes(images.wait()[-1].data)
    assert list(joints.wait()[-1].position) == [0.0, 0.0]
    point = JointTrajectoryPoint(positions=[-0.2, 0.6])
    graph.publisher(JointTrajectory, "head/joint_trajectory").publish(
        JointTrajectory(joint_names=["head_tilt_joint", "head_pan_joint"], points=[point])
    )
    joints.find(lambda m: np.allclose(m.position, [0.6, -0.2]), "the head to the left, up")
    seen = len(images.messages)
    assert bytes(images.wait(seen + 2)[-1].data) != before
    graph.publisher(Float64, "head/pan").publish(Float64(data=-0.3))
    joints.find(lambda m: np.allclose(m.position, [-0.3, -0.2]), "the head to the right")
