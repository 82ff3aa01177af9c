"""The figures of what the robot does when something fails."""

from __future__ import annotations

import math

from opendr_perception.bench.view.faults import HARMLESS, Record, figures


def test_the_worst_time_of_each_fault_is_shown() -> None:
    record = Record({"no more images": [0.2, 0.31], **{name: [math.inf] for name in HARMLESS}}, commands=40)
    shown = {figure.metric: figure for figure in figures(record)}
    worst = shown["time to zero velocity, no more images, worst of 2"]
    assert (worst.ours, worst.met) == (0.31, False)
    assert not any(harmless in name for name in shown for harmless in HARMLESS), "nobody needs to stop then"
    assert shown["contacts, 4 faults while moving"].met
