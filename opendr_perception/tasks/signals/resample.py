"""Another sample rate for a stream, by a polyphase filter that keeps its state from chunk to chunk."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

import numpy as np

HALF = 12
"""Zero crossings of the sinc on each side: how sharp the filter is, and how late it answers."""
LARGEST = 1000
"""Of the numbers of a ratio. Rates that have no such ratio are taken as the nearest one, at most 1e-6 away."""
BETA = 8.0
"""Of the Kaiser window: side lobes below -80 dB."""
BLOCK = 4096
"""Outputs that are computed together, so that a long chunk needs little memory."""


class Resampler:
    """Resamples a stream of channels; the outputs are those of the whole stream at once, however it is cut.

    Output k is the value at time k / target of an input whose first sample is at time 0, low-passed below the lower of
    both Nyquist frequencies. It needs the inputs up to `HALF` periods of the lower rate later. Before the stream there
    are zeros.

    Args:
        source, target: rates, Hz.
        channels: of the stream.

    Raises:
        ValueError: a rate is no positive number.
    """

    def __init__(self, source: float, target: float, channels: int = 1) -> None:
        if not (0 < source < np.inf and 0 < target < np.inf) or channels < 1:
            raise ValueError(f"cannot resample {channels} channels from {source} Hz to {target} Hz")
        ratio = Fraction(target / source).limit_denominator(LARGEST)
        if ratio == 0:
            raise ValueError(f"cannot resample from {source} Hz to {target} Hz: more than {LARGEST} times less")
        self.up, self.down = ratio.numerator, ratio.denominator
        self._phases = _phases(self.up, self.down)
        taps = self._phases.shape[1]
        self._centre = HALF * max(self.up, self.down)
        self._kept = np.zeros((taps - 1, channels), np.float32)
        self._first = 1 - taps  # index in the stream of the first sample that is kept
        self._next = 0  # index of the next output

    @property
    def delay(self) -> float:
        """Input samples that must come after an output's time before it is known."""
        return 0.0 if self.up == self.down else self._centre / self.up

    def push(self, samples: np.ndarray) -> np.ndarray:
        """Take the next inputs (n, channels); give the outputs (m, channels) float32 that they complete."""
        if self.up == self.down:
            return np.asarray(samples, np.float32)
        x = np.concatenate([self._kept, np.asarray(samples, np.float32)])
        newest = self._first + len(x) - 1
        # Output k needs the input (k down + centre) // up and those before it.
        end = max((newest * self.up + self.up - 1 - self._centre) // self.down + 1, self._next)
        blocks = [
            self._compute(x, np.arange(start, min(start + BLOCK, end))) for start in range(self._next, end, BLOCK)
        ]
        self._next = end
        taps = self._phases.shape[1]
        needed = (end * self.down + self._centre) // self.up - taps + 1 - self._first
        cut = min(max(needed, 0), len(x))
        self._kept, self._first = x[cut:].copy(), self._first + cut
        return np.concatenate(blocks) if blocks else np.zeros((0, x.shape[1]), np.float32)

    def _compute(self, x: np.ndarray, outputs: np.ndarray) -> np.ndarray:
        position = outputs * self.down + self._centre
        newest = position // self.up - self._first
        windows = np.lib.stride_tricks.sliding_window_view(x, self._phases.shape[1], axis=0)
        found: np.ndarray = np.einsum(
            "ncj,nj->nc", windows[newest - self._phases.shape[1] + 1], self._phases[position % self.up]
        )
        return found.astype(np.float32)


def resample(samples: np.ndarray, source: float, target: float) -> np.ndarray:
    """Resample a whole recording (n,) or (n, channels); as many outputs as fit its duration, zeros around it."""
    x = np.asarray(samples, np.float32)
    columns = x[:, None] if x.ndim == 1 else x
    resampler = Resampler(source, target, columns.shape[1])
    tail = np.zeros((int(np.ceil(resampler.delay)) + 1, columns.shape[1]), np.float32)
    wanted = -(-len(x) * resampler.up // resampler.down)
    y = resampler.push(columns if resampler.up == resampler.down else np.concatenate([columns, tail]))[:wanted]
    return y[:, 0] if x.ndim == 1 else y


@lru_cache(maxsize=32)
def _phases(up: int, down: int) -> np.ndarray:
    """The taps (up, n) of each phase, for inputs from old to new."""
    most = max(up, down)
    half = HALF * most
    time = np.arange(-half, half + 1)
    taps = np.sinc(time * 0.95 / most) * np.kaiser(2 * half + 1, BETA)
    taps *= up / taps.sum()
    count = -(-len(taps) // up)
    padded = np.concatenate([taps, np.zeros(count * up - len(taps))])
    phases = padded.reshape(count, up).T[:, ::-1]  # phase p has the taps p, p + up, ...
    return np.ascontiguousarray(phases / phases.sum(1, keepdims=True), np.float32)  # a constant stays one
