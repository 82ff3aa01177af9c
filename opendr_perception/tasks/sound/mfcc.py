"""Mel-frequency cepstral coefficients as librosa computes them by default, of a clip at once or of a stream.

What is costly, the power of the mel bands, is computed once for each frame of a stream. What depends on the whole clip
is done again for each clip: the floor 80 dB below its loudest band, and the frames at its two ends, which see nothing
beyond it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # takes 0.2 s to import
    from scipy.sparse import csr_array

MFCC_RATE = 22050
"""Of the samples, Hz."""
FFT, HOP, BANDS = 2048, 512, 128
"""Samples of a frame and from one to the next, and mel bands [librosa 0.11]."""
EDGE = FFT // 2 // HOP
"""Frames at each end of a clip that reach beyond it."""
LEAST, RANGE = 1e-10, 80.0
"""The smallest power, and the decibels from the loudest band of a clip down to its floor."""


@dataclass(frozen=True)
class MfccConfig:
    """Configuration of the coefficients; a network belongs to one of them.

    Args:
        seconds: of a clip.
        coefficients: how many, from the loudness on.

    Raises:
        ValueError: a value is out of range.
    """

    seconds: float = 3.6
    coefficients: int = 10

    def __post_init__(self) -> None:
        if not 1 <= self.coefficients <= BANDS or self.samples < FFT:
            raise ValueError(f"a clip of {self.seconds} s with {self.coefficients} coefficients is not possible")

    @property
    def samples(self) -> int:
        """Samples of a clip."""
        return round(self.seconds * MFCC_RATE)

    @property
    def frames(self) -> int:
        """Frames of a clip."""
        return 1 + self.samples // HOP

    def as_dict(self) -> dict[str, float]:
        """For metadata."""
        return asdict(self)


def mfcc(clip: np.ndarray, config: MfccConfig) -> np.ndarray:
    """The coefficients (coefficients, frames) float32 of a clip (n,) in [-1, 1], which is cut or filled with silence.

    The same as librosa.feature.mfcc with its default values, to 1e-4.
    """
    return coefficients(band_powers(frames_of(fitted(clip, config))), config)


def fitted(clip: np.ndarray, config: MfccConfig) -> np.ndarray:
    """The beginning of a clip (samples,) float32, with silence after its end."""
    whole = np.zeros(config.samples, np.float32)
    whole[: len(clip)] = clip[: config.samples]
    return whole


def frames_of(clip: np.ndarray) -> np.ndarray:
    """Frames (frames, FFT) of a clip (n,), each with its middle on a multiple of HOP; zeros beyond the ends."""
    padded = np.pad(clip, FFT // 2)
    return np.lib.stride_tricks.sliding_window_view(padded, FFT)[::HOP]


def band_powers(frames: np.ndarray) -> np.ndarray:
    """Power (n, BANDS) float32 in the mel bands of frames (n, FFT)."""
    spectrum = np.fft.rfft(frames * _taper())
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    found: np.ndarray = np.ascontiguousarray((_filters() @ power.T).T)
    return found


def coefficients(powers: np.ndarray, config: MfccConfig) -> np.ndarray:
    """The coefficients (coefficients, n) float32 of a clip by the powers (n, BANDS) of its frames."""
    level = 10 * np.log10(np.maximum(powers, LEAST))
    level = np.maximum(level, level.max() - RANGE)
    found: np.ndarray = (level @ _cosines()[:, : config.coefficients]).T.astype(np.float32)
    return found


@cache
def _taper() -> np.ndarray:
    return np.hanning(FFT + 1)[:-1].astype(np.float32)


@cache
def _filters() -> csr_array:
    """Triangles (BANDS, FFT / 2 + 1) on Slaney's mel scale, each of area 1 [Slaney 1998, Auditory Toolbox].

    They are narrow: nearly all is zero. A dense product would wake the threads of BLAS for each quarter of a second,
    which on a busy machine wait for each other ten times longer than they compute.
    """
    from scipy.sparse import csr_array

    corners = _hertz(np.linspace(0, _mel(MFCC_RATE / 2), BANDS + 2))
    frequencies = np.linspace(0, MFCC_RATE / 2, FFT // 2 + 1)[:, None]
    rising = (frequencies - corners[:-2]) / np.diff(corners)[:-1]
    falling = (corners[2:] - frequencies) / np.diff(corners)[1:]
    triangles = np.maximum(0, np.minimum(rising, falling)) * 2 / (corners[2:] - corners[:-2])
    return csr_array(triangles.T.astype(np.float32))


LINEAR, KNEE, STEP = 200 / 3, 1000.0, np.log(6.4) / 27
"""Hertz of a mel below the knee, hertz of the knee, and the logarithmic step of a mel above it."""


def _mel(hertz: float) -> float:
    knee = KNEE / LINEAR
    return hertz / LINEAR if hertz < KNEE else knee + float(np.log(hertz / KNEE)) / STEP


def _hertz(mel: np.ndarray) -> np.ndarray:
    knee = KNEE / LINEAR
    found: np.ndarray = np.where(mel < knee, mel * LINEAR, KNEE * np.exp(STEP * (mel - knee)))
    return found


@cache
def _cosines() -> np.ndarray:
    """The orthonormal discrete cosine transform (BANDS, BANDS) of type II; a column for each coefficient."""
    n, k = np.arange(BANDS)[:, None], np.arange(BANDS)[None]
    basis = np.cos(np.pi * (n + 0.5) * k / BANDS) * np.sqrt(2 / BANDS)
    basis[:, 0] = np.sqrt(1 / BANDS)
    found: np.ndarray = basis
    return found
