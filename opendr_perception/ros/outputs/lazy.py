"""Topics of message types that a robot may not have: imported at run time, and filled only while somebody listens."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, Protocol

from rclpy.publisher import Publisher
from std_msgs.msg import Header

from opendr_perception.ros.node import ManagedNode, qos


class StampedResult(Protocol):
    """A result of a node, as it was published."""

    header: Header


class Make(Protocol):
    """Makes the other message of a result."""

    def __call__(self, types: ModuleType, result: Any, /) -> object:
        """The message, of the types in the module `<package>.msg`, with the stamp of the result.

        Raises:
            ValueError: it cannot be made of this result; the text says why.
        """
        ...


@dataclass(frozen=True)
class Extra:
    """A result in another message.

    Args:
        topic: below the node's own name, or its stream there.
        type: as ROS writes it, such as `vision_msgs/Detection2DArray`.
        make: makes it of the node's result.
        meaning: for the node's page.
        once: it is made of the node's parameters, when these are new, and latched for whoever comes later.
    """

    topic: str
    type: str
    make: Make
    meaning: str
    once: bool = False

    @property
    def package(self) -> str:
        return self.type.partition("/")[0]


class Outputs:
    """The further messages of one stream of a node.

    Args:
        node: that publishes.
        extras: what there is.
        place: turns the topic of an extra into the name under which the stream publishes it.
    """

    def __init__(self, node: ManagedNode, extras: Sequence[Extra], place: Callable[[str], str]) -> None:
        self._node = node
        self._told: object = None
        self._made: list[tuple[Extra, ModuleType, Publisher]] = []
        self._missing: list[tuple[Extra, str]] = []
        for extra in extras:
            name = node.resolve_topic_name(place(extra.topic))
            types = messages(extra.package)
            if types is None:
                self._missing.append((extra, name))
            else:
                kind = getattr(types, extra.type.rpartition("/")[2])
                profile = qos.latest() if extra.once else qos.result()
                self._made.append((extra, types, node.create_publisher(kind, name, profile)))

    def publish(self, result: object) -> None:
        """Make and publish what somebody subscribes; what cannot be made costs nothing but itself."""
        for extra, types, publisher in self._made:
            if not extra.once and publisher.get_subscription_count() > 0:
                self._publish(extra, types, publisher, result)

    def _publish(self, extra: Extra, types: ModuleType, publisher: Publisher, source: object) -> None:
        try:
            publisher.publish(extra.make(types, source))
        except Exception as error:  # noqa: BLE001 - whatever it is, the others are made
            self._node.warn(f"cannot make {publisher.topic_name}: {error}", publisher.topic_name)

    def look(self) -> None:
        """Publish what is made of the parameters, if they are new, and say what somebody subscribes in vain: its
        package is not installed. To be called now and then."""
        if self._node.params is not self._told:
            self._told = self._node.params
            for extra, types, publisher in self._made:
                if extra.once:
                    self._publish(extra, types, publisher, self._told)
        for extra, name in self._missing:
            if self._node.count_subscribers(name):
                self._node.warn(
                    f"somebody subscribes {name}, but {extra.package} is not installed: "
                    f"apt install ros-{os.environ.get('ROS_DISTRO', '<distribution>')}-"
                    f"{extra.package.replace('_', '-')}, and start the node again",
                    f"{extra.package} is missing",
                )

    def close(self) -> None:
        """Take the topics back."""
        for _, _, publisher in self._made:
            self._node.destroy_publisher(publisher)
        self._made = []


@cache
def messages(package: str) -> ModuleType | None:
    """The module with the messages of a package; None where it is not installed."""
    try:
        return import_module(f"{package}.msg")
    except ImportError:
        return None
