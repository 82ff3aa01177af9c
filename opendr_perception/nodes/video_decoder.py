"""Node `video_decoder`: images from H.264 and H.265, as cameras and recordings send them, once for all nodes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticStatus

from opendr_perception.ros.node import ManagedNode, NodeParameters, main, parameter
from opendr_perception.ros.outputs import messages
from opendr_perception.ros.topics import KINDS, PacketStream


@dataclass(frozen=True)
class Parameters(NodeParameters):
    """Parameters of `video_decoder`."""

    packets: str = parameter(
        "ffmpeg",
        "Kind of packets: ffmpeg takes ffmpeg_image_transport_msgs/FFMPEGPacket from image_raw/ffmpeg, foxglove takes "
        "foxglove_msgs/CompressedVideo from video.",
        choices=tuple(KINDS),
        read_only=True,
    )
    streams: tuple[str, ...] = parameter(
        ("",), "Names of the cameras: 'front' makes it publish front/image_raw.", read_only=True
    )
    qos_reliability: str = parameter(
        "reliable",
        "Requested reliability. A lost packet costs all images until the next key frame, so reliable is asked for; "
        "best_effort also hears cameras that offer no more.",
        choices=("best_effort", "reliable"),
        read_only=True,
    )


class VideoDecoder(ManagedNode):
    """image_raw/ffmpeg or video -> image_raw, while somebody subscribes it."""

    NAME = "video_decoder"
    Parameters = Parameters

    def __init__(self, **options: object) -> None:
        self._streams: list[PacketStream] = []
        super().__init__(**options)

    def configure(self) -> None:
        package = KINDS[self.params.packets].package
        if messages(package) is None:
            distribution = os.environ.get("ROS_DISTRO", "<distribution>")
            raise ValueError(f"{package} is not installed: apt install ros-{distribution}-{package.replace('_', '-')}")

    def activate(self) -> None:
        kind = KINDS[self.params.packets]
        types = messages(kind.package)
        assert types is not None  # `configure` has made sure of that
        self._streams = []
        for name in self.params.streams:
            self._streams.append(PacketStream(self, name, kind, types))
            self.until_deactivate.callback(self._streams[-1].close)

    def diagnose(self) -> Sequence[DiagnosticStatus]:
        return [stream.diagnose() for stream in self._streams] if self.stage == "active" else ()


if __name__ == "__main__":
    main(VideoDecoder)
