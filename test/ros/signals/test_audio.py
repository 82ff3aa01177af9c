"""Sound is read from all messages that ROS 2 systems publish it by, and what cannot be read is said in one line."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from opendr_perception.msg import Audio
from std_msgs.msg import Header

from opendr_perception.ros.signals import audio
from opendr_perception.ros.signals.audio import message_type
from opendr_perception.ros.signals.sources import AudioSamples
from opendr_perception.tasks.sound.messages import Format, read
from opendr_perception.tasks.sound.pcm import encode

ARRIVED = 5_000_000_000
SAMPLES = np.array([[0.5, -0.25], [0.0, 0.75], [-0.875, 0.125]], np.float32)
KNOWN = Format(8000, 2, "S16LE")
STAMP = Time(sec=3, nanosec=7)
HEADER = Header(stamp=STAMP, frame_id="mic")
S16 = encode(SAMPLES, "S16LE")


def port_audio(number: int, field: str, values: list[float]) -> Any:
    info = SimpleNamespace(format=number, channels=2, rate=44100, chunk=3)
    data = SimpleNamespace(float32_data=[], int32_data=[], int16_data=[], int8_data=[], uint8_data=[])
    setattr(data, field, values)
    return SimpleNamespace(header=HEADER, audio=SimpleNamespace(info=info, audio_data=data))


WHOLE = {
    "ours, 16 bits": Audio(header=HEADER, sample_rate=16000, channels=2, encoding="S16LE", data=S16),
    "ours, floats": Audio(header=HEADER, sample_rate=16000, channels=2, encoding="F32LE", data=SAMPLES.tobytes()),
    "ros-drivers": SimpleNamespace(header=HEADER, audio=SimpleNamespace(data=list(S16))),
    "foxglove": SimpleNamespace(timestamp=STAMP, data=S16, format="pcm-s16", sample_rate=48000, number_of_channels=2),
    "port audio 16": port_audio(8, "int16_data", (SAMPLES * 2**15).clip(-(2**15), 2**15 - 1).ravel().tolist()),
    "port audio float": port_audio(1, "float32_data", SAMPLES.ravel().tolist()),
}
RATES = dict(zip(WHOLE, (16000, 16000, 8000, 48000, 44100, 44100), strict=True))


@pytest.mark.parametrize("kind", WHOLE)
def test_every_message_gives_its_samples_at_their_time(kind: str) -> None:
    heard = read(WHOLE[kind], ARRIVED, KNOWN)
    np.testing.assert_allclose(heard.chunk.samples, SAMPLES, atol=1e-4)
    assert (heard.chunk.stamp, heard.chunk.rate, heard.chunk.loose) == (3_000_000_007, RATES[kind], False)
    assert heard.frame_id == ("" if kind == "foxglove" else "mic")


INFO = {"channels": 2, "sample_rate": 8000, "sample_format": "S16LE", "bitrate": 0, "coding_format": "wave"}


def test_what_audio_info_says_is_believed_instead_of_the_parameters() -> None:
    options = SimpleNamespace(audio_type="auto", sample_rate=44100, channels=1, sample_format="S8")
    source, message = AudioSamples(options), SimpleNamespace(data=S16)
    assert source.read(message, ARRIVED).chunk.rate == 44100
    source.tell(SimpleNamespace(**INFO))
    heard = source.read(message, ARRIVED).chunk
    np.testing.assert_allclose(heard.samples, SAMPLES, atol=1e-4)
    assert heard.rate == 8000
    ours_too = source.read(WHOLE["ours, floats"], ARRIVED).chunk
    assert ours_too.rate == 16000, "a message that tells its format needs nobody else to"


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"coding_format": "mp3"}, "the sound is coded as 'mp3': have it published as wave"),
        ({"sample_format": "S24_3LE"}, "the sample format 'S24_3LE'; known are"),
        ({"sample_rate": 0}, "a sample rate of 0 Hz"),
        ({"channels": 0}, "0 channels: must be 1 to 64"),
    ],
)
def test_an_audio_info_that_cannot_be_followed_is_refused(changes: dict[str, Any], line: str) -> None:
    source = AudioSamples(SimpleNamespace(audio_type="auto", sample_rate=8000, channels=2, sample_format="S16LE"))
    with pytest.raises(ValueError, match=line):
        source.tell(SimpleNamespace(**{**INFO, **changes}))
    assert source.read(SimpleNamespace(data=S16), ARRIVED).chunk.rate == 8000, "the parameters hold again"


def test_only_messages_without_a_format_have_an_info_beside_them(monkeypatch: pytest.MonkeyPatch) -> None:
    source = AudioSamples(SimpleNamespace(audio_type="auto"))
    monkeypatch.setattr(audio.importlib, "import_module", lambda name: SimpleNamespace(AudioInfo=Audio))
    beside = source.beside("AudioData")
    assert beside is not None
    assert (beside.topic, beside.type) == ("audio_info", Audio)
    assert source.beside("Audio") is None
    monkeypatch.setattr(audio.importlib, "import_module", lambda name: SimpleNamespace())
    assert source.beside("AudioData") is None, "the other package of that name"


def test_sound_without_a_stamp_ended_when_it_came_and_says_so() -> None:
    heard = read(SimpleNamespace(data=S16), ARRIVED, KNOWN)
    assert (heard.chunk.stamp, heard.chunk.loose) == (ARRIVED - 375_000, True)
    assert "no stamps" in heard.note
    unstamped = Audio(sample_rate=8000, channels=2, encoding="S16LE", data=S16)
    assert read(unstamped, ARRIVED, KNOWN).chunk.stamp == ARRIVED - 375_000


def ours(**changes: Any) -> Audio:
    whole = {"header": HEADER, "sample_rate": 16000, "channels": 2, "encoding": "S16LE", "data": S16}
    return Audio(**{**whole, **changes})


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (ours(encoding="MP3"), "the encoding 'MP3' is not supported; known are S8, S16LE, S32LE, F32LE"),
        (ours(data=S16[:-1]), "11 bytes are no whole number of S16LE samples of 2 channel"),
        (ours(data=b""), "0 bytes are no whole number"),
        (ours(channels=0), "0 channels: must be 1 to 64"),
        (ours(sample_rate=0), "a sample rate of 0 Hz"),
        (ours(sample_rate=4_000_000_000), "a sample rate of 4e"),
        (ours(header=Header(stamp=Time(sec=-1))), "the stamp is negative: -1.000 s"),
        (SimpleNamespace(**{**vars(WHOLE["foxglove"]), "format": "opus"}), "the format 'opus' is not supported"),
        (port_audio(4, "int8_data", [1]), "the PortAudio format 4 is not supported"),
        (port_audio(8, "int16_data", [1, 2, 3]), "3 samples are no whole number for 2 channel"),
        (SimpleNamespace(text="?"), "SimpleNamespace is no message of sound"),
    ],
    ids=lambda item: item if isinstance(item, str) else "",
)
def test_what_cannot_be_used_is_refused_in_one_line(message: Any, line: str) -> None:
    with pytest.raises(ValueError, match=line.replace("(", r"\(").replace("?", r"\?")) as refused:
        read(message, ARRIVED, KNOWN)
    assert "\n" not in str(refused.value)


def test_samples_that_are_no_numbers_are_silence_and_are_counted() -> None:
    values = SAMPLES.copy()
    values[1, 0], values[2, 1] = np.nan, np.inf
    heard = read(ours(encoding="F32LE", data=values.tobytes()), ARRIVED, KNOWN)
    assert heard.note.startswith("2 samples are no numbers")
    assert heard.chunk.samples[1, 0] == heard.chunk.samples[2, 1] == 0


def test_clipping_and_a_wrong_scale_are_told() -> None:
    assert "clipped" in read(ours(encoding="F32LE", data=np.ones(8, "f4").tobytes()), ARRIVED, KNOWN).note
    loud = np.full(8, 30000, "f4").tobytes()
    assert "is the encoding right" in read(ours(encoding="F32LE", data=loud), ARRIVED, KNOWN).note


def test_a_package_that_is_missing_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROS_DISTRO", "jazzy")
    monkeypatch.setitem(sys.modules, "foxglove_msgs.msg", None)
    with pytest.raises(ValueError, match="install ros-jazzy-foxglove-msgs"):
        message_type("RawAudio")
    other = SimpleNamespace(AudioData=type("AudioData", (), {}))
    monkeypatch.setattr(audio.importlib, "import_module", lambda name: other)
    with pytest.raises(ValueError, match="has no AudioStamped: install"):
        message_type("AudioStamped")
    assert message_type("AudioData") is other.AudioData
    assert message_type("Audio") is Audio
