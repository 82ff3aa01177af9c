"""The node `audio_source`: every sample of what it plays arrives, at its time, and it says what it cannot play."""

from __future__ import annotations

import sys
import wave
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from opendr_perception.msg import Audio
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from opendr_perception.nodes.audio_source import AudioSource
from opendr_perception.tasks.sound.pcm import decode

RATE, COUNT = 8000, 4000
SOUND = (20000 * np.sin(np.arange(2 * COUNT) / 7)).astype(np.int16).reshape(COUNT, 2)
STAMP = 1_000_000_000_000
DEFINITION = (Path(__file__).parents[2] / "msg" / "Audio.msg").read_text()


def write_wave(path: Path) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(SOUND.tobytes())
    return path


def write_bag(path: Path) -> Path:
    """40 messages of 100 samples; the third claims an encoding that nobody knows."""
    types = get_typestore(Stores.ROS2_JAZZY)
    types.register(get_types_from_msg(DEFINITION, "opendr_perception/msg/Audio"))
    stamp, header = types.types["builtin_interfaces/msg/Time"], types.types["std_msgs/msg/Header"]
    with Writer(path, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        topic = writer.add_connection("/mic/audio", "opendr_perception/msg/Audio", typestore=types)
        for k in range(COUNT // 100):
            time = STAMP + k * 12_500_000
            message = types.types["opendr_perception/msg/Audio"](
                header=header(stamp(time // 10**9, time % 10**9), "recorded_ear"),
                sample_rate=RATE,
                channels=2,
                encoding="MP3" if k == 2 else "S16LE",
                data=np.frombuffer(SOUND[100 * k : 100 * k + 100].tobytes(), np.uint8),
            )
            writer.write(topic, time, types.serialize_cdr(message, "opendr_perception/msg/Audio"))
    return path


def play(graph: Any, path: Path | str, **parameters: Any) -> Any:
    """The sound of a source that starts when it is listened to."""
    graph.run(AudioSource, path=str(path), autostart=False, **parameters)
    assert graph.change_state("audio_source", "configure")
    sound = graph.listen(Audio, "audio", publishers=1)
    assert graph.change_state("audio_source", "activate")
    return sound


def nanoseconds(message: Audio) -> int:
    return int(message.header.stamp.sec * 10**9 + message.header.stamp.nanosec)


def samples(messages: list[Audio]) -> np.ndarray:
    return np.concatenate([decode(bytes(m.data), m.encoding, m.channels) for m in messages])


@pytest.mark.parametrize("encoding", ["S16LE", "F32LE"])
def test_every_sample_of_a_file_comes_once_at_its_time(graph: Any, tmp_path: Path, encoding: str) -> None:
    before = graph.observer.get_clock().now().nanoseconds
    sound = play(graph, write_wave(tmp_path / "sound.wav"), encoding=encoding)
    messages = sound.wait(25)
    graph.diagnosis("sound.wav", "the recording has ended", published=25)
    np.testing.assert_allclose(samples(messages), SOUND / 2.0**15, atol=1e-6)
    assert {(m.sample_rate, m.channels, m.encoding) for m in messages} == {(RATE, 2, encoding)}
    assert {m.header.frame_id for m in messages} == {"microphone"}
    stamps = [nanoseconds(message) for message in messages]
    assert before <= stamps[0]
    distances = np.diff(stamps) * 1e-9
    assert np.abs(np.median(distances) - 0.02) < 0.002
    assert stamps[-1] + 20_000_000 <= graph.observer.get_clock().now().nanoseconds, "no sound comes before it was"


def test_a_loop_goes_on_without_a_gap(graph: Any, tmp_path: Path) -> None:
    sound = play(graph, write_wave(tmp_path / "sound.wav"), loop=True, chunk=0.07)
    messages = sound.wait(12)[:12]
    expected = np.concatenate([SOUND] * 3)[: 12 * 560] / 2.0**15
    np.testing.assert_allclose(samples(messages), expected, atol=1e-6)


def test_a_bag_keeps_its_stamps_and_what_cannot_be_read_is_left_out(graph: Any, tmp_path: Path) -> None:
    sound = play(graph, write_bag(tmp_path / "bag"))
    messages = sound.wait(39)
    assert [nanoseconds(m) for m in messages] == [STAMP + k * 12_500_000 for k in range(40) if k != 2]
    assert {m.header.frame_id for m in messages} == {"recorded_ear"}
    graph.diagnosis("bag", "/mic/audio: the encoding 'MP3' is not supported", skipped=1, published=39)


def test_a_microphone_is_stamped_with_when_it_was_heard(graph: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stream:
        def __init__(self, **options: Any) -> None:
            assert options == {"samplerate": 16000, "channels": 1, "device": "USB", "dtype": "float32"}

        def start(self) -> None:
            pass

        def read(self, count: int) -> tuple[np.ndarray, bool]:
            import time

            time.sleep(count / 16000)
            return np.full((count, 1), 0.5, np.float32), False

        def close(self) -> None:
            pass

    monkeypatch.setitem(sys.modules, "sounddevice", SimpleNamespace(InputStream=Stream, PortAudioError=OSError))
    sound = play(graph, "microphone:USB", chunk=0.05)
    messages = sound.wait(5)
    now = graph.observer.get_clock().now().nanoseconds
    assert np.all(samples(messages) == 0.5)
    assert 0.04 < (now - nanoseconds(messages[-1])) * 1e-9 < 5
    assert graph.change_state("audio_source", "deactivate")


@pytest.mark.parametrize(
    ("content", "problem"),
    [(None, "there is no such file"), (b"no sound at all", "Invalid data"), (b"", "Invalid data")],
    ids=["missing", "text", "empty"],
)
def test_what_is_no_sound_is_told_when_it_is_configured(
    graph: Any, tmp_path: Path, content: bytes | None, problem: str
) -> None:
    path = tmp_path / "sound.wav"
    if content is not None:
        path.write_bytes(content)
    graph.run(AudioSource, path=str(path))
    graph.diagnosis("audio_source", problem)
    assert graph.state("audio_source") == "unconfigured"


def test_a_microphone_without_its_library_says_what_to_install(
    graph: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    graph.run(AudioSource, path="microphone")
    graph.diagnosis("audio_source", "sudo apt install libportaudio2")
