"""The figures of the benchmark of policies, from episodes that are known."""

from __future__ import annotations

from typing import Any

import pytest

from opendr_perception.bench.view.explorer import EpisodeCosts
from opendr_perception.bench.view.figures import Episode, figures, interval, mcnemar

NAMES = ("static", "random", "rule", "occlusion", "synthesis", "auto", "oracle")


def episode(right: bool, **changes: Any) -> Episode:
    values: dict[str, Any] = {
        "right": right, "right_after_two": right, "occluded": False, "known": True, "good_at_first": False, "moves": 1,
        "embeddings": 3, "times": (0.01,),
    }  # fmt: skip
    return Episode(**{**values, **changes}, costs=EpisodeCosts(looks=2, travelled=1.0, seconds=4.0))


def test_the_interval_is_wilsons() -> None:
    assert interval(50, 100) == pytest.approx((40.4, 59.6), abs=0.1)
    assert interval(0, 10)[0] == pytest.approx(0, abs=1e-9)
    assert interval(10, 10)[1] == pytest.approx(100)


def test_chance_is_that_of_an_exact_sign_test() -> None:
    assert mcnemar([True] * 10, [True] * 10) == 1
    assert mcnemar([True] * 10, [False] * 10) == pytest.approx(2 / 2**10)
    assert mcnemar([True, True, True, False], [False, False, False, True]) == pytest.approx(2 * 5 / 16)


def test_gains_are_differences_of_shares() -> None:
    results = {name: [episode(True), episode(name != "static")] for name in NAMES}
    found = {figure.metric: figure for figure in figures(results)}
    assert (found["auto minus static"].ours, found["auto minus static"].met) == (50, True)
    assert (found["oracle minus auto"].ours, found["oracle minus auto"].met) == (0, True)
    assert (found["auto minus random"].ours, found["auto minus random"].met) == (0, False)
    assert found["decision, occlusion, median"].ours == pytest.approx(10)


def test_moves_for_a_good_view_and_contacts_are_counted() -> None:
    results = {name: [episode(True)] for name in NAMES}
    results["auto"] = [episode(True, good_at_first=True, moves=2)]
    results["random"][0].costs.contacts.add("board_0")
    found = {figure.metric: figure for figure in figures(results)}
    assert found["moves of auto, 1 good first views"].met is False
    assert found["episodes with contacts, of 7"].ours == 1


def test_recovery_is_relative_to_what_nothing_covers() -> None:
    results = {name: [episode(True)] * 4 for name in NAMES}
    results["auto"] = [
        episode(True), episode(False), episode(True, occluded=True), episode(True, occluded=True, right_after_two=False)
    ]  # fmt: skip
    found = {figure.metric: figure for figure in figures(results)}
    (recovered,) = (figure for metric, figure in found.items() if metric.startswith("covered faces"))
    assert recovered.ours == pytest.approx(100)
