"""The page of scale: its tables are those of its figures, and its simulation agrees with what can be computed."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
TOOL: dict[str, Any] = runpy.run_path(str(ROOT / "tools" / "simulate_cluster.py"))
Plan, simulate = TOOL["Plan"], TOOL["simulate"]


def test_the_page_has_the_figures_that_were_measured() -> None:
    page = TOOL["PAGE"].read_text(encoding="utf-8")
    figures = json.loads(TOOL["FIGURES"].read_text(encoding="utf-8"))
    assert TOOL["written"](page, figures) == page, "run: python tools/simulate_cluster.py"


@pytest.mark.parametrize(("units", "rounds"), [(64, 1), (65, 2), (128, 2), (1, 1)])
def test_without_losses_all_is_done_in_whole_rounds(units: int, rounds: int) -> None:
    assert simulate(units, 100.0, Plan(64, 10)) == pytest.approx(100.0 * rounds)


def test_lost_machines_cost_time_and_no_recording() -> None:
    undisturbed = simulate(1000, 600.0, Plan(128, 10))
    lossy = simulate(1000, 600.0, Plan(128, 10, lost=6.0), seed=1)
    assert undisturbed == pytest.approx(600.0 * 8)
    assert undisturbed < lossy < 2 * undisturbed


def test_long_recordings_lose_more_with_a_machine() -> None:
    long, short = (
        simulate(round(60000 / minutes), 60.0 * minutes, Plan(128, minutes, lost=2.0), seed=2) for minutes in (60, 10)
    )
    assert short < long
