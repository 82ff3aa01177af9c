"""Sound as bytes: uncompressed samples of the encodings that are in use."""

from __future__ import annotations

import numpy as np

ENCODINGS: dict[str, tuple[np.dtype, float]] = {
    "S8": (np.dtype("i1"), 2.0**7),
    "S16LE": (np.dtype("<i2"), 2.0**15),
    "S32LE": (np.dtype("<i4"), 2.0**31),
    "F32LE": (np.dtype("<f4"), 1.0),
}
"""Type of a sample in bytes, and its value for a loudness of 1."""
MOST_CHANNELS = 64
RATES = (1000, 768_000)
"""Hz. Sound is sampled at no other rate: a header that says so is wrong."""
CLIPPED = 0.01
"""Share of samples at full scale from which on a microphone is called overdriven."""


def decode(data: bytes, encoding: str, channels: int) -> np.ndarray:
    """Samples (n, channels) float32 in [-1, 1] from interleaved bytes.

    Raises:
        ValueError: the encoding is not known, or the bytes are no whole number of samples.
    """
    if encoding not in ENCODINGS:
        raise ValueError(f"the encoding '{encoding}' is not supported; known are {', '.join(ENCODINGS)}")
    kind, scale = ENCODINGS[encoding]
    check_channels(channels)
    if not data or len(data) % (kind.itemsize * channels):
        raise ValueError(f"{len(data)} bytes are no whole number of {encoding} samples of {channels} channel(s)")
    samples = np.frombuffer(data, kind).astype(np.float32).reshape(-1, channels)
    return samples if scale == 1 else samples / np.float32(scale)


def encode(samples: np.ndarray, encoding: str) -> bytes:
    """The bytes of samples (n, channels) in [-1, 1]; louder ones are clipped."""
    kind, scale = ENCODINGS[encoding]
    if kind.kind == "f":
        return np.ascontiguousarray(samples, kind).tobytes()
    limits = np.iinfo(kind)
    scaled = np.clip(np.rint(samples.astype(np.float64) * scale), limits.min, limits.max)
    return np.ascontiguousarray(scaled.astype(kind)).tobytes()


def check_channels(channels: int) -> None:
    """Raise ValueError unless it is a number of channels."""
    if not 1 <= channels <= MOST_CHANNELS:
        raise ValueError(f"{channels} channels: must be 1 to {MOST_CHANNELS}")


def check_rate(rate: float) -> None:
    """Raise ValueError unless it is a rate of sound in Hz."""
    if not RATES[0] <= rate <= RATES[1]:
        raise ValueError(f"a sample rate of {rate:g} Hz: sound has {RATES[0]} to {RATES[1]} Hz")


def without_nan(samples: np.ndarray) -> tuple[np.ndarray, str]:
    """Samples in which those that are no number are 0, and how many they were in words; '' for none."""
    bad = ~np.isfinite(samples)
    count = int(bad.sum())
    return (
        (np.where(bad, 0, samples), f"{count} samples are no numbers: they are taken as 0") if count else (samples, "")
    )


def doubt(samples: np.ndarray) -> str:
    """Doubts about samples that are numbers; '' for nothing."""
    largest = float(np.abs(samples).max(initial=0.0))
    if largest > 8:
        return f"samples reach {largest:.3g}, but 1 is full scale: is the encoding right?"
    if float((np.abs(samples) >= 0.999).mean()) >= CLIPPED:
        return "the sound is clipped: lower the gain of the microphone"
    return ""
