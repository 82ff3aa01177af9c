"""A heart is watched: what is said has its time, does not depend on the pieces, and stops where the signal does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from opendr_perception import zoo
from opendr_perception.engine.session import EngineError, Session
from opendr_perception.networks.signals.continual import HeartSoundNetwork
from opendr_perception.tasks.signals.heart import RATE, HeartModel, HeartWatcher, Judgement, SoundFrames
from opendr_perception.training.common.weights import read
from opendr_perception.training.signals.simulate import electrocardiogram, intervals, phonocardiogram

Models = dict[str, HeartModel]


@pytest.fixture(scope="module")
def judges(heart_models: dict[str, Path]) -> Models:
    return {name: HeartModel(Session(path, threads=1)) for name, path in heart_models.items()}


def cut(watcher: HeartWatcher, signal: np.ndarray, sizes: np.ndarray) -> list[Judgement]:
    ends = np.cumsum(sizes)
    pieces = np.split(signal, ends[ends < len(signal)])
    return [found for piece in pieces for found in watcher.push(piece)]


def signal_of(kind: str, beats: int = 25) -> np.ndarray:
    between = intervals(beats, 75, 0.05)
    return phonocardiogram(between, 1000) if kind == "sound" else electrocardiogram(between, RATE)[0]


@pytest.mark.parametrize("kind", ["rhythm", "beats", "sound"])
def test_what_is_said_does_not_depend_on_the_pieces(judges: Models, kind: str) -> None:
    signal, rng = signal_of(kind), np.random.default_rng(0)
    whole = list(HeartWatcher(judges[kind]).push(signal))
    one = cut(HeartWatcher(judges[kind]), signal[:1000], np.ones(1000, int))
    many = cut(HeartWatcher(judges[kind]), signal, rng.integers(1, 500, len(signal)))
    for pieces in (one, many):
        for a, b in zip(pieces, whole, strict=False):
            np.testing.assert_array_equal(a.probabilities, b.probabilities)
            assert (a.end, a.label, a.quality, a.warm) == (b.end, b.label, b.quality, b.warm)
    assert len(many) == len(whole) >= 15


def test_an_answer_comes_each_second_and_knows_the_heart_rate(judges: Models) -> None:
    said = list(HeartWatcher(judges["rhythm"]).push(signal_of("rhythm")))
    assert [found.end for found in said] == [RATE * (k + 1) for k in range(len(said))]
    assert said[0].label == "", "no beat has been described yet"
    last = said[-1]
    assert last.label and last.warm and last.quality == 1 and not last.problem
    assert abs(last.rate - 75) < 3 and 5 < last.window < 10, "eight beats"
    assert last.probabilities.sum() == pytest.approx(1, abs=1e-5)


def test_a_judge_of_beats_answers_for_each_beat_at_its_time(judges: Models) -> None:
    signal, beats = electrocardiogram(intervals(25, 75, 0.05), RATE)
    said = list(HeartWatcher(judges["beats"]).push(signal))
    times = np.array([found.end for found in said]) / RATE
    assert len(said) >= 22 and all(np.abs(times - beat).min() < 0.05 for beat in beats[:22])


def test_a_step_says_what_the_network_says_of_the_whole_window(judges: Models) -> None:
    model, sound = judges["sound"], signal_of("sound")
    assert model.patch is not None
    last = list(HeartWatcher(model).push(sound[:12000]))[-1]
    frames = SoundFrames(model.patch.mel)
    seen = np.concatenate([frames.push(sound[k : k + 1000]) for k in range(0, 12000, 1000)])
    state, card = read(model.session.path.with_suffix(".npz"))
    network = HeartSoundNetwork(2, **card["shape"])
    network.load_state_dict(state)
    with torch.inference_mode():
        tokens = network.eval().encoder.spread(torch.from_numpy(seen)[None])
        expected = network.bag.forward_window(tokens[:, :, -network.bag.window :]).softmax(1)[0]
    np.testing.assert_allclose(last.probabilities, expected.numpy(), atol=1e-5)


def test_a_lead_that_is_off_is_said_and_after_it_the_window_starts_anew(judges: Models) -> None:
    signal = signal_of("rhythm", 40)
    off = signal.copy()
    off[10 * RATE : 13 * RATE] = np.nan
    said = list(HeartWatcher(judges["rhythm"]).push(off))
    gone = said[10:13]
    assert [found.label for found in gone] == [""] * 3
    assert all("lead" in found.problem and found.quality == 0 and np.isnan(found.rate) for found in gone)
    again = said[13:]
    assert not again[0].warm and again[0].label == ""
    fresh = list(HeartWatcher(judges["rhythm"], 0.0).push(signal[13 * RATE :]))
    np.testing.assert_array_equal(again[9].probabilities, fresh[9].probabilities)
    assert again[9].end == fresh[9].end + 13 * RATE


def test_nothing_is_said_of_digital_silence_or_noise_that_has_no_beats(judges: Models) -> None:
    for name in ("rhythm", "sound"):
        said = list(HeartWatcher(judges[name]).push(np.zeros(20 * judges[name].rate)))
        assert {found.label for found in said} == {""} and all("flat" in found.problem for found in said)


def test_the_end_of_a_recording_counts_too(judges: Models) -> None:
    watcher = HeartWatcher(judges["sound"])
    assert len(list(watcher.push(signal_of("sound")[:2700]))) == 2
    assert [found.end for found in watcher.finish()] == [2700]
    assert list(watcher.finish()) == []


def test_another_model_is_refused() -> None:
    with pytest.raises(EngineError, match="not a network that judges heart signals"):
        HeartModel(Session(zoo.require("sound-environment").path))
