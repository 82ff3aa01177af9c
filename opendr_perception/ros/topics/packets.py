"""One camera that sends packets of H.264 or H.265: they are decoded in order, in a thread, and published as images."""

from __future__ import annotations

import threading
from collections import deque
from types import ModuleType
from typing import Any, Protocol, TypeVar

from builtin_interfaces.msg import Time as TimeMessage
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.time import Time
from sensor_msgs.msg import Image as ImageMessage
from std_msgs.msg import Header

from opendr_perception.ros.convert import images, stamps
from opendr_perception.ros.node import ManagedNode, qos
from opendr_perception.ros.topics.listener import Listener
from opendr_perception.tasks.recordings.packets import PacketDecoder, codec_of

QUEUE = 30
"""Packets that wait for the decoder; if there are more, all are given up until the next key frame."""
PATIENCE = 1.0
"""Seconds that the decoder has to end when the node stops."""


class Packet(Protocol):
    """Fields of all packets."""

    data: bytes


class FfmpegPacket(Packet, Protocol):
    """Fields of ffmpeg_image_transport_msgs/FFMPEGPacket."""

    header: Header
    encoding: str


class FoxglovePacket(Packet, Protocol):
    """Fields of foxglove_msgs/CompressedVideo."""

    timestamp: TimeMessage
    frame_id: str
    format: str


PacketT = TypeVar("PacketT", bound=Packet, contravariant=True)


class PacketKind(Protocol[PacketT]):
    """A kind of packets."""

    package: str
    message: str
    topic: str

    def header(self, packet: PacketT) -> Header:
        """Stamp and frame of the image in a packet."""
        ...

    def encoding(self, packet: PacketT) -> str:
        """Name of the codec or encoder."""
        ...


class FfmpegPackets:
    """Packets of ffmpeg_image_transport."""

    package, message, topic = "ffmpeg_image_transport_msgs", "FFMPEGPacket", "image_raw/ffmpeg"

    def header(self, packet: FfmpegPacket) -> Header:
        return packet.header

    def encoding(self, packet: FfmpegPacket) -> str:
        return str(packet.encoding)


class FoxgloveVideo:
    """Packets of Foxglove's CompressedVideo."""

    package, message, topic = "foxglove_msgs", "CompressedVideo", "video"

    def header(self, packet: FoxglovePacket) -> Header:
        return Header(stamp=packet.timestamp, frame_id=packet.frame_id)

    def encoding(self, packet: FoxglovePacket) -> str:
        return str(packet.format)


KINDS: dict[str, PacketKind[Any]] = {"ffmpeg": FfmpegPackets(), "foxglove": FoxgloveVideo()}
"""Kinds of packets by the value of the parameter."""


class PacketStream:
    """Subscribes packets and publishes images while somebody subscribes these, until `close`.

    Args:
        node: whose stream it is.
        name: the prefix of its topics; '' for none.
        kind: of the packets.
        types: the module of their messages.
    """

    def __init__(self, node: ManagedNode, name: str, kind: PacketKind[Any], types: ModuleType) -> None:
        self._node, self._kind = node, kind
        self._decoder = PacketDecoder()
        self._frames: dict[int, str] = {}
        self._waiting: deque[Packet] = deque()
        self._changed = threading.Condition()
        self._closed = self._gap = False
        self._counts = dict.fromkeys(("received", "published", "damaged", "given up"), 0)
        self._problem, self._lost = "", 0
        prefix = f"{name}/" if name else ""
        self._images = node.create_publisher(ImageMessage, f"{prefix}image_raw", qos.newest("reliable", depth=2))
        profile = qos.newest(node.params.qos_reliability, depth=QUEUE)
        self._listener = Listener(node, getattr(types, kind.message), prefix + kind.topic, self._take, profile)
        self._thread = threading.Thread(target=self._work, name="video decoder", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Listen and publish no more."""
        self._listener.close()
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(PATIENCE)
        self._node.destroy_publisher(self._images)

    def diagnose(self) -> DiagnosticStatus:
        """Report what becomes of the packets."""
        problem = self._listener.problem() or self._problem
        self._problem = ""
        level = DiagnosticStatus.WARN if problem else DiagnosticStatus.OK
        values = {**self._counts, "lost": self._lost, "before a key frame": self._decoder.skipped}
        return self._node.status(self._listener.topic, level, problem or "packets are decoded", values)

    def _take(self, packet: Packet) -> None:
        with self._changed:
            self._counts["received"] += 1
            if self._listener.lost != self._lost:  # decoders make something up instead
                self._lost, self._gap = self._listener.lost, True
            if len(self._waiting) >= QUEUE or self._images.get_subscription_count() == 0:
                self._counts["given up"] += len(self._waiting) + 1
                self._waiting.clear()
                self._gap = True
                return
            self._waiting.append(packet)
            self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._waiting)
                if self._closed:
                    return
                packet, gap, self._gap = self._waiting.popleft(), self._gap, False
            if gap:
                self._decoder.reset()
            try:
                self._decode(packet)
            except Exception as error:  # noqa: BLE001 - whatever a packet does, the next key frame mends it
                self._decoder.reset()
                self._counts["damaged"] += 1
                self._problem = str(error)
                self._node.warn(f"{self._listener.topic}: {error}", f"{self._listener.topic} packets")

    def _decode(self, packet: Packet) -> None:
        header = self._kind.header(packet)
        stamp = stamps.nanoseconds(header.stamp)
        self._frames[stamp] = header.frame_id
        while len(self._frames) > QUEUE:
            del self._frames[next(iter(self._frames))]
        for frame in self._decoder.push(bytes(packet.data), codec_of(self._kind.encoding(packet)), stamp):
            told = Header(stamp=Time(nanoseconds=frame.stamp).to_msg(), frame_id=self._frames.get(frame.stamp, ""))
            if not self._closed:
                self._images.publish(images.to_message(frame.pixels, told))
                self._counts["published"] += 1
