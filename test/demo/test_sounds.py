"""The demonstration's sounds, and the strip that shows them."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from opendr_perception.msg import HeartState, Voice, VoiceArray

from opendr_perception.demo.film import HEIGHT, FilmWriter
from opendr_perception.demo.play import HEART, VOICES, DemoSound, _hearing_programs
from opendr_perception.demo.sound import SoundStrip, write_heart, write_voice
from opendr_perception.demo.sound.strip import BLUE, GREEN, GROUND, ORANGE
from opendr_perception.demo.sound.strip import HEIGHT as STRIP
from opendr_perception.tasks.sound import read_sound

RATE = 16000


def colours(image: np.ndarray) -> set[tuple[int, ...]]:
    return {tuple(pixel) for pixel in image.reshape(-1, 3).tolist()}


def heart(label: str) -> HeartState:
    return HeartState(label=label, labels=["normal", "sick"], probabilities=[0.25, 0.75], rate=66.0)


def test_the_strip_shows_each_sound_in_the_colour_of_what_was_said() -> None:
    strip, loud = SoundStrip(["voice", "heart"]), np.full((RATE, 1), 0.5, np.float32)
    for _ in range(40):
        strip.say("voice", VoiceArray(voices=[Voice(speaking=True, score=0.9)]))
        strip.hear("voice", loud[:800], RATE)
        strip.say("heart", heart("sick"))
        strip.hear("heart", loud[:800], RATE)
    image = strip.draw(1000)
    assert image.shape == (STRIP, 1000, 3)
    assert GREEN in colours(image[:, :500])
    assert ORANGE in colours(image[:, 500:])
    strip.say("heart", heart("normal"))
    strip.hear("heart", loud[:800], RATE)
    assert BLUE in colours(strip.draw(1000)[:, 500:])


def test_louder_is_higher_and_nothing_is_kept_for_ever() -> None:
    def height(level: float) -> int:
        strip = SoundStrip(["voice"])
        for _ in range(500):
            strip.hear("voice", np.full((800, 1), level, np.float32), RATE)
        column = strip.draw(1000)[30:, 500:510].max(1)
        return int((column != GROUND).any(1).sum())

    assert height(1.0) > height(0.1) > height(0.01) >= height(0.0) > 0


def test_the_strip_stands_below_the_film(tmp_path: Path) -> None:
    strip = SoundStrip(["voice"])
    film = FilmWriter(tmp_path / "film.mp4", ["only"], strip.draw)
    for _ in range(3):
        film.show("only", np.full((120, 160, 3), 200, np.uint8))
    film.close()
    with av.open(str(tmp_path / "film.mp4")) as container:
        frame = next(container.decode(video=0)).to_ndarray(format="bgr24")
    assert frame.shape == (HEIGHT + STRIP, 640, 3)
    assert frame[:HEIGHT].mean() > 150 > 80 > frame[HEIGHT:].mean()


def test_a_sentence_gets_a_pause_and_a_heart_is_made(tmp_path: Path) -> None:
    made = read_sound(write_heart(tmp_path), RATE)
    assert 15 < len(made) / RATE < 30
    assert 0.3 < np.abs(made).max() < 0.9
    heard = read_sound(write_voice(tmp_path / "heart.wav", tmp_path), RATE)
    assert np.array_equal(heard[: len(made)], made)
    assert not heard[len(made) + 1 :].any()
    assert len(heard) > len(made) + RATE


def test_all_that_hears_is_one_process_and_each_sound_is_played_by_one() -> None:
    sounds = {
        "voice": DemoSound(Path("/a b/voice.wav"), VOICES),
        "heart": DemoSound(Path("/heart.wav"), HEART, ("input:=audio",)),
    }
    listeners, *players = _hearing_programs(sounds)
    assert listeners[1:4] == ["run", "voice_activity", "heart_anomaly"]
    assert "heart_anomaly:input:=audio" in listeners and "voice_activity:streams:=[voice]" in listeners
    assert ['path:="/a b/voice.wav"' in player for player in players] == [True, False]
    assert _hearing_programs({}) == []


def test_a_heart_that_is_not_clear_is_said_to_be() -> None:
    strip = SoundStrip(["heart"])
    before = strip.draw(400)
    strip.say("heart", HeartState(rate=float("nan")))
    assert not np.array_equal(strip.draw(400), before)
    with pytest.raises(KeyError):
        strip.say("voice", VoiceArray())
