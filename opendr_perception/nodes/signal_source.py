"""Node `signal_source`: plays a recorded signal, such as an electrocardiogram, as a sensor would."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.time import Time
from std_msgs.msg import Header

from opendr_perception.msg import Signal
from opendr_perception.ros.node import ManagedNode, NodeParameters, main, parameter, qos
from opendr_perception.ros.signals import DEPTH, Player
from opendr_perception.tasks.signals import SignalRecording, read_signal


@dataclass(frozen=True)
class Parameters(NodeParameters):
    """Parameters of `signal_source`."""

    path: str = parameter(
        "", "A .csv, .npz or .edf file, or the .hea file of a WFDB record. Must be given.", read_only=True
    )
    kind: str = parameter("ecg", "Kind of the signal: ecg, pcg, or another name.", read_only=True)
    rate: float = parameter(
        0.0, "Sample rate, Hz, where the file does not contain it; 0 takes the file's.", minimum=0.0, read_only=True
    )
    channels: tuple[str, ...] = parameter(
        (), "Names or numbers of the channels that are published, in this order; empty for all.", read_only=True
    )
    unit: str = parameter("", "Unit of the samples, where the file does not contain it, such as mV.", read_only=True)
    chunk: float = parameter(0.1, "Seconds of signal in a message.", minimum=0.001, maximum=10.0, read_only=True)
    loop: bool = parameter(False, "Begin again at the end, without a gap.", read_only=True)
    frame_id: str = parameter("sensor", "Coordinate frame of the signal.", read_only=True)


class RecordingSource:
    """Chunks (n, channels) of a recording.

    Args:
        path: of the file, for people.
        recording: what is played.
        seconds: of a chunk.
        loop: begin again at the end.
    """

    def __init__(self, path: str, recording: SignalRecording, seconds: float, loop: bool) -> None:
        self.path, self.skipped, self.problem = path, 0, ""
        self._samples, self._loop = recording.samples, loop
        self._size = max(round(seconds * recording.rate), 1)
        self._stopped = threading.Event()

    def __iter__(self) -> Iterator[np.ndarray]:
        place, length = 0, len(self._samples)
        while not self._stopped.is_set() and (self._loop or place < length):
            end = place + self._size
            rows = np.arange(place, end) % length if self._loop else np.arange(place, min(end, length))
            yield self._samples[rows]
            place = end % length if self._loop else end

    def stop(self) -> None:
        self._stopped.set()

    def close(self) -> None:
        self.stop()


class SignalSource(ManagedNode):
    """A recording -> signal, stamped with the moment at which it is due."""

    NAME = "signal_source"
    Parameters = Parameters

    def configure(self) -> None:
        params = self.params
        if not params.path:
            raise ValueError("the parameter path is empty: give a .csv, .npz, .edf or .hea file")
        recording = read_signal(Path(params.path).expanduser(), params.rate).pick(params.channels)
        self._recording = recording
        self._player = Player(self, lambda: RecordingSource(params.path, recording, params.chunk, params.loop))
        self._publisher = self.create_publisher(Signal, "signal", qos.newest("reliable", DEPTH))
        self.until_cleanup.callback(self.destroy_publisher, self._publisher)

    def activate(self) -> None:
        self.until_deactivate.callback(self._player.stop)
        self._player.start(self._play)

    def diagnose(self) -> Sequence[DiagnosticStatus]:
        return self._player.diagnose("the signal is published") if self.stage == "active" else ()

    def _play(self, samples: np.ndarray, start: float, stop: threading.Event) -> float:
        """Publish samples that begin at `start` on the monotonic clock; gives when the next ones do."""
        duration = len(samples) / self._recording.rate
        if stop.wait(max(start + duration - time.monotonic(), 0)):
            return start
        stamp = self.get_clock().now().nanoseconds - round((time.monotonic() - start) * 1e9)
        self._publisher.publish(
            Signal(
                header=Header(stamp=Time(nanoseconds=stamp).to_msg(), frame_id=self.params.frame_id),
                kind=self.params.kind,
                sample_rate=self._recording.rate,
                channels=samples.shape[1],
                unit=self._recording.unit or self.params.unit,
                data=samples.ravel().tolist(),
            )
        )
        return start + duration


if __name__ == "__main__":
    main(SignalSource)
