"""Figures say plainly whether a target was met."""

from __future__ import annotations

import json

import pytest

from opendr_perception.bench.harness.figure import larger_is_better, smaller_is_better


def test_a_figure_is_a_plain_comparison() -> None:
    good = smaller_is_better("case", "time", "ms", ours=2.0, target=3.0, peer=8.0, peer_name="other")
    assert good.met is True
    assert good.ratio == pytest.approx(4.0)
    bad = smaller_is_better("case", "time", "ms", ours=4.0, target=3.0)
    assert bad.met is False
    assert bad.ratio is None


def test_of_a_rate_the_larger_is_the_better_one() -> None:
    good = larger_is_better("case", "rate", "Hz", ours=20.0, target=15.0, peer=5.0, peer_name="other")
    assert (good.met, good.ratio) == (True, pytest.approx(4.0))
    assert larger_is_better("case", "rate", "Hz", ours=14.0, target=15.0).met is False


def test_a_figure_has_the_fields_that_others_read() -> None:
    fields = smaller_is_better("case", "time", "ms", 2.0, 3.0).as_dict()
    assert set(fields) == {"case", "metric", "unit", "ours", "peer", "peer_name", "ratio", "target", "met"}
    assert json.loads(json.dumps(fields)) == fields
