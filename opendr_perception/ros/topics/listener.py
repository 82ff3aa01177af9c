"""One subscription that says why nothing is heard: no publisher, a silent one, or one of another quality of service."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from rclpy.event_handler import (
    QoSMessageLostInfo,
    QoSRequestedIncompatibleQoSInfo,
    SubscriptionEventCallbacks,
    UnsupportedEventTypeError,
)
from rclpy.qos import QoSPolicyKind, QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions

from opendr_perception.ros.node import ManagedNode, qos
from opendr_perception.ros.topics import names as topics

SILENCE = 3.0
"""Seconds without a message after which a topic is called silent."""

SAY_AFTER = 5.0
"""Seconds without a message after which that is said in the log; once, until a message comes."""

SOURCE_SILENT = (
    "the publisher has stopped, or Fast DDS cannot carry its messages (set FASTDDS_DEFAULT_PROFILES_FILE to this "
    "package's config/fastdds.xml for the publisher too)"
)
ANSWERS_SILENT = "the node that answers there has stopped, or waits for its own input (see /diagnostics)"
PUBLISHERS = 16
"""Of so many publishers it is known which message was the last; there should be one."""


class Listener:
    """Subscribes a topic until `close`, and tells how it is heard.

    Args:
        node: that subscribes.
        kind: type of the messages.
        topic: relative; it is resolved as `topics.resolve` does.
        take: takes each message, in the executor's thread.
        profile: quality of service, which users can override.
        raw: whether messages come as serialised bytes.
        remedy: what to do where nobody publishes it, besides remapping; '' for nothing.
    """

    def __init__(
        self,
        node: ManagedNode,
        kind: type,
        topic: str,
        take: Callable[[Any], None],
        profile: QoSProfile,
        raw: bool = False,
        remedy: str = "",
    ) -> None:
        self._remedy = f": {remedy}" if remedy else ""
        self.topic = topics.resolve(node, topic)
        self._reported = 0
        self._missing = 0
        self._numbers: dict[bytes, int] = {}
        self._node, self._kind, self._take = node, kind, take
        self._last = time.monotonic()
        self._said = False
        self._incompatible = ""
        self._subscription = self._subscribe(profile, raw)

    def close(self) -> None:
        """Listen no more."""
        self._node.destroy_subscription(self._subscription)

    @property
    def lost(self) -> int:
        """Messages that were published since one was heard, and that never came: on the way, or replaced by newer ones.

        Known where the middleware numbers messages, or where it reports what it loses.
        """
        return max(self._reported, self._missing)

    def problem(self) -> str:
        """Reason why nothing is heard, or why several sources are heard; '' if all is well."""
        if self._incompatible:
            return self._incompatible
        publishers = self._subscription.get_publisher_count()
        silent = time.monotonic() - self._last
        if silent < SILENCE:
            return self._explain_crowd() if publishers > 1 else ""
        problem = self._explain_silence(publishers, silent)
        if silent >= SAY_AFTER and not self._said:
            self._said = True
            self._node.warn(problem, f"{self.topic} silence")
        return problem

    def _subscribe(self, profile: QoSProfile, raw: bool) -> Any:
        def subscribe(**events: Any) -> Any:
            return self._node.create_subscription(
                self._kind,
                self.topic,
                self._receive,
                profile,
                raw=raw,
                event_callbacks=SubscriptionEventCallbacks(incompatible_qos=self._on_incompatible, **events),
                qos_overriding_options=QoSOverridingOptions.with_default_policies(),
            )

        try:
            return subscribe(message_lost=self._on_lost)
        except UnsupportedEventTypeError:  # a middleware that cannot tell
            return subscribe()

    def _receive(self, message: object, about: Mapping[str, object]) -> None:
        self._last = time.monotonic()
        self._count(about)
        self._said = False
        self._incompatible = ""  # whoever could not be heard has been replaced
        self._take(message)

    def _count(self, about: Mapping[str, Any]) -> None:
        """Count the numbers that are missing between the last message of a publisher and this one."""
        number = about.get("publication_sequence_number")
        if number is None:
            return
        publisher = bytes(about.get("publisher_gid", {}).get("data", b""))
        self._missing += max(number - self._numbers.pop(publisher, number) - 1, 0)
        self._numbers[publisher] = number
        if len(self._numbers) > PUBLISHERS:
            del self._numbers[next(iter(self._numbers))]

    def _on_lost(self, event: QoSMessageLostInfo) -> None:
        self._reported = event.total_count

    def _on_incompatible(self, event: QoSRequestedIncompatibleQoSInfo) -> None:
        reason = qos.explain_incompatible(QoSPolicyKind(event.last_policy_kind))
        self._incompatible = f"a publisher of {self.topic} cannot be heard: {reason}"
        self._node.warn(self._incompatible, f"{self.topic} quality of service")

    def _explain_crowd(self) -> str:
        names = topics.publishers(self._node, self.topic)
        if len(names) < 2:
            return ""
        problem = f"{len(names)} publishers mix their messages on {self.topic}: {', '.join(names)}; remap all but one"
        self._node.warn(problem, f"{self.topic} publishers")
        return problem

    def _explain_silence(self, publishers: int, silent: float) -> str:
        if publishers:
            reason = ANSWERS_SILENT if self._kind.__module__.startswith("opendr_perception.") else SOURCE_SILENT
            return f"{publishers} publisher(s) of {self.topic}, but nothing arrived for {silent:.0f} s: {reason}"
        there = topics.others(self._node, self._kind, self.topic)
        instead = f"; of its type there is {there}: remap to it" if there else ""
        return f"nobody publishes {self.topic}{self._remedy}{instead}"
