"""PhysioNet's format WFDB: a header in text, and samples in one or more files [physionet.org, header(5), signal(5)]."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from opendr_perception.tasks.signals.recording import SignalError, SignalRecording

MISSING = {"16": -(2**15), "24": -(2**23), "32": -(2**31), "80": -(2**7), "212": -(2**11)}
"""The value that stands for none."""
FORMAT = re.compile(r"(\d+)(?:x(\d+))?(?::(\d+))?(?:\+(\d+))?")
GAIN = re.compile(r"([-+.\deE]+)(?:\((-?\d+)\))?(?:/(\S+))?")


@dataclass(frozen=True)
class Channel:
    """A signal line of a header."""

    file: str
    kind: str
    offset: int
    gain: float
    baseline: int
    unit: str
    name: str


def read_wfdb(path: Path) -> SignalRecording:
    """Read all channels of a record.

    Args:
        path: its .hea file.

    Raises:
        SignalError: the header is damaged, or of a kind that is not supported.
    """
    lines = [line for line in path.read_text(encoding="latin-1").splitlines() if line.strip() and line[0] != "#"]
    first = lines[0].split() if lines else []
    if len(first) < 2 or not first[1].isdecimal():
        raise SignalError("it is no header of a WFDB record")
    if "/" in first[0]:
        raise SignalError("records of several segments are not supported: give one of its segments")
    count = int(first[1])
    rate = float(re.split(r"[/(]", first[2])[0]) if len(first) > 2 else 250.0
    channels = [_channel(line) for line in lines[1 : 1 + count]]
    if not channels or len(channels) < count:
        raise SignalError(f"its header announces {count} signals and describes {len(channels)}")
    columns: list[np.ndarray] = []
    for file in dict.fromkeys(channel.file for channel in channels):
        group = [channel for channel in channels if channel.file == file]
        table = _unpack((path.parent / file).read_bytes()[group[0].offset :], group[0].kind)
        table = table[: len(table) // len(group) * len(group)].reshape(-1, len(group))
        columns += [_physical(table[:, k], channel) for k, channel in enumerate(group)]
    length = min(map(len, columns))
    units = {channel.unit for channel in channels}
    names = tuple(channel.name for channel in channels)
    samples = np.stack([column[:length] for column in columns], 1)
    return SignalRecording(samples, rate, names, units.pop() if len(units) == 1 else "")


def _channel(line: str) -> Channel:
    parts = line.split(maxsplit=8)
    kind = FORMAT.fullmatch(parts[1]) if len(parts) > 1 else None
    if kind is None or kind[1] not in MISSING or (kind[2] or "1") != "1" or int(kind[3] or 0):
        known = ", ".join(MISSING)
        raise SignalError(f"the signal '{line}' has a format that is not supported; {known} without skew are")
    gain = GAIN.fullmatch(parts[2]) if len(parts) > 2 else None
    zero = int(parts[4]) if len(parts) > 4 else 0
    return Channel(
        file=parts[0],
        kind=kind[1],
        offset=int(kind[4] or 0),
        gain=(float(gain[1]) if gain else 0.0) or 200.0,
        baseline=int(gain[2]) if gain and gain[2] else zero,
        unit=(gain[3] or "mV") if gain else "mV",
        name=parts[8].strip() if len(parts) > 8 else parts[0],
    )


def _unpack(data: bytes, kind: str) -> np.ndarray:
    """Integers (n,) from the bytes of a file."""
    if kind == "80":
        return np.frombuffer(data, np.uint8).astype(np.int32) - 128
    if kind in ("16", "32"):
        size = int(kind) // 8
        return np.frombuffer(data[: len(data) // size * size], f"<i{size}").astype(np.int64)
    triples = np.frombuffer(data[: len(data) // 3 * 3], np.uint8).reshape(-1, 3).astype(np.int32)
    if kind == "24":
        return _signed(triples[:, 0] | triples[:, 1] << 8 | triples[:, 2] << 16, 24)
    pair = np.stack([triples[:, 0] | (triples[:, 1] & 0x0F) << 8, triples[:, 2] | (triples[:, 1] & 0xF0) << 4], 1)
    return _signed(pair.ravel(), 12)


def _signed(values: np.ndarray, bits: int) -> np.ndarray:
    return np.where(values >= 1 << (bits - 1), values - (1 << bits), values)


def _physical(digital: np.ndarray, channel: Channel) -> np.ndarray:
    physical = ((digital - channel.baseline) / channel.gain).astype(np.float32)
    physical[digital == MISSING[channel.kind]] = np.nan
    return physical
