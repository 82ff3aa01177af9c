"""Words as the speech synthesiser espeak-ng says them: many voices, to learn beside a few real speakers.

It is no part of the project: `apt install espeak-ng`.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
from collections.abc import Sequence

import numpy as np

from opendr_perception.evaluate.sound import DIGITS, RATE, LabelledSound
from opendr_perception.tasks.signals.resample import resample

GROUP = "espeak-ng"
ACCENTS = ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-gbclan", "en-gb-x-rp", "en-gb-x-gbcwmd", "en-029", "en-us-nyc")
VOICES = (
    *(f"m{number}" for number in range(1, 9)),
    *(f"f{number}" for number in range(1, 6)),
    *("Alex", "Andy", "Annie", "Diogo", "Gene", "Jacky", "Lee", "Marco", "Michael", "adam", "anika", "belinda"),
    *("boris", "david", "edward", "grandma", "grandpa", "iven", "john", "linda", "paul", "pedro", "rob", "steph"),
)
"""Variants of a voice: other formants, pitch and breath."""
OTHER_WORDS = (
    *("yes", "no", "stop", "go", "left", "right", "up", "down", "hello", "thank you", "please", "robot", "kitchen"),
    *("water", "table", "morning", "never", "open", "close", "start", "window", "people", "follow me", "come here"),
    *("hero", "fun", "shoe", "tree", "door", "fight", "fix", "heaven", "late", "line", "want", "tune", "sieve", "mine"),
)
"""Words that are none of the digits; some sound like one."""
LOUD = 2e-3
"""Share of the peak below which the ends of a word are cut off."""


def speak(words: Sequence[str], count: int, rng: np.random.Generator) -> list[LabelledSound]:
    """Words, each drawn voice by voice: (count) recordings with accent, voice, pitch and speed at random.

    Args:
        words: of which each is said about as often.
        count: of recordings.
        rng: draws.

    Raises:
        ValueError: espeak-ng is not installed, or does not know a voice.
    """
    program = shutil.which("espeak-ng")
    if program is None:
        raise ValueError("espeak-ng is needed to make spoken words, and is not installed: apt install espeak-ng")
    spoken = []
    for index in range(count):
        word = words[index % len(words)]
        voice = f"{ACCENTS[rng.integers(len(ACCENTS))]}+{VOICES[rng.integers(len(VOICES))]}"
        manner = ("-p", str(rng.integers(20, 80)), "-s", str(rng.integers(110, 210)))
        said = subprocess.run([program, "-v", voice, *manner, "--stdout", word], capture_output=True, check=False)
        if said.returncode or not said.stdout:
            raise ValueError(f"espeak-ng -v {voice}: {said.stderr.decode(errors='replace').strip() or 'says nothing'}")
        spoken.append(LabelledSound(_trimmed(_samples(said.stdout)), word, GROUP))
    return spoken


def spoken_digits(count: int, rng: np.random.Generator) -> list[LabelledSound]:
    """The ten digits, count recordings together."""
    return speak(DIGITS, count, rng)


def _samples(data: bytes) -> np.ndarray:
    with wave.open(io.BytesIO(data)) as file:  # its header says nothing of its length, which is that of the data
        rate = file.getframerate()
    samples = np.frombuffer(data[44:], "<i2").astype(np.float32) / 32768
    # As the recordings of telephones: nothing above 4 kHz.
    return resample(resample(samples, rate, 8000), 8000, RATE)


def _trimmed(samples: np.ndarray) -> np.ndarray:
    loud = np.flatnonzero(np.abs(samples) > LOUD * np.abs(samples).max(initial=1e-9))
    return samples[loud[0] : loud[-1] + 1] if len(loud) else samples
