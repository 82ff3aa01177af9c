"""Sound of voices, passed on while somebody wants it: what the microphone hears while a voice speaks, not separated."""

from __future__ import annotations

from collections import deque

from rclpy.subscription import Subscription

from opendr_perception.msg import Audio
from opendr_perception.ros.convert import stamps
from opendr_perception.ros.node import ManagedNode, qos
from opendr_perception.ros.topics import names
from opendr_perception.tasks.sound import decode, encode

MOST = 64
"""Pieces of sound that are kept until it is known who speaks in them."""


class VoiceSounds:
    """Keeps the newest sound of one stream, until `close`.

    Args:
        node: that subscribes.
        stream: the prefix of the topics; '' for none.
    """

    def __init__(self, node: ManagedNode, stream: str) -> None:
        self._node, self._stream = node, stream
        self._pieces: deque[tuple[int, bytes]] = deque(maxlen=MOST)
        self._subscription: Subscription | None = None

    def close(self) -> None:
        """Subscribe nothing any more."""
        self.want(False)

    def want(self, wanted: bool) -> None:
        """Begin or end to subscribe the sound."""
        if wanted and self._subscription is None:
            name = names.resolve(self._node, f"{self._stream}/audio" if self._stream else "audio")
            profile = qos.newest(self._node.params.qos_reliability, MOST)
            self._subscription = self._node.create_subscription(Audio, name, self._take, profile)
        elif not wanted and self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
            self._subscription = None
            self._pieces.clear()

    def until(self, stamp: int) -> list[bytes]:
        """The pieces that begin before a stamp in ns and were not asked for yet: one channel, S16LE, in their rate."""
        found = []
        while self._pieces and self._pieces[0][0] < stamp:
            found.append(self._pieces.popleft()[1])
        return found

    def _take(self, message: Audio) -> None:
        try:
            samples = decode(bytes(message.data), message.encoding, message.channels)
            stamp = stamps.nanoseconds(message.header.stamp)
        except ValueError as error:
            self._node.warn(f"sound of voices: {error}", "audio")
            return
        if self._pieces and stamp < self._pieces[-1][0]:  # time went back
            self._pieces.clear()
        self._pieces.append((stamp, encode(samples.mean(axis=1, keepdims=True), "S16LE")))
