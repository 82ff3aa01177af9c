"""Sounds to play: a sentence of an audio book, with a pause after it, and a heart sound that is made."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from opendr_perception.tasks.sound import encode, read_sound

VOICE = "sentence.wav"
"""Sample of the zoo."""
RATE, PAUSE = 16000, 2.0
"""Hz of both sounds, and seconds of silence after the sentence."""
PULSE, BEATS = 66.0, 22
"""Beats per minute, and their number."""
PARTS = ((0.0, 0.022, 55.0, 0.5), (0.32, 0.016, 75.0, 0.35))
"""First and second heart sound: seconds after the beat, width in s, Hz, loudness."""
MURMUR, BAND = 0.12, (100.0, 300.0)
"""Loudness and Hz of a noise between them, in the second half of the beats: blood that flows back."""


def write_voice(sentence: Path, folder: Path) -> Path:
    """Write the sentence and a pause as a file.

    Raises:
        SoundError: the sentence cannot be read.
        OSError: it cannot be written.
    """
    samples = read_sound(sentence, RATE)
    return _write(folder / "voice.wav", np.concatenate([samples, np.zeros(round(PAUSE * RATE), np.float32)]))


def write_heart(folder: Path) -> Path:
    """Write a heart that is healthy at first, and has a murmur later; a heart sound without people is not to be had.

    Raises:
        OSError: it cannot be written.
    """
    rng, apart = np.random.default_rng(0), 60 / PULSE
    time = np.arange(round(BEATS * apart * RATE)) / RATE
    rushing = sum(np.sin(2 * np.pi * f * time + rng.uniform(0, 6)) for f in rng.uniform(*BAND, 40)) / 6
    sound = rng.normal(0, 0.003, len(time))
    for beat in range(BEATS):
        since = time - (beat + 0.2) * apart
        for after, width, pitch, loudness in PARTS:
            bell = np.exp(-(((since - after) / width) ** 2) / 2)
            sound += loudness * bell * np.sin(2 * np.pi * pitch * since)
        if beat >= BEATS // 2:
            sound += MURMUR * rushing * np.exp(-(((since - 0.16) / 0.06) ** 2) / 2)
    return _write(folder / "heart.wav", sound.astype(np.float32))


def _write(path: Path, samples: np.ndarray) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(encode(samples[:, None], "S16LE"))
    return path
