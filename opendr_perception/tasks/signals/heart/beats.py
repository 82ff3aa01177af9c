"""Heart beats in an electrocardiogram, found as it comes; what is found does not depend on how it is cut.

After Pan and Tompkins (1985): the energy of a beat's steep part against a threshold that follows the last beats, and a
second look where a beat is missing.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter1d
from scipy.signal import butter, sosfilt

Floats = npt.NDArray[np.float32]

RATE = 125
"""Hz, of the signal that is searched."""
REFRACTORY = 0.24
"""Seconds after a beat in which there is no other."""
SETTLING = 2.0
"""Seconds from which the first threshold is taken."""
HIGH, LOW = 0.4, 0.2
"""Thresholds, as shares of the median of the last beats: at once, and where a beat is missing."""
MISSING = 1.6
"""Intervals after which a beat is missing."""
REMEMBERED = 8
LONGEST = 3.0
"""Seconds without a beat after which what is known of the last ones is forgotten."""

AVERAGED = round(0.1 * RATE)
DELAY = 3 + AVERAGED // 2
"""Samples by which the energy lags behind the signal."""
REACH = round(REFRACTORY * RATE)
LAG = 5
"""Samples by which the filtered wave lags behind the signal."""


@dataclass(frozen=True)
class Beat:
    """A beat: the sample of its steepest wave (R), counted from the start of the stream, and how strong it is."""

    index: int
    strength: float


class BeatDetector:
    """Finds the beats of one stream at `RATE`. A beat is known about a quarter of a second after it, a weak one later.

    It takes the signal with any unit and either polarity, without NaN.
    """

    def __init__(self) -> None:
        self._band = butter(2, (5.0, 22.0), "bandpass", fs=RATE, output="sos")
        self._state: npt.NDArray[np.float64] | None = None
        self._steep: npt.NDArray[np.float64] = np.zeros(0)  # the filtered signal, from self._begin on
        self._power: npt.NDArray[np.float64] = np.zeros(AVERAGED)
        self._energy: npt.NDArray[np.float64] = np.zeros(0)
        self._begin = self._judged = 0
        self._last = -(10**9)
        self._passed: list[Beat] = []  # too weak for a beat, unless one is missing
        self._strengths: deque[float] = deque(maxlen=REMEMBERED)
        self._intervals: deque[int] = deque(maxlen=REMEMBERED)

    def push(self, samples: npt.ArrayLike) -> list[Beat]:
        """Take the next samples (n,); give the beats that are now known, in their order."""
        x = np.asarray(samples, np.float64)
        if not len(x):
            return []
        self._filter(x)
        found: list[Beat] = []
        end = self._begin + len(self._energy)
        if end < SETTLING * RATE:
            return found
        if not self._strengths:
            self._strengths.append(float(np.max(self._energy[: int(SETTLING * RATE)])))
        for candidate in self._candidates(end):
            found += self._judge(candidate)
        self._forget()
        return found

    def _filter(self, x: npt.NDArray[np.float64]) -> None:
        if self._state is None:
            self._state = np.zeros((len(self._band), 2))
            self._offset = x[0]
        steep, self._state = sosfilt(self._band, x - self._offset, zi=self._state)
        slope = np.diff(np.concatenate([self._steep[-1:] if len(self._steep) else [0.0], steep]))
        power = np.concatenate([self._power, slope**2])
        sums = np.lib.stride_tricks.sliding_window_view(power, AVERAGED).sum(1)[1:]
        self._power = power[-AVERAGED:]
        self._steep = np.concatenate([self._steep, steep])
        self._energy = np.concatenate([self._energy, np.sqrt(sums / AVERAGED)])

    def _candidates(self, end: int) -> list[Beat]:
        """Largest energies of their neighbourhoods, up to where the neighbourhood is known."""
        last = end - REACH
        if last <= self._judged:
            return []
        start = max(self._judged - REACH, self._begin)
        window = self._energy[start - self._begin :]
        peaks = maximum_filter1d(window, 2 * (REACH // 2) + 1, mode="nearest") == window
        first = self._judged - start
        places = np.flatnonzero(peaks[first : last - start] & (window[first : last - start] > 0)) + self._judged
        self._judged = last
        return [Beat(int(place), float(self._energy[place - self._begin])) for place in places]

    def _judge(self, candidate: Beat) -> list[Beat]:
        found = self._missed(candidate.index)
        since = (candidate.index - self._last) / RATE
        if since < REFRACTORY:
            return found
        if since > LONGEST and self._last >= 0:
            self._strengths.append(candidate.strength)  # the signal has become weaker
        if candidate.strength > HIGH * self._level:
            found.append(self._accept(candidate))
        else:
            self._passed.append(candidate)
        return found

    def _missed(self, now: int) -> list[Beat]:
        """Take the strongest candidate that has been passed over, where a beat should have been."""
        if not self._intervals or now - self._last < MISSING * float(np.median(self._intervals)):
            return []
        possible = [each for each in self._passed if each.strength > LOW * self._level]
        possible = [each for each in possible if each.index - self._last > 1.5 * REACH and now - each.index > REACH]
        return [self._accept(max(possible, key=lambda beat: beat.strength))] if possible else []

    def _accept(self, candidate: Beat) -> Beat:
        interval = candidate.index - self._last
        if interval < LONGEST * RATE:
            self._intervals.append(interval)
        self._last = candidate.index
        self._strengths.append(candidate.strength)
        self._passed = [each for each in self._passed if each.index > candidate.index]
        # The energy's peak is a mean over time; the R wave is the largest one near it.
        first = max(candidate.index - DELAY - REACH // 3 - self._begin, 0)
        near = np.abs(self._steep[first : candidate.index - DELAY + REACH // 3 + 1 - self._begin])
        place = self._begin + first + int(np.argmax(near)) if len(near) else candidate.index
        return Beat(max(place - LAG, 0), candidate.strength)

    @property
    def _level(self) -> float:
        return float(np.median(self._strengths))

    def _forget(self) -> None:
        keep = round((LONGEST + 1) * RATE)
        old = self._judged - keep - self._begin
        if old > keep:
            self._steep, self._energy, self._begin = self._steep[old:], self._energy[old:], self._begin + old
        self._passed = [each for each in self._passed if each.index > self._judged - keep]
