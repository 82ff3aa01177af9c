"""Subscriptions of what tells more of people than their names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from rclpy.subscription import Subscription

from opendr_perception.msg import ActionArray, BodyPoseArray, EmotionArray
from opendr_perception.ros.control import guarded
from opendr_perception.ros.looking.answers import Wish
from opendr_perception.ros.looking.explorer import AnsweringTopicExplorer
from opendr_perception.ros.node import ManagedNode, qos

Message = TypeVar("Message")


class AnswerTopics:
    """Hands the explorer what tells of a wish, until `close`.

    Args:
        node: what subscribes; its parameters say how.
        explorer: takes it.
    """

    def __init__(self, node: ManagedNode, explorer: AnsweringTopicExplorer) -> None:
        self._node, self._explorer = node, explorer
        newest = qos.newest(node.params.qos_reliability)

        def maker(kind: type[Message], topic: str, take: Callable[[Message], None]) -> Callable[[], Subscription]:
            return lambda: node.create_subscription(kind, topic, guarded(node, topic, take), newest)

        self._make = {
            "poses": maker(BodyPoseArray, "poses", explorer.take_poses),
            "actions": maker(ActionArray, "actions", explorer.take_actions),
            "emotions": maker(EmotionArray, "emotions", explorer.take_emotions),
        }
        self._subscriptions: list[Subscription] = []

    def look_for(self, wish: Wish | None) -> None:
        """Subscribe what tells of a wish, beside faces and people; None for names."""
        self.close()
        self._explorer.look_for(wish)
        for topic in () if wish is None else wish.topics:
            if make := self._make.get(topic):
                self._subscriptions.append(make())

    def close(self) -> None:
        """Subscribe nothing any more."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._subscriptions = []
