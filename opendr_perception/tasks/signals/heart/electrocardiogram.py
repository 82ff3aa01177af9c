"""Features of a heart beat for a network: its wave, the usual wave of this heart, and the regularity of its beats."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, sosfilt

from opendr_perception.tasks.signals.heart.beats import RATE, Beat, BeatDetector

Floats = npt.NDArray[np.float32]

BEFORE, AFTER = round(0.4 * RATE), round(0.56 * RATE)
"""Samples of the wave before and after its peak."""
WAVE = BEFORE + AFTER
RHYTHM = 12
"""Numbers that tell of intervals and of the signal's quality."""
SIZE = 2 * WAVE + RHYTHM
REMEMBERED = 8
LATEST = 2.0
"""Seconds after a beat in which the next one is waited for."""
LARGEST = 6.0
"""Of a wave in units of the usual one; what is larger is cut."""


@dataclass(frozen=True, eq=False)
class BeatToken:
    """One beat.

    Attributes:
        index: sample of its peak at `beats.RATE`, from the start of the stream.
        interval: seconds since the beat before; NaN for the first one.
        features: (SIZE,) float32: the wave, the usual wave, both in units of the usual peak, and `RHYTHM` numbers.
    """

    index: int
    interval: float
    features: Floats


class BeatTokens:
    """Describes the beats of one stream at `beats.RATE`; a beat is described once the next one has come, or is late."""

    def __init__(self) -> None:
        self._detector = BeatDetector()
        self._band = butter(2, (0.5, 40.0), "bandpass", fs=RATE, output="sos")
        self._state: npt.NDArray[np.float64] | None = None
        self._wave: Floats = np.zeros(0, np.float32)
        self._begin = 0
        self._before: int | None = None
        self._waiting: deque[Beat] = deque()
        self._waves: deque[Floats] = deque(maxlen=REMEMBERED)
        self._peaks: deque[float] = deque(maxlen=REMEMBERED)
        self._intervals: deque[float] = deque(maxlen=REMEMBERED)

    @property
    def heard(self) -> int:
        """Samples that have come."""
        return self._begin + len(self._wave)

    def push(self, samples: npt.ArrayLike) -> list[BeatToken]:
        """Take the next samples (n,) without NaN; give the beats that can now be described."""
        x = np.asarray(samples, np.float64)
        if not len(x):
            return []
        if self._state is None:
            self._state, self._offset = np.zeros((len(self._band), 2)), x[0]
        wave, self._state = sosfilt(self._band, x - self._offset, zi=self._state)
        self._wave = np.concatenate([self._wave, wave.astype(np.float32)])
        self._waiting += self._detector.push(x)
        found = []
        while self._waiting:
            beat, following = self._waiting[0], self._waiting[1] if len(self._waiting) > 1 else None
            late = self.heard - beat.index >= LATEST * RATE
            if not late and (following is None or self.heard - beat.index < AFTER):
                break
            self._waiting.popleft()
            after = following.index if following and following.index - beat.index < LATEST * RATE else None
            found.append(self._describe(beat, after))
        self._forget()
        return found

    def _describe(self, beat: Beat, after: int | None) -> BeatToken:
        wave = self._cut(beat.index)
        interval = (beat.index - self._before) / RATE if self._before is not None else np.nan
        self._before = beat.index
        following = (after - beat.index) / RATE if after is not None else LATEST
        previous = interval if 0 < interval < LATEST else following
        self._intervals.append(previous)
        peak = float(np.ptp(wave[BEFORE - 10 : BEFORE + 10])) + 1e-9
        self._peaks.append(peak)
        usual_peak = float(np.median(self._peaks))
        usual = np.median(self._waves, axis=0) if self._waves else wave
        self._waves.append(wave)
        rhythm = self._rhythm(previous, following, peak / usual_peak, wave, usual)
        waves = np.clip(np.concatenate([wave, usual]) / usual_peak, -LARGEST, LARGEST)
        return BeatToken(beat.index, interval, np.concatenate([waves, rhythm]).astype(np.float32))

    def _cut(self, index: int) -> Floats:
        first = index - BEFORE - self._begin
        piece = self._wave[max(first, 0) : first + WAVE]
        return np.pad(piece, (max(-first, 0), WAVE - len(piece) - max(-first, 0)))

    def _rhythm(self, previous: float, following: float, strength: float, wave: Floats, usual: Floats) -> Floats:
        """Logarithms of intervals (to 0.8 s, to the median, to each other), and how alike and how smooth waves are."""
        median = float(np.median(self._intervals))
        logs = np.log(self._intervals)
        uneven = np.abs(np.diff(logs)) if len(logs) > 1 else np.zeros(1)
        rough = np.std(np.diff(wave, 2)) / (np.std(wave) + 1e-9)
        quiet = np.std(wave[: BEFORE - 8]) / (np.std(wave) + 1e-9)
        alike = float(np.mean(wave * usual)) / (float(np.std(wave) * np.std(usual)) + 1e-9)
        values = [np.log(previous / 0.8), np.log(following / 0.8), np.log(previous / median)]
        values += [np.log(following / median), np.log(following / previous), np.log(median / 0.8)]
        values += [5 * float(np.median(uneven)), 5 * float(uneven[-1]), np.log(strength), rough, quiet, alike]
        return np.clip(np.array(values, np.float32), -3, 3)

    def _forget(self) -> None:
        first = self._waiting[0].index if self._waiting else self.heard
        old = min(first, self.heard - 4 * RATE) - BEFORE - 4 * RATE - self._begin
        if old > 0:
            self._wave, self._begin = self._wave[old:], self._begin + old
