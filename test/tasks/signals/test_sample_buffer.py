"""Samples come out once, in order, at their time, whatever happens to chunks on their way."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendr_perception.tasks.signals.buffer import Chunk, Piece, SampleBuffer

RATE = 1000.0
START = 1_700_000_000_000_000_000
SIGNAL = np.arange(1, 6001, dtype=np.float32)[:, None]


def chunk(begin: int, end: int, rate: float = RATE, shift: float = 0.0) -> Chunk:
    """The samples from begin to end of the signal, stamped with their time."""
    return Chunk(SIGNAL[begin:end], rate, START + round(1e9 * (begin / rate + shift)))


def chunks(cuts: list[int], end: int) -> list[Chunk]:
    places = sorted({0, *(cut for cut in cuts if cut < end), end})
    return [chunk(a, b) for a, b in pairwise(places)]


def samples(pieces: list[Piece]) -> np.ndarray:
    return np.concatenate([piece.samples for piece in pieces])[:, 0]


@given(cuts=st.lists(st.integers(1, 1999)), swaps=st.lists(st.integers(1, 2000)), again=st.lists(st.integers(0, 2000)))
def test_the_samples_are_those_of_the_clip_however_it_is_cut_repeated_and_swapped(
    cuts: list[int], swaps: list[int], again: list[int]
) -> None:
    sent = chunks(cuts, 2000)
    last = 0
    for place in sorted({1 + swap % len(sent) for swap in swaps}):
        if last < place < len(sent) - 1:  # neighbours change places; the first chunk begins the stream
            sent[place], sent[place + 1] = sent[place + 1], sent[place]
            last = place + 1
    for place in again:
        sent.insert(1 + place % len(sent), sent[place % len(sent)])
    buffer = SampleBuffer(max_gap=3.0)
    pieces = [piece for each in sent for piece in buffer.add(each)] + buffer.flush()
    assert np.array_equal(samples(pieces), SIGNAL[:2000, 0])
    assert buffer.counts.lost == buffer.counts.restarts == buffer.waiting == 0
    assert buffer.counts.received == 2000 + buffer.counts.repeated
    for piece in pieces:
        assert abs(piece.stamp - START - piece.index * 1e6) < 1e6, "no sample is a millisecond off"


@given(size=st.integers(1, 300), lost=st.integers(2, 4), gap=st.integers(1, 3))
def test_chunks_that_are_lost_are_counted_and_filled(size: int, lost: int, gap: int) -> None:
    sent = [chunk(k, k + size) for k in range(0, 12 * size, size) if not lost <= k // size < lost + gap]
    buffer = SampleBuffer(max_gap=2.0, fill=-1.0)
    found = samples([piece for each in sent for piece in buffer.add(each)] + buffer.flush())
    expected = np.concatenate([SIGNAL] * 2)[: 12 * size, 0].copy()[: min(12 * size, 6000)]
    expected[lost * size : (lost + gap) * size] = -1.0
    assert np.array_equal(found, expected)
    assert buffer.counts.lost == gap * size
    assert buffer.counts.restarts == 0


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (chunk(100, 200, shift=1.5), "nothing came for 1.5 s"),
        (chunk(100, 200, shift=-9.0), "time went back by 9.0 s"),
        (chunk(100, 200, rate=500.0), "its format changed from 1 x 1000 Hz to 1 x 500 Hz"),
        (Chunk(np.zeros((9, 2), np.float32), RATE, START), "its format changed from 1 x 1000 Hz to 2 x 1000 Hz"),
    ],
    ids=["gap", "back", "rate", "channels"],
)
def test_a_stream_starts_anew_and_says_why(second: Chunk, reason: str) -> None:
    buffer = SampleBuffer(max_gap=1.0)
    assert [piece.restart for piece in buffer.add(chunk(0, 100))] == [""]
    (piece,) = buffer.add(second)
    assert (piece.restart, piece.index, piece.stamp) == (reason, 0, second.stamp)
    assert buffer.counts.restarts == 1


def test_stamps_that_jitter_lose_nothing() -> None:
    rng = np.random.default_rng(3)
    buffer = SampleBuffer()
    pieces = []
    for k in range(0, 6000, 20):  # chunks of 20 ms, stamps wrong by up to 9 ms
        pieces += buffer.add(chunk(k, k + 20, shift=rng.uniform(-0.009, 0.009)))
    assert np.array_equal(samples(pieces), SIGNAL[:, 0])
    assert buffer.counts.lost == buffer.counts.repeated == 0


def test_in_a_stream_whose_stamps_jitter_whole_chunks_are_lost_and_repeated() -> None:
    rng = np.random.default_rng(5)
    buffer, pieces = SampleBuffer(fill=-1.0), []
    for k in range(0, 6000, 20):
        sent = chunk(k, k + 20, shift=rng.normal(0, 0.001))
        if k not in (2000, 4000, 4020):
            pieces += buffer.add(sent)
        if k in (1000, 3000):
            pieces += buffer.add(sent)
    found = samples(pieces + buffer.flush())
    expected = SIGNAL[:, 0].copy()
    expected[2000:2020], expected[4000:4040] = -1, -1
    assert np.array_equal(found, expected)
    assert (buffer.counts.lost, buffer.counts.repeated) == (60, 40)


@pytest.mark.parametrize("ppm", [100, -100])
@pytest.mark.parametrize("chunks", [10_000, pytest.param(100_000, marks=pytest.mark.soak)])
def test_the_drift_of_the_sample_clock_is_followed(ppm: int, chunks: int) -> None:
    """Chunks of 20 ms for three minutes, or half an hour, in which the clocks part by 20 or 200 ms."""
    rng = np.random.default_rng(1)
    buffer = SampleBuffer()
    data = np.zeros((320, 1), np.float32)
    worst = 0.0
    for k in range(chunks):
        true = k * 0.02 * (1 + ppm * 1e-6)
        pieces = buffer.add(Chunk(data, 16000.0, START + round(1e9 * (true + rng.normal(0, 0.001)))))
        if k > 3000:  # a minute
            (piece,) = pieces
            worst = max(worst, abs((piece.stamp - START) * 1e-9 - true))
    assert worst < 1e-3
    assert buffer.clock is not None
    assert buffer.clock.drift == pytest.approx(ppm * 1e-6, abs=3e-5)
    assert buffer.counts.lost == buffer.counts.repeated == buffer.counts.restarts == buffer.waiting == 0


def test_guessed_stamps_keep_the_order_of_arrival() -> None:
    buffer = SampleBuffer(max_gap=1.0)
    pieces = []
    for k in range(0, 1000, 10):
        late = 0.3 if k % 100 == 50 else 0.0
        pieces += buffer.add(Chunk(SIGNAL[k : k + 10], RATE, START + round(1e9 * (k / RATE + late)), loose=True))
    assert np.array_equal(samples(pieces), SIGNAL[:1000, 0])
    assert not any(piece.restart for piece in pieces)


def test_what_waits_is_bounded() -> None:
    buffer = SampleBuffer(max_gap=1e6)
    buffer.add(chunk(0, 1))
    for k in range(3000):  # after a leap, every second sample is missing
        buffer.add(Chunk(SIGNAL[:1], RATE, START + (10 + 2 * k) * 10**6))
        assert buffer.waiting <= 64


def test_a_long_chunk_after_a_gap_does_not_wait() -> None:
    buffer = SampleBuffer(max_gap=1.0)
    buffer.add(chunk(0, 100))
    pieces = buffer.add(chunk(200, 5000))
    assert [len(piece.samples) for piece in pieces] == [100, 4800]
    assert buffer.counts.lost == 100


@pytest.mark.parametrize("shape", [(0, 1), (5, 0), (5,)])
def test_what_is_no_chunk_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="no piece of a signal"):
        SampleBuffer().add(Chunk(np.zeros(shape, np.float32), RATE, START))
    with pytest.raises(ValueError, match="max_gap"):
        SampleBuffer(max_gap=-1)
