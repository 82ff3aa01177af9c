"""Other commanders of the robot are named."""

from __future__ import annotations

from typing import Any

import rclpy
from geometry_msgs.msg import Twist, TwistStamped
from rosgraph_msgs.msg import Clock

from opendr_perception.active.surroundings.geometry import Velocity
from opendr_perception.ros.robot.velocity_publisher import VelocityPublisher


def test_commands_are_plain_or_stamped(graph: Any) -> None:
    plain = VelocityPublisher(graph.observer, False, "base")
    heard = graph.listen(Twist, "cmd_vel", publishers=1)
    plain.publish(Velocity(0.1, 0.2, 0.3))
    (twist,) = heard.wait()
    assert (twist.linear.x, twist.linear.y, twist.angular.z) == (0.1, 0.2, 0.3)
    plain.close()
    node = rclpy.create_node("stamped", namespace=f"{graph.namespace}/other")
    stamped = VelocityPublisher(node, True, "base")
    there = graph.listen(TwistStamped, f"{graph.namespace}/other/cmd_vel", publishers=1)
    stamped.publish(Velocity(0.1))
    assert there.wait()[0].header.frame_id == "base"
    stamped.close()
    node.destroy_node()


def test_others_are_named_and_forgotten_when_they_go(graph: Any) -> None:
    ours = VelocityPublisher(graph.observer, False, "base")
    assert ours.others() == []
    teleop = rclpy.create_node("teleop", namespace=graph.namespace)
    theirs = teleop.create_publisher(Twist, "cmd_vel", 1)
    graph.wait(lambda: ours.others() == [f"{graph.namespace}/teleop"], lambda: f"others: {ours.others()}")
    teleop.destroy_publisher(theirs)
    graph.wait(lambda: ours.others() == [], lambda: f"others: {ours.others()}")
    teleop.destroy_node()
    ours.close()


def test_listeners_are_simulated_if_each_of_them_makes_the_time(graph: Any) -> None:
    ours = VelocityPublisher(graph.observer, False, "base")
    assert not ours.only_simulated(), "nobody listens"
    world, base = (rclpy.create_node(name, namespace=graph.namespace) for name in ("world", "base"))
    world.create_subscription(Twist, "cmd_vel", print, 1)
    assert not ours.only_simulated(), "it makes no time"
    world.create_publisher(Clock, "/clock", 1)
    graph.wait(ours.only_simulated, lambda: "the world is not seen")
    robot = base.create_subscription(Twist, "cmd_vel", print, 1)
    graph.wait(lambda: not ours.only_simulated(), lambda: "the robot is not seen")
    base.destroy_subscription(robot)
    graph.wait(ours.only_simulated, lambda: "the robot is still seen")
    for node in (world, base):
        node.destroy_node()
    ours.close()


def test_a_velocity_upwards_is_told(graph: Any) -> None:
    ours = VelocityPublisher(graph.observer, False, "base")
    heard = graph.listen(Twist, "cmd_vel", publishers=1)
    ours.publish(Velocity(z=-0.2))
    assert heard.wait()[0].linear.z == -0.2
    ours.close()
