"""Cost of hearing: the chain from a microphone to `voices`, and a step of sound classification."""

from __future__ import annotations

import statistics
import threading
import time

import numpy as np
import rclpy
from rclpy.node import Node
from rclpy.parameter import Parameter

from opendr_perception import zoo
from opendr_perception.bench.harness.extent import Extent
from opendr_perception.bench.harness.figure import Figure, smaller_is_better
from opendr_perception.bench.sound.endurance import endurance
from opendr_perception.bench.sound.speaking import speaking
from opendr_perception.bench.sound.step import CASE, step
from opendr_perception.engine.session import Session
from opendr_perception.msg import Audio, VoiceArray
from opendr_perception.nodes.voice_activity import VoiceActivity
from opendr_perception.ros.node import qos, spinning
from opendr_perception.tasks.signals import Resampler
from opendr_perception.tasks.sound import SpeechModel, VoiceDetector, VoiceSettings, decode, encode

RATE, CHUNK = 48000, 960
"""Of the microphone: 20 ms of two channels."""


def sound(extent: Extent) -> list[Figure]:
    """The case `sound`."""
    zoo.fetch(["silero-vad"])
    return [
        _share(extent.pick(60, 10, 1)),
        _latency(extent.pick(1000, 200, 20)),
        *step(extent.pick(200, 40, 2)),
        *endurance(extent.pick(100_000, 2_000, 40)),
        *(speaking(extent.pick(20, 2, 0)) if extent is not Extent.SMOKE else ()),
    ]


def _share(seconds: int) -> Figure:
    """The processor time of one microphone, from bytes to a decision, as a share of one core."""
    detector = VoiceDetector(SpeechModel(Session(zoo.require("silero-vad").path, threads=1)), VoiceSettings())
    resampler = Resampler(RATE, 16000)
    data = encode(np.random.default_rng(0).normal(0, 0.1, (CHUNK, 2)), "S16LE")
    began = time.process_time()
    for _ in range(seconds * RATE // CHUNK):
        samples = decode(data, "S16LE", 2).mean(1)
        for _ in detector.push(resampler.push(samples[:, None])[:, 0]):
            pass
    used = (time.process_time() - began) / seconds * 100
    return smaller_is_better(CASE, "voice activity, one microphone of 48 kHz stereo, share of a core", "%", used, 5.0)


class SoundSender(Node):
    """Publishes chunks as they are taken, and measures when it is known what they are."""

    def __init__(self) -> None:
        super().__init__("microphone")
        self._publisher = self.create_publisher(Audio, "audio", qos.newest("reliable", 100))
        self._answers = self.create_subscription(VoiceArray, "voices", self._on_voices, qos.result())
        self._data = encode(np.random.default_rng(0).normal(0, 0.1, (CHUNK, 2)), "S16LE")
        self.changed = threading.Condition()
        self.ages: list[float] = []

    def match(self, seconds: float) -> None:
        """Wait until what hears it is found, and is heard: what is sent before is lost.

        Raises:
            TimeoutError: it is not.
        """
        end = time.monotonic() + seconds
        while not (self._publisher.get_subscription_count() and self._answers.get_publisher_count()):
            if time.monotonic() > end:
                raise TimeoutError("voice_activity does not hear the microphone")
            time.sleep(0.01)

    def send(self) -> None:
        """Publish a chunk whose last sample was taken now."""
        message = Audio(sample_rate=RATE, channels=2, encoding="S16LE", data=self._data)
        begun = self.get_clock().now().nanoseconds - round(CHUNK / RATE * 1e9)
        message.header.stamp.sec, message.header.stamp.nanosec = divmod(begun, 10**9)
        self._publisher.publish(message)

    def _on_voices(self, message: VoiceArray) -> None:
        now = self.get_clock().now().nanoseconds
        with self.changed:
            self.ages.append((now - message.header.stamp.sec * 10**9 - message.header.stamp.nanosec) * 1e-9)
            self.changed.notify_all()

    def wait(self, count: int, seconds: float) -> None:
        """Wait until so many answers have come.

        Raises:
            TimeoutError: they have not.
        """
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.ages) >= count, seconds):
                raise TimeoutError(f"voice_activity gave {len(self.ages)} answers instead of {count}")


def _latency(chunks: int) -> Figure:
    """From the last sample of a step to the message about it, through ROS."""
    rclpy.init()
    microphone = SoundSender()
    node = VoiceActivity(parameter_overrides=[Parameter("audio_type", value="Audio")])
    with spinning([microphone, node]):
        if not node.start():
            raise RuntimeError("voice_activity does not start")
        microphone.match(10.0)
        due = time.monotonic()
        for _ in range(chunks):
            due += CHUNK / RATE
            time.sleep(max(due - time.monotonic(), 0))
            microphone.send()
        microphone.wait(chunks * CHUNK * 16000 // RATE // 512 - 2, 10.0)  # the resampler holds some samples back
    node.close()
    rclpy.shutdown()
    age = statistics.median(microphone.ages[len(microphone.ages) // 5 :]) * 1e3
    return smaller_is_better(CASE, "voice activity, sample in to voices out, chunks of 20 ms", "ms", age, 60.0)
