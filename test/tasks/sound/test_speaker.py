"""The speaker is the face whose mouth moves with the loudness of the voice."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.tasks.sound.speaker import MOST_TRACKS, MOST_VIEWS, SpeakerFinder, SpeakerSettings

RATE, FPS, BEGIN = 16000, 15, 1000.0


def syllables(seconds: float, seed: int) -> np.ndarray:
    """Loudness of a voice, 0 to 1, a thousand times a second."""
    rng = np.random.default_rng(seed)
    loud = np.zeros(round(seconds * 1000))
    place = 0
    while place < len(loud):
        length = int(rng.integers(120, 280))
        part = loud[place : place + length]
        part[:] = rng.uniform(0.3, 1) * (np.sin(np.linspace(0, np.pi, length)) ** 2)[: len(part)]
        place += length + int(rng.integers(0, 500)) * int(rng.random() < 0.4)
    return loud


def play(finder: SpeakerFinder, voice: np.ndarray, mouths: dict[str, np.ndarray], chunk: int = 320) -> None:
    """Let it hear a voice, and see mouths (0.03 to 0.1) with noise, at the same time."""
    rng = np.random.default_rng(9)
    loud = np.repeat(voice, RATE // 1000)
    samples = (loud * rng.normal(0, 0.1, len(loud)) + rng.normal(0, 1e-3, len(loud))).astype(np.float32)
    frame = 0
    for place in range(0, len(samples), chunk):
        finder.hear(samples[place : place + chunk], round((BEGIN + place / RATE) * 1e9))
        while frame / FPS < (place + chunk) / RATE:
            for track, opening in mouths.items():
                wide = 0.03 + 0.07 * opening[min(round(frame / FPS * 1000), len(opening) - 1)]
                finder.see(round((BEGIN + frame / FPS) * 1e9), track, wide + rng.normal(0, 0.0015))
            frame += 1


def now(seconds: float) -> int:
    return round((BEGIN + seconds) * 1e9)


@pytest.mark.parametrize("chunk", [1, 320, 40_000])
def test_the_face_that_speaks_is_found_in_chunks_of_any_size(chunk: int) -> None:
    finder, voice = SpeakerFinder(RATE), syllables(4, 0)
    seconds = 4 if chunk > 1 else 2
    mouths = {"1": syllables(4, 1), "2": voice, "3": np.zeros(4000)}
    play(finder, voice[: seconds * 1000], mouths, chunk)
    found = finder.correlations(now(seconds))
    assert found["2"] > 0.6 > found["1"]
    assert found["3"] == 0.0, "a mouth that does not move"
    assert finder.find(now(seconds), 1) == "2"


def test_nobody_is_named_where_two_fit_or_none() -> None:
    voice = syllables(4, 0)
    finder = SpeakerFinder(RATE)
    play(finder, voice, {"1": voice, "2": voice})
    assert finder.find(now(4), 1) == "", "two people who say the same"
    finder = SpeakerFinder(RATE)
    play(finder, voice, {"1": syllables(4, 1), "2": np.zeros(4000)})
    assert finder.find(now(4), 1) == "", "the speaker is not in view"
    finder = SpeakerFinder(RATE)
    play(finder, voice[:500], {"1": voice})
    assert finder.find(now(0.5), 1) == "", "too soon"


def test_who_speaks_stays_until_the_voice_ends_or_the_face_goes() -> None:
    finder, voice = SpeakerFinder(RATE), syllables(4, 0)
    play(finder, voice, {"2": voice})
    assert finder.find(now(4), 1) == "2"
    assert finder.find(now(5), 1) == "2", "a pause"
    assert finder.find(now(8), 2) == "", "another voice, of which no mouth was seen"
    assert finder.find(now(4), 3) == "2"
    assert finder.find(now(9), 3) == "", "it was not seen for a while"


def test_memory_is_bounded_and_stamps_that_go_back_begin_again() -> None:
    finder = SpeakerFinder(RATE)
    for k in range(3 * MOST_VIEWS):
        finder.see(now(k / 100), str(k % (2 * MOST_TRACKS)), 0.1)
        finder.see(now(k / 100), "same", float("nan") if k % 2 else 0.2)
    assert len(finder._mouths) <= MOST_TRACKS
    assert max(map(len, finder._mouths.values())) <= MOST_VIEWS
    for k in range(1000):
        finder.hear(np.zeros(16000, np.float32), now(k))
    assert len(finder._levels) < 1000
    finder.hear(np.zeros(16000, np.float32), now(0))
    finder.see(now(0), "1", 0.1)
    assert set(finder._mouths) == {"1"}
    assert len(finder._levels) == 31
    finder.restart()
    assert (len(finder._levels), set(finder._mouths)) == (0, {"1"})


@pytest.mark.parametrize("wrong", [{"window": 0.1}, {"lag": 2.0}, {"min_correlation": 1.5}, {"min_views": 1}])
def test_settings_that_cannot_work_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="needed"):
        SpeakerSettings(**wrong)  # type: ignore[arg-type]
