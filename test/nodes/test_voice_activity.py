"""The node `voice_activity`: sound in, voices out, whatever happens to the sound on its way."""

from __future__ import annotations

import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from opendr_perception.msg import Audio, NodeStatistics, VoiceArray
from std_msgs.msg import Bool, Header

from opendr_perception.nodes.voice_activity import VoiceActivity
from opendr_perception.tasks.sound.pcm import encode
from opendr_perception.tasks.sound.recording import read_sound

DATA = next(
    (up / "shared" / "data" for up in Path(__file__).parents if (up / "shared" / "data").is_dir()), Path("none")
)
EMODB = DATA / "emodb"
SECOND = 10**9


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    """Two seconds of a real voice between half a second of silence, 16 kHz."""
    files = sorted(EMODB.glob("*.flac"))
    if not files:
        pytest.skip(f"real speech is not here: {EMODB}")
    quiet = np.zeros(8000, np.float32)
    return np.concatenate([quiet, read_sound(files[0], 16000), quiet, quiet])


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.05, 32000).astype(np.float32)


class Microphone:
    """Publishes sound in chunks, stamped from 1000 s on."""

    def __init__(self, graph: Any, topic: str = "audio") -> None:
        self._graph = graph
        self._publisher = graph.publisher(Audio, topic)
        self.results = graph.listen(VoiceArray, topic.replace("audio", "voices"))
        self.sent = 0

    def message(self, samples: np.ndarray, **changes: Any) -> Audio:
        stamp = 1000 * SECOND + round(self.sent / 16000 * SECOND)
        whole = {"sample_rate": 16000, "channels": 1, "encoding": "S16LE", "data": encode(samples[:, None], "S16LE")}
        message = Audio(**{**whole, **changes})
        message.header = Header(frame_id="ear")
        message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp, SECOND)
        return message

    def send(self, samples: np.ndarray, size: int = 1600, wait: bool = True) -> list[VoiceArray]:
        """Send samples; gives the results for all that has been sent."""
        for place in range(0, len(samples), size):
            part = samples[place : place + size]
            self.publish(self.message(part))
            self.sent += len(part)
            if wait:  # the graph's publishers keep few messages
                self.results.wait(self.sent // 512)
        return list(self.results.messages)

    def publish(self, message: Audio) -> None:
        self._publisher.publish(message)


def start(graph: Any, **parameters: Any) -> Microphone:
    graph.run(VoiceActivity, audio_type="Audio", **parameters)
    return Microphone(graph)


def test_a_voice_begins_and_ends_at_its_time(graph: Any, speech: np.ndarray) -> None:
    statistics = graph.listen(NodeStatistics, "voice_activity/statistics")
    results = start(graph).send(speech)
    stamps = [m.header.stamp.sec * SECOND + m.header.stamp.nanosec for m in results]
    assert stamps == [1000 * SECOND + 32_000_000 * k for k in range(1, len(results) + 1)]
    assert {m.header.frame_id for m in results} == {"ear"}
    speaking = [bool(m.voices and m.voices[0].speaking) for m in results]
    first, last = speaking.index(True), len(speaking) - speaking[::-1].index(True)
    assert 0.5 <= first * 0.032 < 1.2
    assert not any(speaking[:10])
    assert 2.0 < last * 0.032 <= 3.3
    voice = results[first].voices[0]
    assert (voice.voice_id, voice.face_id) == ("1", "")
    assert 0.5 <= voice.score <= 1
    assert 0.1 <= voice.since.sec + voice.since.nanosec * 1e-9 < 0.2
    counts = statistics.find(lambda m: m.processed == -(-len(speech) // 1600), "count of all messages")
    assert counts.received == counts.processed


def test_own_speech_is_not_heard(graph: Any, speech: np.ndarray) -> None:
    graph.run(VoiceActivity, audio_type="Audio", own_speech="robot_speaks")
    gate = graph.publisher(Bool, "robot_speaks")
    microphone = Microphone(graph)
    gate.publish(Bool(data=True))
    node = graph.observer
    graph.wait(lambda: node.count_subscribers(f"{graph.namespace}/robot_speaks") == 1, lambda: "no gate")
    microphone.send(speech[:1600])  # the gate was sent before
    results = microphone.send(speech[1600:])
    assert not any(voice.speaking for m in results[8:] for voice in m.voices)


def test_bad_sound_is_told_and_costs_the_good_nothing(graph: Any, noise: np.ndarray) -> None:
    microphone = start(graph)
    microphone.publish(microphone.message(noise[:100], encoding="OPUS"))
    microphone.publish(microphone.message(noise[:100], channels=7))
    nan = struct.pack("<f", np.nan) * 1600
    microphone.publish(microphone.message(noise, encoding="F32LE", data=nan))
    microphone.sent += 1600
    results = microphone.send(noise)
    assert len(results) == (1600 + len(noise)) // 512
    graph.diagnosis("voice_activity", rejected=2, processed=21)


def test_a_stream_that_changes_its_format_begins_anew_and_goes_on(graph: Any, noise: np.ndarray) -> None:
    microphone = start(graph)
    microphone.send(noise[:16000])
    before = len(microphone.results.messages)
    stereo = np.repeat(noise[:, None], 2, 1)
    for place in range(0, 32000, 3200):
        part = stereo[place : place + 3200]
        microphone.publish(microphone.message(noise, channels=2, data=encode(part, "S16LE")))
        microphone.sent += 3200
        microphone.results.wait(before + (place + 3200) // 512)
    graph.diagnosis("voice_activity", restarts=1)


def test_chunks_of_one_sample_and_of_ten_seconds_are_heard_and_digital_silence_is_told(
    graph: Any, noise: np.ndarray
) -> None:
    microphone = start(graph)
    microphone.send(np.zeros(160_000, np.float32), size=160_000)
    microphone.send(np.zeros(16_000, np.float32), size=16_000)
    graph.diagnosis("voice_activity", "digital silence for 11 s: is the microphone muted?")
    for sample in noise[:64]:
        microphone.publish(microphone.message(sample[None]))
        microphone.sent += 1
    results = microphone.send(noise[:6400])
    assert len(results) == (176_064 + 6400) // 512


def test_stamps_that_go_back_begin_the_stream_anew(graph: Any, noise: np.ndarray) -> None:
    microphone = start(graph)
    assert len(microphone.send(noise)) == 62
    microphone.sent = 0
    for place in range(0, 16000, 1600):
        microphone.publish(microphone.message(noise[place : place + 1600]))
        microphone.sent += 1600
        microphone.results.wait(62 + microphone.sent // 512)
    graph.diagnosis("voice_activity", restarts=1)
    assert microphone.results.messages[-1].header.stamp.sec == 1000


@pytest.mark.parametrize(
    ("share", "line"), [(2, "are two channels declared as one?"), (0.5, "the rate is wrong or samples are lost")]
)
def test_a_rate_or_channels_that_are_not_what_comes_are_told(graph: Any, share: float, line: str) -> None:
    microphone = start(graph, max_gap=0.1)
    for _ in range(8):  # a second each, by its stamp
        microphone.publish(microphone.message(np.zeros(round(16000 * share), np.float32) + 0.01))
        microphone.sent += 16000
    graph.diagnosis("voice_activity", line)


def test_two_publishers_of_one_topic_are_told(graph: Any, noise: np.ndarray) -> None:
    microphone = start(graph)
    microphone.send(noise[:3200])
    Microphone(graph)
    graph.diagnosis("voice_activity", "2 publishers of one topic are mixed: give each a stream of its own")


def test_microphones_do_not_disturb_each_other(graph: Any, speech: np.ndarray) -> None:
    graph.run(VoiceActivity, audio_type="Audio", streams=["left", "right"])
    left, right = Microphone(graph, "left/audio"), Microphone(graph, "right/audio")
    heard = left.send(speech)
    quiet = right.send(np.zeros(16000, np.float32))
    assert any(voice.speaking for m in heard for voice in m.voices)
    assert not any(m.voices for m in quiet)


def test_the_type_of_the_messages_is_that_of_the_publisher(graph: Any, noise: np.ndarray) -> None:
    graph.run(VoiceActivity)
    graph.diagnosis("voice_activity", "nobody publishes")
    results = Microphone(graph).send(noise[:8000])
    assert len(results) >= 15


def test_a_package_that_is_missing_is_told(graph: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "foxglove_msgs.msg", None)
    graph.run(VoiceActivity, audio_type="RawAudio")
    graph.diagnosis("voice_activity", "foxglove_msgs, which is not installed: install ros-")


def test_the_sound_of_foxglove_is_heard(graph: Any, noise: np.ndarray) -> None:
    kind = pytest.importorskip("foxglove_msgs.msg", reason="foxglove_msgs is not installed").RawAudio
    graph.run(VoiceActivity, audio_type="RawAudio")
    results = graph.listen(VoiceArray, "voices")
    publisher = graph.publisher(kind, "audio")
    for number in range(10):
        samples = encode(noise[1600 * number :][:1600, None], "S16LE")
        message = kind(data=samples, format="pcm-s16", sample_rate=16000, number_of_channels=1)
        message.timestamp.sec, message.timestamp.nanosec = divmod(1000 * SECOND + number * SECOND // 10, SECOND)
        publisher.publish(message)
        found = results.wait(1600 * (number + 1) // 512)
    assert found[0].header.stamp.sec == 1000
    graph.diagnosis("voice_activity", processed=10, restarts=0)
