"""The people of an image wait for what other nodes find in it: poses, faces, actions, emotions, voices, the image.

Who is slower than `persons`, or leaves out images, is waited for no longer than needed: until something newer has come
from it, or the time is over. What comes with other stamps is taken where it is near enough.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.qos import QoSProfile
from rclpy.subscription import Subscription
from sensor_msgs.msg import Image as ImageMessage

from opendr_perception.msg import ActionArray, BodyPoseArray, DetectionArray, EmotionArray, FaceArray, VoiceArray
from opendr_perception.ros.convert import images, stamps
from opendr_perception.ros.node import ManagedNode, qos
from opendr_perception.ros.topics import names

KINDS: dict[str, type] = {
    "poses": BodyPoseArray,
    "faces": FaceArray,
    "actions": ActionArray,
    "emotions": EmotionArray,
    "voices": VoiceArray,
    "depth/image": ImageMessage,
}
"""Message types that are joined, by topic, besides the camera's images."""
IMAGE = "image"
LIMIT = 16
"""Messages of each kind that are kept, and images whose people wait."""
LIMITS = {"voices": 64}
"""Of kinds of which more come than images: there is one of voices for each 32 ms."""
OWN_STAMPS = ("voices", "depth/image")
"""Kinds whose stamps are near to those of images, not the same: they do not tell who is late from another clock."""
ALIVE = 2.0
"""Seconds since which something must have come for it to be waited for."""
LOOK_EVERY = 0.03
"""Seconds after which it is looked whether somebody has waited long enough."""
MISSES = 10
"""Images in a row without a result of a node that is there, after which that is said."""
UNJOINED = 3
"""Messages in a row that were not joined, of a node that does not only leave out images."""
KNOWN = 256
"""Stamps that are remembered, to tell who is late from who sees other images."""


KeptT = TypeVar("KeptT")
StampedT = TypeVar("StampedT", bound=stamps.Stamped)


@dataclass(frozen=True)
class Joined:
    """The people of an image, and what else is known of it.

    Args:
        persons: the message.
        others: messages by their kind; the image as serialised bytes.
    """

    persons: DetectionArray
    others: Mapping[str, Any]


@dataclass
class CompanionSource:
    """Messages that have come of one kind.

    Args:
        messages: the newest ones by their stamps, ns.
        heard: when the last one came, monotonic s.
        limit: messages that are kept.
        exact: whether stamps are those of images.
        misses: images in a row to which none belongs.
        offset: seconds from the last such image to the nearest one.
        unjoined: messages that have come since one was joined.
        stamps: of the last messages, ns.
    """

    messages: dict[int, object] = field(default_factory=dict)
    heard: float = float("-inf")
    limit: int = LIMIT
    exact: bool = True
    misses: int = 0
    offset: float = 0.0
    unjoined: int = 0
    stamps: deque[int] = field(default_factory=lambda: deque(maxlen=KNOWN))

    def take(self, stamp: int, message: object) -> None:
        """Take note of a message."""
        if self.messages and stamp < max(self.messages) - 10**9:  # time went back
            self.messages.clear()
            self.stamps.clear()
        self.messages[stamp] = message
        self.stamps.append(stamp)
        self.unjoined += 1
        self.heard = time.monotonic()
        while len(self.messages) > self.limit:
            del self.messages[next(iter(self.messages))]

    def settled(self, stamp: int) -> bool:
        """True if nothing more will come for an image."""
        return time.monotonic() - self.heard > ALIVE or any(known >= stamp for known in self.messages)

    def of(self, stamp: int, tolerance: int) -> object | None:
        """The message of an image, or one that is near enough."""
        if not self.messages:
            return None
        nearest = min(self.messages, key=lambda known: abs(known - stamp))
        found = abs(nearest - stamp) <= tolerance
        if found:
            self.misses = self.unjoined = 0
        elif time.monotonic() - self.heard <= ALIVE:
            self.misses += 1
            self.offset = (nearest - stamp) * 1e-9
        return self.messages[nearest] if found else None

    def problem(self, topic: str, people: Set[int], wait: float) -> str:
        """The reason that messages which come are not joined, in words; '' where they are, or are few.

        Args:
            topic: their name.
            people: stamps of the last people, ns. Messages that share one are of the same camera, and come too late.
            wait: seconds for which people wait.
        """
        if self.misses < MISSES or self.unjoined < UNJOINED or time.monotonic() - self.heard > ALIVE:
            return ""
        apart = f"{abs(self.offset):.2f} s"
        if people.isdisjoint(self.stamps):
            way = "ahead of" if self.offset > 0 else "behind"
            cause = "both must be of one camera, with its stamps" if self.exact else "it is late, or has another clock"
            return f"{topic} is {apart} {way} persons, and is not joined: {cause}"
        if self.offset > 0:
            return f"persons come {apart} later than the last {self.limit} of {topic}: give their node less to do"
        return (
            f"{topic} is {apart} behind when people have waited {wait:g} s for it, and is not joined: give its node "
            "less to do, or raise wait"
        )


class Companions(Generic[KeptT]):
    """Subscribes what belongs to the people of one stream, until `close`. Everything in the executor's thread.

    Args:
        node: that subscribes; its parameters say how long to wait and how near stamps must be.
        stream: the prefix of the topics; '' for none.
        deliver: takes what was kept with the people, and all that belongs to them.
    """

    def __init__(self, node: ManagedNode, stream: str, deliver: Callable[[KeptT, Joined], None]) -> None:
        self._node, self._stream, self._deliver = node, stream, deliver
        self._waiting: dict[int, tuple[float, KeptT, DetectionArray]] = {}
        self._people: deque[int] = deque(maxlen=KNOWN)
        self._sources = {
            kind: CompanionSource(limit=LIMITS.get(kind, LIMIT), exact=kind not in OWN_STAMPS) for kind in KINDS
        }
        self._subscriptions = [self._subscribe(kind, message_type) for kind, message_type in KINDS.items()]
        if node.params.appearance:
            self._sources[IMAGE] = CompanionSource()
            self._subscriptions.append(self._subscribe_images())
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = node.create_timer(LOOK_EVERY, self.release, clock=steady)

    def close(self) -> None:
        """Listen no more; who waits is let go."""
        self._node.destroy_timer(self._timer)
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)

    def offer(self, kept: KeptT, persons: DetectionArray) -> None:
        """The people of an image have come."""
        stamp = stamps.nanoseconds(persons.header.stamp)
        self._people.append(stamp)
        self._waiting[stamp] = (time.monotonic(), kept, persons)
        self.release()
        if len(self._waiting) > LIMIT:
            self._let_go(next(iter(self._waiting)))

    def release(self) -> None:
        """Let those go who wait for nothing any more, in the order in which they came."""
        for stamp, (since, _, _) in list(self._waiting.items()):
            over = time.monotonic() - since >= self._node.params.wait
            if not over and not all(source.settled(stamp) for source in self._sources.values()):
                return
            self._let_go(stamp)

    def problem(self) -> str:
        """The topics whose messages come and are not joined, and why, in words; '' for none."""
        people, wait = set(self._people), self._node.params.wait
        told = (source.problem(self._topic(kind), people, wait) for kind, source in self._sources.items())
        return "; ".join(filter(None, told))

    def heard(self) -> list[str]:
        """The kinds that come."""
        return [kind for kind, source in self._sources.items() if time.monotonic() - source.heard <= ALIVE]

    def _let_go(self, stamp: int) -> None:
        _, kept, persons = self._waiting.pop(stamp)
        tolerance = round(self._node.params.stamp_tolerance * 1e9)
        others = {kind: source.of(stamp, 0 if kind == IMAGE else tolerance) for kind, source in self._sources.items()}
        self._deliver(kept, Joined(persons, {kind: one for kind, one in others.items() if one is not None}))

    def _take(self, kind: str, stamp: int, message: object) -> None:
        self._sources[kind].take(stamp, message)
        self.release()

    def _subscribe(self, kind: str, message_type: type[StampedT]) -> Subscription:
        def receive(message: StampedT) -> None:
            try:
                self._take(kind, stamps.nanoseconds(message.header.stamp), message)
            except ValueError as error:
                self._node.warn(f"{self._topic(kind)}: {error}", f"{self._topic(kind)} stamp")

        return self._node.create_subscription(message_type, self._topic(kind), receive, self._profile())

    def _subscribe_images(self) -> Subscription:
        message_type = images.TRANSPORTS[self._node.params.image_transport][0]
        topic = self._topic(IMAGE)

        def receive(data: bytes) -> None:
            try:
                self._take(IMAGE, images.read_stamp(data), data)
            except ValueError as error:
                self._node.warn(f"{topic}: {error}", f"{topic} stamp")

        return self._node.create_subscription(message_type, topic, receive, self._profile(), raw=True)

    def _profile(self) -> QoSProfile:
        return qos.newest(self._node.params.qos_reliability, depth=LIMIT)

    def _topic(self, name: str) -> str:
        name = images.TRANSPORTS[self._node.params.image_transport][2] if name == IMAGE else name
        return names.resolve(self._node, f"{self._stream}/{name}" if self._stream else name)
