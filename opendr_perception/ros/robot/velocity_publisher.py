"""The commands of a robot, and who else gives some."""

from __future__ import annotations

from collections.abc import Sequence

from geometry_msgs.msg import Twist, TwistStamped
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.topic_endpoint_info import TopicEndpointInfo
from std_msgs.msg import Header

from opendr_perception.active.surroundings import Velocity
from opendr_perception.ros.node import qos

TOPIC = "cmd_vel"
LAST_WORD = Duration(seconds=0.5)
"""Longest wait for a base that has not heard the last zero."""
NAMELESS = "_NODE_NAMESPACE_UNKNOWN_/_NODE_NAME_UNKNOWN_"
"""As rmw calls nodes whose names it has not heard, or, of two with one name in a process, has lost: it may be ours."""


class VelocityPublisher:
    """Publishes velocities, until `close`.

    Args:
        node: whose publisher it is.
        stamped: whether commands are TwistStamped.
        frame: of stamped commands.
    """

    def __init__(self, node: Node, stamped: bool, frame: str) -> None:
        self._node, self._stamped, self._frame = node, stamped, frame
        self._publisher: Publisher = node.create_publisher(
            TwistStamped if stamped else Twist, TOPIC, qos.result(depth=1)
        )

    def close(self) -> None:
        """Take the topic away, once the last command has been heard."""
        self._publisher.wait_for_all_acked(LAST_WORD)
        self._node.destroy_publisher(self._publisher)

    def publish(self, velocity: Velocity) -> None:
        """Command a velocity."""
        twist = Twist()
        twist.linear.x, twist.linear.y, twist.angular.z = velocity.x, velocity.y, velocity.yaw
        twist.linear.z = velocity.z
        if self._stamped:
            header = Header(stamp=self._node.get_clock().now().to_msg(), frame_id=self._frame)
            self._publisher.publish(TwistStamped(header=header, twist=twist))
        else:
            self._publisher.publish(twist)

    def only_simulated(self) -> bool:
        """Return whether somebody listens, and each listener makes the time of a simulation: no robot does."""
        listeners = _names(self._node.get_subscriptions_info_by_topic(self._publisher.topic_name))
        return bool(listeners) and listeners <= _names(self._node.get_publishers_info_by_topic("/clock"))

    def others(self) -> list[str]:
        """Return the names of the nodes that publish the same topic; one with our own name is another node too."""
        endpoints = self._node.get_publishers_info_by_topic(self._publisher.topic_name)
        names = [_name(point) for point in endpoints]
        for ours in (self._node.get_fully_qualified_name(), NAMELESS):
            if ours in names:
                names.remove(ours)
                break
        return sorted("a node that is not known by name" if name == NAMELESS else name for name in names)


def _names(endpoints: Sequence[TopicEndpointInfo]) -> set[str]:
    """Return the names of the nodes of endpoints; where one is not known, nothing is known of any of them."""
    names = {_name(point) for point in endpoints}
    return set() if NAMELESS in names else names


def _name(point: TopicEndpointInfo) -> str:
    return f"{point.node_namespace.rstrip('/')}/{point.node_name}"
