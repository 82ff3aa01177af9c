"""A strip below the film: how loud each sound has been in the last seconds, and what was said of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import cv2
import numpy as np

from opendr_perception.msg import HeartState, VoiceArray

HEIGHT, LINE = 110, 26
"""Pixels of the strip, and of the line of text in it."""
SECONDS, COLUMN = 8.0, 0.05
"""That are seen, and of one bar."""
QUIETEST = -50.0
"""dB of full scale, the lower edge."""
Colour = tuple[int, int, int]
GROUND, GREY, GREEN, BLUE, ORANGE = (40, 38, 36), (150, 150, 150), (90, 210, 90), (230, 180, 90), (60, 160, 255)


class HeardTrack:
    """One sound: its bars, newest last, and its label."""

    def __init__(self) -> None:
        self.bars: deque[tuple[float, Colour]] = deque(maxlen=round(SECONDS / COLUMN))
        self.label, self.colour = "", GREY
        self._peak, self._count = 0.0, 0

    def hear(self, samples: np.ndarray, rate: int) -> None:
        self._peak = max(self._peak, float(np.abs(samples).max(initial=0.0)))
        self._count += len(samples)
        if self._count >= COLUMN * rate:
            level = 20 * np.log10(max(self._peak, 1e-6))
            self.bars.append((float(np.clip(1 - level / QUIETEST, 0, 1)), self.colour))
            self._peak, self._count = 0.0, 0


class SoundStrip:
    """The sounds side by side.

    Args:
        streams: their names, from left to right.
    """

    def __init__(self, streams: Sequence[str]) -> None:
        self._tracks = {stream: HeardTrack() for stream in streams}

    def hear(self, stream: str, samples: np.ndarray, rate: int) -> None:
        """Take the next samples (n, channels) in [-1, 1] of a stream at a rate in Hz."""
        self._tracks[stream].hear(samples, rate)

    def say(self, stream: str, message: VoiceArray | HeartState) -> None:
        """Take what a node says of a stream."""
        track = self._tracks[stream]
        track.label, track.colour = _said_of_voice(message) if isinstance(message, VoiceArray) else _of_heart(message)

    def draw(self, width: int) -> np.ndarray:
        """Draw the last seconds, (HEIGHT, width, 3) uint8 BGR."""
        image = np.full((HEIGHT, width, 3), GROUND, np.uint8)
        part = width // max(len(self._tracks), 1)
        for place, (stream, track) in enumerate(self._tracks.items()):
            _draw(image[:, place * part : (place + 1) * part], stream, track)
        return image


def _draw(image: np.ndarray, stream: str, track: HeardTrack) -> None:
    height, width = image.shape[:2]
    middle, reach = (height + LINE) // 2, (height - LINE) // 2 - 4
    most = SECONDS / COLUMN
    for age, (level, colour) in enumerate(reversed(track.bars)):
        right = round(width - 8 - age * (width - 16) / most)
        left, half = round(right - 0.6 * (width - 16) / most), max(round(level * reach), 1)
        cv2.rectangle(image, (left, middle - half), (max(right - 1, left), middle + half), colour, cv2.FILLED)
    text = f"{stream}: {track.label or '...'}"
    cv2.putText(image, text, (8, LINE - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.55, track.colour, 1, cv2.LINE_AA)


def _said_of_voice(message: VoiceArray) -> tuple[str, Colour]:
    speaking = [voice for voice in message.voices if voice.speaking]
    if not speaking:
        return "nobody speaks", GREY
    return f"somebody speaks, {speaking[0].score:.2f}", GREEN


def _of_heart(message: HeartState) -> tuple[str, Colour]:
    pulse = f", {message.rate:.0f} per minute" if np.isfinite(message.rate) else ""
    if not message.label:
        return f"not clear{pulse}", GREY
    best = message.probabilities[list(message.labels).index(message.label)]
    return f"made sound, {message.label}, {best:.2f}{pulse}", BLUE if message.label == "normal" else ORANGE
