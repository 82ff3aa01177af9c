"""The speaker among faces: the one whose mouth moves with the loudness of the voice.

A mouth opens with the syllables, so its opening follows the logarithm of the energy of what it says; the one of a
listener, who chews or laughs, does not. The correlation of the two over the last seconds decides, with the delay
between image and sound left open.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

LEVEL = 0.032
"""Seconds of sound of which one loudness is kept."""
FLOOR = 1e-7
"""Power that is no sound."""
SMOOTH = 0.08
"""Standard deviation, s, by which loudness is smoothed: lips do not follow every period of a voice."""
MOST_TRACKS = 20
MOST_VIEWS = 512
"""Of a track; its newest ones."""
AGAIN = 200_000_000
"""Nanoseconds after which it is asked again who speaks."""
BACK = 1_000_000_000
"""Nanoseconds by which stamps go back where a recording begins again."""


@dataclass(frozen=True)
class SpeakerSettings:
    """Settings of the decision.

    Args:
        window: seconds that are compared.
        min_views: images of a face in the window that are needed.
        min_motion: standard deviation of the opening of a mouth, in distances of the eyes, that is motion.
        min_correlation: with the loudness, of the face that speaks.
        margin: by which its correlation is greater than that of the next face.
        lag: seconds by which sound may be late against images, or early.

    Raises:
        ValueError: a value is out of range.
    """

    window: float = 4.0
    min_views: int = 10
    min_motion: float = 0.003
    min_correlation: float = 0.5
    margin: float = 0.15
    lag: float = 0.16

    def __post_init__(self) -> None:
        if not (0.5 <= self.window <= 10 and self.min_views >= 4 and 0 <= self.lag <= 0.5):
            raise ValueError("0.5 <= window <= 10 s, min_views >= 4 and 0 <= lag <= 0.5 s are needed")
        if not (0 < self.min_correlation < 1 and 0 <= self.margin < 1 and self.min_motion >= 0):
            raise ValueError("0 < min_correlation < 1, 0 <= margin < 1 and min_motion >= 0 are needed")


class SpeakerFinder:
    """Memory of the mouths and the loudness of one stream. Not for several threads at once.

    Args:
        rate: of the sound, Hz.
        settings: of the decision.
    """

    def __init__(self, rate: int, settings: SpeakerSettings | None = None) -> None:
        self.settings = settings or SpeakerSettings()
        self._size, self._rate = round(LEVEL * rate), rate
        self._mouths: dict[str, deque[tuple[float, float]]] = {}
        self._levels: deque[tuple[float, float]] = deque(maxlen=round(2 * 10 / LEVEL))
        self._rest: np.ndarray = np.zeros(0, np.float32)
        self._found = ""
        self._voice = 0
        self._seen = self._judged = 0  # ns

    def see(self, stamp: int, track: str, opening: float) -> None:
        """A mouth in an image with a stamp in ns; NaN where it cannot be told how far it is open."""
        if stamp < self._seen - BACK:
            self._mouths.clear()
        self._seen = stamp
        if not np.isfinite(opening):
            return
        views = self._mouths.setdefault(track, deque(maxlen=MOST_VIEWS))
        views.append((stamp * 1e-9, opening))
        while len(self._mouths) > MOST_TRACKS:
            del self._mouths[min(self._mouths, key=lambda one: self._mouths[one][-1][0])]

    def hear(self, samples: np.ndarray, stamp: int) -> None:
        """The next samples (n,) float32, and the time of the first in ns."""
        begin = stamp * 1e-9 - len(self._rest) / self._rate
        if self._levels and begin < self._levels[-1][0] - BACK * 1e-9:
            self._levels.clear()
        x = np.concatenate([self._rest, samples])
        blocks = x[: len(x) // self._size * self._size].reshape(-1, self._size)
        for k, power in enumerate((blocks.astype(np.float64) ** 2).mean(1)):
            self._levels.append((begin + (k + 0.5) * LEVEL, float(np.log(power + FLOOR))))
        self._rest = x[blocks.size :].copy()

    def restart(self) -> None:
        """The sound begins again: what was heard is past, and what was seen goes on."""
        self._levels.clear()
        self._rest = np.zeros(0, np.float32)
        self._found, self._voice = "", 0

    def find(self, stamp: int, voice: int) -> str:
        """The track of the face that speaks at a time in ns; '' where that cannot be told.

        Args:
            stamp: of the newest sound.
            voice: number of the stretch of speech: who was found to speak goes on until its end, or until somebody
                else fits clearly better.
        """
        if voice != self._voice:
            self._found, self._voice, self._judged = "", voice, 0
        if 0 <= stamp - self._judged < AGAIN:
            return self._found
        self._judged = stamp
        likeness = self.correlations(stamp)
        order = sorted(likeness, key=lambda track: -likeness[track])
        settings = self.settings
        if order and likeness[order[0]] >= settings.min_correlation:
            second = likeness[order[1]] if len(order) > 1 else 0.0
            if likeness[order[0]] - second >= settings.margin:
                self._found = order[0]
        if self._found and not self._recent(self._found, stamp * 1e-9):
            self._found = ""
        return self._found

    def correlations(self, stamp: int) -> dict[str, float]:
        """Correlation of each mouth with the loudness of the window that ends at a time in ns; 0 where it is still.

        Tracks that were not seen often enough in it are left out.
        """
        end, settings = stamp * 1e-9, self.settings
        if len(self._levels) < settings.min_views:
            return {}
        times, loud = np.array(self._levels).T
        loud = _smoothed(loud)
        found = {}
        for track, views in self._mouths.items():
            seen = np.array([view for view in views if end - settings.window <= view[0] <= end])
            if len(seen) >= settings.min_views:
                found[track] = self._likeness(seen[:, 0], seen[:, 1], times, loud)
        return found

    def _likeness(self, at: np.ndarray, opening: np.ndarray, times: np.ndarray, loud: np.ndarray) -> float:
        if opening.std() < self.settings.min_motion:
            return 0.0
        lags = np.arange(-self.settings.lag, self.settings.lag + 1e-6, 0.04)
        best = 0.0
        for lag in lags:
            inside = (at + lag >= times[0]) & (at + lag <= times[-1])
            level = np.interp(at[inside] + lag, times, loud)
            if inside.sum() >= self.settings.min_views and level.std() > 1e-3:
                best = max(best, float(np.corrcoef(opening[inside], level)[0, 1]))
        return best

    def _recent(self, track: str, now: float) -> bool:
        views = self._mouths.get(track)
        return bool(views) and now - self._mouths[track][-1][0] < self.settings.window


def _smoothed(levels: np.ndarray) -> np.ndarray:
    spread = SMOOTH / LEVEL
    reach = np.arange(-int(3 * spread), int(3 * spread) + 1)
    kernel = np.exp(-0.5 * (reach / spread) ** 2)
    padded = np.pad(levels, len(reach) // 2, mode="edge")
    smoothed: np.ndarray = np.convolve(padded, kernel / kernel.sum(), "valid")
    return smoothed
