"""Speech is told from other sounds, whatever the chunks, and a decision does not flicker."""

from __future__ import annotations

from itertools import count, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opendr_perception.engine.session import Session
from opendr_perception.tasks.sound.recording import read_sound
from opendr_perception.tasks.sound.voice import SpeechDecision, SpeechModel, VoiceDetector, VoiceResult, VoiceSettings

DATA = next(
    (up / "shared" / "data" for up in Path(__file__).parents if (up / "shared" / "data").is_dir()), Path("none")
)
RATE = 16000


@pytest.fixture(scope="module")
def model(models: Any) -> SpeechModel:
    return SpeechModel(Session(models["silero-vad"].path, threads=1))


def recordings(folder: str, number: int) -> list[np.ndarray]:
    """Some sounds of a set of real ones, or a skipped test."""
    files = sorted(path for path in (DATA / folder).rglob("*") if path.suffix in {".flac", ".ogg"})
    if not files:
        pytest.skip(f"real recordings are not here: {DATA / folder}")
    return [read_sound(path, RATE) for path in files[:: max(len(files) // number, 1)][:number]]


def speaks(model: SpeechModel, sound: np.ndarray) -> bool:
    quiet = np.zeros(RATE // 2, np.float32)
    found = VoiceDetector(model, VoiceSettings()).push(np.concatenate([quiet, sound, quiet]))
    return any(judgement.voice is not None and judgement.voice.speaking for judgement in found)


def test_real_speech_is_heard(model: SpeechModel) -> None:
    heard = [speaks(model, sound) for sound in recordings("emodb", 30)]
    assert np.mean(heard) >= 0.95


def test_real_sounds_that_are_no_speech_are_not(model: SpeechModel) -> None:
    heard = [speaks(model, sound) for sound in recordings("esc10", 40)]
    assert np.mean(heard) <= 0.25


@pytest.mark.parametrize("kind", ["silence", "noise", "tone"])
def test_made_sounds_are_no_speech(model: SpeechModel, kind: str) -> None:
    time = np.arange(3 * RATE) / RATE
    sounds = {
        "silence": np.zeros(len(time)),
        "noise": np.random.default_rng(0).normal(0, 0.1, len(time)),
        "tone": 0.3 * np.sin(2 * np.pi * 440 * time),
    }
    assert not speaks(model, sounds[kind].astype(np.float32))


def test_what_is_said_does_not_depend_on_the_chunks(model: SpeechModel) -> None:
    rng = np.random.default_rng(2)
    time = np.arange(RATE) / RATE
    sound = (0.3 * np.sin(2 * np.pi * 150 * time) * (1 + np.sin(2 * np.pi * 4 * time))).astype(np.float32)
    whole = list(VoiceDetector(model, VoiceSettings(threshold=0.2)).push(sound))
    detector, pieces, place = VoiceDetector(model, VoiceSettings(threshold=0.2)), list[VoiceResult](), 0
    while place < len(sound):
        size = int(rng.choice([1, 7, 160, 1000]))
        pieces += detector.push(sound[place : place + size])
        place += size
    assert pieces == whole
    assert [judgement.end for judgement in whole] == [512 * k for k in range(1, len(whole) + 1)]
    assert detector.heard == len(sound)


def test_who_is_deaf_hears_nobody(model: SpeechModel) -> None:
    sound = np.random.default_rng(0).normal(0, 0.3, RATE).astype(np.float32)
    detector = VoiceDetector(model, VoiceSettings(threshold=0.06, hysteresis=0.05, min_speech=0.0))
    assert all(judgement.voice is None for judgement in detector.push(sound, deaf=True))


def run(scores: list[float], **changes: float) -> list[tuple[int, bool, float] | None]:
    decision = SpeechDecision(VoiceSettings(**changes), count(1))
    found = [decision.step(score, 0.1) for score in scores]
    return [None if voice is None else (voice.number, voice.speaking, round(voice.since, 6)) for voice in found]


def test_a_decision_waits_for_speech_and_for_silence() -> None:
    scores = [0.1, 0.6, 0.1, 0.6, 0.6, 0.4, 0.1, 0.6, 0.1, 0.1, 0.1]
    found = run(scores, min_speech=0.2, min_silence=0.3)
    assert found[:4] == [None] * 4, "one step alone is no speech"
    assert found[4:] == [
        (1, True, 0.2),
        (1, True, 0.3),  # within the hysteresis
        (1, True, 0.4),
        (1, True, 0.5),
        (1, True, 0.6),
        (1, True, 0.7),
        (1, False, 0.3),
    ]


def test_a_voice_is_forgotten_and_the_next_one_has_another_number() -> None:
    found = run([0.9, 0.1, 0.1, 0.1, 0.1, 0.9], min_speech=0.0, min_silence=0.1, forget=0.25)
    assert found == [(1, True, 0.1), (1, False, 0.1), (1, False, 0.2), None, None, (2, True, 0.1)]


@given(scores=st.lists(st.floats(0, 1), max_size=60))
@settings(deadline=None)
def test_a_decision_changes_no_faster_than_it_may(scores: list[float]) -> None:
    found = [bool(voice and voice[1]) for voice in run(scores, min_speech=0.3, min_silence=0.4)]
    changes = [k for k in range(1, len(found)) if found[k] != found[k - 1]]
    assert all(later - earlier >= 3 for earlier, later in pairwise(changes))


@pytest.mark.parametrize("wrong", [{"threshold": 1.0}, {"hysteresis": 0.5}, {"forget": -1.0}, {"min_speech": np.nan}])
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"is needed|must be numbers"):
        VoiceSettings(**wrong)
