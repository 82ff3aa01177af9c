"""Functions are timed in turn."""

from __future__ import annotations

from opendr_perception.bench.harness.timing import WARM_UP, alternating


def test_functions_take_turns_after_a_warm_up() -> None:
    calls: list[str] = []
    times = alternating({"a": (lambda: calls.append("a"), 2), "b": (lambda: calls.append("b"), 1)}, rounds=3)
    assert calls[2 * WARM_UP :] == ["a", "a", "b"] * 3
    assert times.keys() == {"a", "b"}
    assert all(time >= 0 for time in times.values())
