"""The node `signal_source`: every sample of a recording arrives at its time, with its unit and its holes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from opendr_perception.msg import Signal

from opendr_perception.nodes.signal_source import SignalSource

VALUES = np.stack([np.sin(np.arange(240) / 9), np.arange(240.0)], 1).astype(np.float32)
VALUES[17, 0] = np.nan


def play(graph: Any, tmp_path: Path, **parameters: Any) -> Any:
    np.savez(tmp_path / "signal.npz", ecg=VALUES, rate=300.0)
    graph.run(SignalSource, path=str(tmp_path / "signal.npz"), autostart=False, **parameters)
    assert graph.change_state("signal_source", "configure")
    signal = graph.listen(Signal, "signal", publishers=1)
    assert graph.change_state("signal_source", "activate")
    return signal


def test_a_recording_is_played_sample_by_sample(graph: Any, tmp_path: Path) -> None:
    messages = play(graph, tmp_path, unit="mV").wait(8)
    graph.diagnosis("signal.npz", "the recording has ended", published=8)
    found = np.concatenate([np.array(m.data, np.float32).reshape(-1, m.channels) for m in messages])
    np.testing.assert_array_equal(found, VALUES)
    first = messages[0]
    assert (first.kind, first.sample_rate, first.unit, first.header.frame_id) == ("ecg", 300.0, "mV", "sensor")
    stamps = [m.header.stamp.sec + m.header.stamp.nanosec * 1e-9 for m in messages]
    assert np.abs(np.median(np.diff(stamps)) - 0.1) < 0.01


def test_one_channel_in_a_loop_goes_on(graph: Any, tmp_path: Path) -> None:
    messages = play(graph, tmp_path, channels=["1"], loop=True, kind="pcg").wait(12)[:12]
    found = np.concatenate([m.data for m in messages])
    np.testing.assert_array_equal(found, np.arange(360) % 240)
    assert {m.kind for m in messages} == {"pcg"}


def test_what_it_cannot_play_is_told_when_it_is_configured(graph: Any, tmp_path: Path) -> None:
    graph.run(SignalSource, path=str(tmp_path / "missing.edf"))
    graph.diagnosis("signal_source", "missing.edf: cannot be read: No such file or directory")
    assert graph.state("signal_source") == "unconfigured"
