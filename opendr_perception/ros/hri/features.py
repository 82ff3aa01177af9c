"""Topics of one kind of feature: a list of ids that are tracked, and topics for each of them while it is."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from types import ModuleType

from rclpy.publisher import Publisher
from std_msgs.msg import Header

from opendr_perception.ros.node import ManagedNode, qos

MOST = 64
"""Ids of one kind that have topics; an image has fewer people, and topics cost."""
SILENT = 2.0
"""Seconds without a message of a stream after which nothing in it is tracked any more."""


class Features:
    """Publishes `tracked` and the topics of ids, until `close`. Everything in the executor's thread.

    Args:
        node: that publishes.
        types: the module hri_msgs.msg.
        root: name below which all is, such as /humans/faces.
        topics: type of each topic of an id.
        latched: those of them that whoever comes later hears too.
    """

    def __init__(
        self,
        node: ManagedNode,
        types: ModuleType,
        root: str,
        topics: Mapping[str, type],
        latched: Sequence[str] = (),
    ) -> None:
        self._node, self._types, self._root, self._topics, self._latched = node, types, root, topics, latched
        self._tracked: dict[str, tuple[float, Sequence[str]]] = {}
        self._kept: Sequence[str] = ()
        self._publishers: dict[str, dict[str, Publisher]] = {}
        self._told: dict[tuple[str, str], object] = {}
        self._lists = {"tracked": node.create_publisher(types.IdsList, f"{root}/tracked", qos.latest())}

    def close(self) -> None:
        """Take all topics away."""
        for identifier in list(self._publishers):
            self._remove(identifier)
        for publisher in self._lists.values():
            self._node.destroy_publisher(publisher)

    def update(self, stream: str, ids: Iterable[str], header: Header, kept: Sequence[str] = ()) -> None:
        """Take note of what is tracked now, and publish the list of all streams.

        Args:
            stream: in which it is.
            ids: valid in names of topics.
            header: of the message that told so.
            kept: ids that have topics although they are not tracked.
        """
        self._tracked[stream] = time.monotonic(), list(dict.fromkeys(ids))[:MOST]
        self._kept = list(kept)[:MOST]
        self._refresh(header)

    def expire(self, header: Header) -> Sequence[str]:
        """Let go of what was tracked in streams that have fallen silent; their names."""
        now = time.monotonic()
        silent = [stream for stream, (heard, ids) in self._tracked.items() if ids and now - heard > SILENT]
        for stream in silent:
            self._tracked[stream] = now, []
        if silent:
            self._refresh(header)
        return silent

    def tell(self, name: str, ids: Sequence[str], header: Header) -> None:
        """Publish another list of ids, latched."""
        if name not in self._lists:
            self._lists[name] = self._node.create_publisher(self._types.IdsList, f"{self._root}/{name}", qos.latest())
        self._lists[name].publish(self._types.IdsList(header=header, ids=list(ids)))

    def publish(self, identifier: str, topic: str, message: object) -> None:
        """Publish on a topic of an id that has topics; a latched one only when it says something else."""
        publisher = self._publishers.get(identifier, {}).get(topic)
        if publisher is None:
            return
        if topic in self._latched:
            if self._told.get((identifier, topic)) == message:
                return
            self._told[identifier, topic] = message
        publisher.publish(message)

    def wanted(self, identifier: str, topic: str) -> bool:
        """True if somebody subscribes a topic of an id."""
        publisher = self._publishers.get(identifier, {}).get(topic)
        return publisher is not None and publisher.get_subscription_count() > 0

    @property
    def ids(self) -> Sequence[str]:
        """All that have topics."""
        return list(self._publishers)

    def _refresh(self, header: Header) -> None:
        tracked = list(dict.fromkeys(one for _, ids in self._tracked.values() for one in ids))[:MOST]
        wanted = list(dict.fromkeys((*tracked, *self._kept)))[:MOST]
        for identifier in set(self._publishers) - set(wanted):
            self._remove(identifier)
        for identifier in wanted:
            if identifier not in self._publishers:
                self._publishers[identifier] = {
                    topic: self._node.create_publisher(
                        kind,
                        f"{self._root}/{identifier}/{topic}",
                        qos.latest() if topic in self._latched else qos.result(),
                    )
                    for topic, kind in self._topics.items()
                }
        self.tell("tracked", tracked, header)

    def _remove(self, identifier: str) -> None:
        for topic, publisher in self._publishers.pop(identifier).items():
            self._told.pop((identifier, topic), None)
            self._node.destroy_publisher(publisher)
