"""Node `audio_source`: plays a file, a microphone or a recorded bag as sound."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.time import Time
from std_msgs.msg import Header

from opendr_perception.msg import Audio
from opendr_perception.ros.node import ManagedNode, NodeParameters, main, parameter, qos
from opendr_perception.ros.signals import DEPTH, Player
from opendr_perception.tasks.sound import MOST_CHANNELS, RATES, Format, SoundChunk, encode, open_source

LATEST = 1.0
"""Seconds that it may lag behind, on a busy machine, before the sound is stamped later: no burst catches up more."""


@dataclass(frozen=True)
class Parameters(NodeParameters):
    """Parameters of `audio_source`."""

    path: str = parameter(
        "",
        "A sound file or film, a rosbag2 recording, 'microphone', or 'microphone:NAME' with a part of the device's "
        "name or its number. Must be given.",
        read_only=True,
    )
    chunk: float = parameter(
        0.02,
        "Seconds of sound in a message; those of a bag stay as they are.",
        minimum=0.001,
        maximum=10.0,
        read_only=True,
    )
    loop: bool = parameter(
        False,
        "Begin again at the end: a file without a gap, a bag with its stamps, which then go back.",
        read_only=True,
    )
    topic: str = parameter("", "Topic of a bag; empty takes the first one with sound.", read_only=True)
    sample_rate: int = parameter(
        16000,
        "Sample rate, Hz, of a microphone, and of messages of a bag that do not contain it.",
        minimum=RATES[0],
        maximum=RATES[1],
        read_only=True,
    )
    channels: int = parameter(
        1, "Channels of a microphone, and of such messages.", minimum=1, maximum=MOST_CHANNELS, read_only=True
    )
    encoding: str = parameter("S16LE", "Encoding of what is published.", choices=("S16LE", "F32LE"), read_only=True)
    frame_id: str = parameter(
        "microphone", "Coordinate frame of the sound, where the source does not give its own.", read_only=True
    )


class AudioSource(ManagedNode):
    """A recording or microphone -> audio.

    Sound of bags keeps its stamps; a file's is stamped with the moment at which it is due, a microphone's with the
    moment at which it was taken.
    """

    NAME = "audio_source"
    Parameters = Parameters

    def configure(self) -> None:
        if not self.params.path:
            raise ValueError("the parameter path is empty: give a file, a bag, or microphone")
        params = self.params
        known = Format(params.sample_rate, params.channels, "S16LE")
        self._player = Player(self, lambda: open_source(params.path, params.chunk, params.loop, params.topic, known))
        self._publisher = self.create_publisher(Audio, "audio", qos.newest("reliable", DEPTH))
        self.until_cleanup.callback(self.destroy_publisher, self._publisher)

    def activate(self) -> None:
        self.until_deactivate.callback(self._player.stop)
        self._player.start(self._play)

    def diagnose(self) -> Sequence[DiagnosticStatus]:
        return self._player.diagnose("sound is published") if self.stage == "active" else ()

    def _play(self, chunk: SoundChunk, start: float, stop: threading.Event) -> float:
        """Publish a chunk whose sound begins at `start` on the monotonic clock; gives when the next one does."""
        duration = len(chunk.samples) / chunk.rate
        if chunk.live is None and stop.wait(max(start + duration - time.monotonic(), 0)):
            return start  # sound is there when its last sample is
        now, steady = self.get_clock().now().nanoseconds, time.monotonic()
        began = steady - chunk.live if chunk.live is not None else max(start, steady - duration - LATEST)
        stamp = now - round((steady - began) * 1e9) if chunk.stamp is None else chunk.stamp
        header = Header(stamp=Time(nanoseconds=stamp).to_msg(), frame_id=chunk.frame_id or self.params.frame_id)
        self._publisher.publish(
            Audio(
                header=header,
                sample_rate=chunk.rate,
                channels=chunk.samples.shape[1],
                encoding=self.params.encoding,
                data=encode(chunk.samples, self.params.encoding),
            )
        )
        return began + duration


if __name__ == "__main__":
    main(AudioSource)
