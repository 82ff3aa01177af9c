"""Other commanders of the robot are named."""

from __future__ import annotations

from typing import Any

import rclpy
from geometry_msgs.msg import Twist, TwistStamped

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
