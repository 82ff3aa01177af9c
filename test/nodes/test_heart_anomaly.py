"""The node `heart_anomaly`: a signal or sound in, a judgement each second out, and a clear line where it is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from opendr_perception.msg import Audio, HeartState, Signal
from std_msgs.msg import Float32MultiArray, Header, MultiArrayLayout

from opendr_perception.nodes.heart_anomaly import HeartAnomaly
from opendr_perception.nodes.signal_source import SignalSource
from opendr_perception.tasks.sound.pcm import encode
from opendr_perception.training.signals.simulate import electrocardiogram, intervals, phonocardiogram

Models = dict[str, Path]
START, RATE = 1000 * 10**9, 300
ECG = electrocardiogram(intervals(40, 72, 0.03), RATE)[0]


def chunk(values: np.ndarray, start: float, rate: float = RATE, **changes: Any) -> Signal:
    """Values (n,) or (n, channels) that begin at seconds after START."""
    message = Signal(header=Header(frame_id="strap"), kind="ecg", sample_rate=float(rate), unit="mV")
    message.channels, message.data = (1 if values.ndim == 1 else values.shape[1]), values.ravel().tolist()
    stamp = START + round(start * 1e9)
    message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp, 10**9)
    for name, value in changes.items():
        setattr(message, name, value)
    return message


def send(publisher: Any, results: Any, values: np.ndarray, size: int = 75, rate: int = RATE, late: float = 0.2) -> None:
    """Send all values in chunks; never so many that the queue would overflow."""
    for place in range(0, len(values), size):
        publisher.publish(chunk(values[place : place + size], place / rate, rate))
        results.wait(max(int(min(place + size, len(values)) / rate - late), 0))


def stamp_of(message: HeartState) -> float:
    return (message.header.stamp.sec * 10**9 + message.header.stamp.nanosec - START) * 1e-9


def test_each_second_of_an_electrocardiogram_is_judged_at_its_time(graph: Any, heart_models: Models) -> None:
    graph.run(HeartAnomaly, model=str(heart_models["rhythm"]))
    publisher, results = graph.publisher(Signal, "signal"), graph.listen(HeartState, "heart")
    send(publisher, results, ECG)
    messages = list(results.messages)
    assert np.abs(np.array([stamp_of(m) for m in messages]) - 1 - np.arange(len(messages))).max() < 0.02
    last = messages[-1]
    assert last.label in last.labels and len(last.probabilities) == len(last.labels) == 4
    assert abs(last.rate - 72) < 3 and last.quality == 1 and last.header.frame_id == "strap"
    assert 4 < last.window.sec < 9, "eight beats"
    assert [m.warm for m in messages] == sorted(m.warm for m in messages)


def test_a_lead_that_is_off_has_no_label_and_says_so(graph: Any, heart_models: Models) -> None:
    graph.run(HeartAnomaly, model=str(heart_models["rhythm"]))
    publisher, results = graph.publisher(Signal, "signal"), graph.listen(HeartState, "heart")
    values = ECG.copy()
    values[12 * RATE :] = np.nan
    send(publisher, results, values[: 15 * RATE])
    last = results.messages[-1]
    assert last.label == "" and last.quality == 0 and np.isnan(last.rate)
    graph.diagnosis("signal", "is a lead off")


BAD = [
    (chunk(ECG[:75], 0.0, sample_rate=0.0), "a sample rate of 0 Hz"),
    (chunk(ECG[:75], 0.0, kind="eeg"), "of the kind 'eeg'"),
    (chunk(ECG[:75], 0.0, channels=2), "75 samples are no whole number for 2 channel"),
    (chunk(ECG[:0], 0.0), "0 samples"),
    (chunk(ECG[:75], 0.0, channels=0), "0 channels"),
]


@pytest.mark.parametrize(("message", "line"), BAD, ids=["rate", "kind", "channels", "empty", "no channel"])
def test_what_cannot_be_used_is_counted_and_the_rest_goes_on(
    graph: Any, heart_models: Models, message: Signal, line: str
) -> None:
    graph.run(HeartAnomaly, model=str(heart_models["rhythm"]))
    publisher, results = graph.publisher(Signal, "signal"), graph.listen(HeartState, "heart")
    publisher.publish(message)
    graph.diagnosis("signal", line, rejected=1)
    send(publisher, results, ECG[: 4 * RATE])
    assert len(results.wait(3)) >= 3


def test_one_sample_at_a_time_and_all_at_once_say_the_same(graph: Any, heart_models: Models) -> None:
    graph.run(HeartAnomaly, model=str(heart_models["rhythm"]))
    publisher, results = graph.publisher(Signal, "signal"), graph.listen(HeartState, "heart")
    values = ECG[::5]  # 60 Hz
    for place, value in enumerate(values[: 60 * 6]):
        publisher.publish(chunk(np.array([value]), place / 60, 60))
        results.wait(max(int(place / 60 - 0.5), 0))
    single = results.wait(5)[:5]
    later = 3600.0  # time goes on by an hour: the stream restarts
    publisher.publish(chunk(values[: 60 * 6], later, 60))
    whole = results.wait(10)[5:10]
    for a, b in zip(single, whole, strict=True):
        np.testing.assert_allclose(a.probabilities, b.probabilities, atol=1e-5)
        assert abs(stamp_of(b) - stamp_of(a) - later) < 0.05


def test_a_bare_array_without_a_stamp_is_taken_as_it_comes(graph: Any, heart_models: Models) -> None:
    graph.run(HeartAnomaly, model=str(heart_models["rhythm"]), sample_rate=RATE)
    publisher, results = graph.publisher(Float32MultiArray, "signal"), graph.listen(HeartState, "heart")
    publisher.publish(Float32MultiArray(layout=MultiArrayLayout(), data=ECG[: 30 * RATE].tolist()))
    assert len(results.wait(29)) >= 29
    graph.diagnosis("signal", "no stamps")


def test_heart_sound_comes_as_audio(graph: Any, heart_models: Models) -> None:
    graph.run(HeartAnomaly, model=str(heart_models["sound"]), input="audio", audio_type="Audio")
    publisher, results = graph.publisher(Audio, "audio"), graph.listen(HeartState, "heart")
    sound = phonocardiogram(intervals(14, 66), 4000)
    for place in range(0, len(sound), 400):
        message = Audio(header=Header(frame_id="ear"), sample_rate=4000, channels=1, encoding="F32LE")
        message.data = encode(sound[place : place + 400, None], "F32LE")
        message.header.stamp.sec, message.header.stamp.nanosec = divmod(START + place * 250_000, 10**9)
        publisher.publish(message)
        results.wait(max(int((place + 400) / 4000 - 0.2), 0))
    last = results.messages[-1]
    assert last.label in ("label 0", "label 1") and abs(last.rate - 66) < 4


def test_a_recording_that_is_played_is_judged(graph: Any, heart_models: Models, tmp_path: Path) -> None:
    np.savez(tmp_path / "heart.npz", ecg=ECG[: 6 * RATE], rate=float(RATE))
    graph.run(HeartAnomaly, model=str(heart_models["beats"]))
    results = graph.listen(HeartState, "heart", publishers=1)
    graph.run(SignalSource, path=str(tmp_path / "heart.npz"), loop=True)
    messages = results.wait(4)
    assert {m.label for m in messages} <= {"label 0", "label 1", "label 2"}
    assert all(m.window.sec == 0 for m in messages), "each is about one beat"


def test_sound_is_refused_where_the_model_wants_an_electrocardiogram(graph: Any, heart_models: Models) -> None:
    graph.run(HeartAnomaly, model=str(heart_models["rhythm"]), input="audio")
    graph.diagnosis("heart_anomaly", "which is no sound")


def test_the_first_lines_say_that_it_is_no_medical_device(
    graph: Any, heart_models: Models, capfd: pytest.CaptureFixture[str]
) -> None:
    graph.run(HeartAnomaly, model=str(heart_models["rhythm"]))
    graph.listen(HeartState, "heart", publishers=1)
    assert "not a medical device" in capfd.readouterr().err
