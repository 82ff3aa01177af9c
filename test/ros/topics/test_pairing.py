"""Joining images and results: whichever comes first, nothing grows, and what cannot be joined is told."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.ros.convert.images import read_stamp
from opendr_perception.ros.topics.pairing import LIMIT, Miss, Pairing
from opendr_perception.tasks.imaging.message import BadImage


class Joined:
    """A pairing, and what came out of it."""

    def __init__(self) -> None:
        self.pairs: list[tuple[str, str]] = []
        self.missed: list[tuple[int, float | None]] = []
        self.late: list[bool] = []
        self.pairing: Pairing[str, str] = Pairing(
            lambda image, result: self.pairs.append((image, result)),
            self._give_up,
        )

    def _give_up(self, miss: Miss) -> None:
        self.missed.append((miss.in_a_row, miss.offset))
        self.late.append(miss.late)

    def image(self, stamp: int) -> None:
        self.pairing.add_image(stamp, f"image {stamp}")

    def result(self, stamp: int) -> None:
        self.pairing.add_result(stamp, f"result {stamp}")


@pytest.fixture
def joined() -> Joined:
    return Joined()


def test_whichever_comes_first_waits_for_the_other(joined: Joined) -> None:
    joined.image(1)
    joined.result(1)
    joined.result(2)
    assert joined.pairs == [("image 1", "result 1")]
    joined.image(2)
    assert joined.pairs == [("image 1", "result 1"), ("image 2", "result 2")]
    assert not joined.missed


def test_images_without_a_result_are_nothing_unusual(joined: Joined) -> None:
    for stamp in range(100):
        joined.image(stamp)
        if stamp % 5 == 4:
            joined.result(stamp - 3)
    assert [image for image, _ in joined.pairs] == [f"image {stamp}" for stamp in range(1, 100, 5)]
    assert not joined.missed
    assert joined.pairing.passed == 100 - len(joined.pairs) - 3, "the newest ones may still find their result"


def test_a_result_whose_image_was_lost_is_missed_as_soon_as_that_is_certain(joined: Joined) -> None:
    joined.result(1)
    joined.result(2)
    joined.image(2)
    assert joined.pairs == [("image 2", "result 2")]
    assert joined.missed == [(1, pytest.approx(1e-9))]


def test_stamps_that_never_match_are_told_with_their_offset(joined: Joined) -> None:
    millisecond = 10**6
    for number in range(40):
        joined.image(33 * number * millisecond)
        joined.result((33 * number + 2) * millisecond)
    assert not joined.pairs
    assert [in_a_row for in_a_row, _ in joined.missed] == list(range(1, 40 - LIMIT + 1))
    assert joined.missed[-1][1] == pytest.approx(-0.002)
    assert not any(joined.late)


def test_results_of_images_that_have_passed_are_late(joined: Joined) -> None:
    for number in range(2 * LIMIT):
        joined.image(number)
    for number in range(LIMIT):
        joined.result(number)
        joined.image(2 * LIMIT + number)
    joined.image(1000)
    joined.result(1000)
    assert joined.pairs == [("image 1000", "result 1000")]
    assert joined.late == [True] * LIMIT


def test_results_without_any_image_are_told(joined: Joined) -> None:
    for stamp in range(LIMIT + 2):
        joined.result(stamp)
    assert joined.missed == [(1, None), (2, None)]


def test_nothing_grows(joined: Joined) -> None:
    for stamp in range(0, 2000, 2):
        joined.image(stamp)
        joined.result(stamp + 1)
    assert len(joined.pairing._images) <= LIMIT
    assert len(joined.pairing._results) <= LIMIT
    assert len(joined.missed) == 1000 - LIMIT


def test_time_may_go_back(joined: Joined) -> None:
    for stamp in [*range(100, 200), *range(100)]:
        joined.result(stamp)
        joined.image(stamp)
    assert len(joined.pairs) == 200
    assert not joined.missed


def test_of_results_with_one_stamp_the_newest_counts(joined: Joined) -> None:
    joined.pairing.add_result(7, "old")
    joined.pairing.add_result(7, "new")
    joined.image(7)
    assert joined.pairs == [("image 7", "new")]
    assert len(joined.missed) == 1


def test_the_stamp_is_read_from_serialised_bytes_of_either_byte_order() -> None:
    little = b"\x00\x01\x00\x00" + np.array([3, 5], "<u4").tobytes()
    big = b"\x00\x00\x00\x00" + np.array([3, 5], ">u4").tobytes()
    assert read_stamp(little) == read_stamp(big) == 3_000_000_005
    with pytest.raises(BadImage, match="truncated: 11 bytes"):
        read_stamp(little[:11])
