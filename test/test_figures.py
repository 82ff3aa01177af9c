"""Figures on the pages are those that `opendr-perception evaluate` and `bench` have written."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOOL = runpy.run_path(str(ROOT / "tools" / "document_figures.py"))
GENERATED: dict[Path, str] = TOOL["generated"]()


@pytest.mark.parametrize("page", GENERATED, ids=lambda page: str(page.relative_to(ROOT)))
def test_figures_of_a_page_are_those_that_were_measured(page: Path) -> None:
    assert page.read_text() == GENERATED[page], "run: python tools/document_figures.py"


def test_every_measurement_that_is_kept_is_shown_somewhere() -> None:
    text = "".join(page.read_text() for page in GENERATED)
    kept = [path.stem for path in TOOL["FIGURES"].glob("*.json")]
    assert kept and [name for name in kept if f"<!-- figure: {name} |" not in text] == []


def test_a_page_that_names_a_figure_that_was_not_measured_is_refused() -> None:
    with pytest.raises(SystemExit, match="no figure 'AP'"):
        TOOL["text_of"]("nothing", "AP")
    with pytest.raises(SystemExit, match="no target of 'persons: AP'"):
        TOOL["target_of"]("persons: AP", None)


def test_figures_are_written_as_they_are_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TOOL["text_of"].__globals__, "FIGURES", tmp_path)
    rows = [
        {"name": "AP", "value": 0.91234, "interval": [0.9, 0.95], "unit": ""},
        {"name": "time", "value": 43.4, "interval": None, "unit": "ms"},
        {"name": "people", "value": 215.0, "interval": None, "unit": "things"},
        {"name": "never", "value": None, "interval": None, "unit": "s"},
    ]
    tables = {"with one threshold": {"false accepts": 0.1211}}
    (tmp_path / "one.json").write_text(json.dumps({"figures": rows, "tables": tables}))
    assert TOOL["text_of"]("one", "AP", " | interval") == "0.912 (0.900 to 0.950)"
    assert TOOL["text_of"]("one", "AP", " | interval | percent") == "91.2 % (90.0 to 95.0)"
    assert [TOOL["text_of"]("one", row["name"]) for row in rows] == ["0.912", "43 ms", "215", "-"]
    assert TOOL["text_of"]("one", "with one threshold: false accepts", " | percent") == "12.1 %"


def test_targets_on_pages_are_those_of_the_benchmark() -> None:
    assert TOOL["target_of"]("heart, cinc2017, test: macro F1", None) == "0.78"
    assert TOOL["target_of"]("identity, orl, test: random, 3 enrolled: false accepts", " | percent") == "0.5 %"


ROW = {"case": "one", "metric": "time", "unit": "ms", "ours": 4.44, "peer": 28.5, "peer_name": "peer", "ratio": 6.4189}
ROW |= {"target": 4.0, "met": False}


def test_a_table_of_attentions_says_what_is_noise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TOOL["attention_table"].__globals__, "ATTENTIONS", tmp_path / "attentions.json")
    row = {"variant": "csa, h = 1", "parameters": 1121, "mean": 0.7123, "deviation": 0.021}
    rows = [
        row | {"difference": None, "noise": None, "beyond noise": None},
        row | {"difference": 0.031, "noise": 0.04, "beyond noise": False},
        row | {"difference": -0.06, "noise": 0.04, "beyond noise": True},
    ]
    (tmp_path / "attentions.json").write_text(json.dumps({"rows": rows}))
    assert TOOL["attention_table"]().splitlines()[2:] == [
        "| csa, h = 1 | 1,121 | 71.2 ± 2.1 |  | the best mask |",
        "| csa, h = 1 | 1,121 | 71.2 ± 2.1 | +3.1 ± 4.0 | within noise |",
        "| csa, h = 1 | 1,121 | 71.2 ± 2.1 | -6.0 ± 4.0 | beyond noise |",
    ]


def test_a_table_of_diversity_says_what_the_reward_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TOOL["diversity_table"].__globals__, "DIVERSITY", tmp_path / "one.json")
    monkeypatch.setitem(TOOL["diversity_table"].__globals__, "DIVERSE", {"accuracy": "right", "places": "places"})
    rows = {"esr2-cbam": {"accuracy": [0.5, 0.01], "places": [0.9, 0.02]}}
    change = {
        "accuracy": {"mean": -0.012, "noise": 0.03, "beyond noise": False},
        "places": {"mean": 0.2, "noise": 0.1, "beyond noise": True},
    }
    (tmp_path / "one.json").write_text(json.dumps({"rows": rows, "change by the reward": change}))
    assert TOOL["diversity_table"]().splitlines()[2:] == [
        "| `esr2-cbam` | 50.0 ± 1.0 | 90.0 ± 2.0 |",
        "| change by the reward | -1.2 ± 3.0: within noise | +20.0 ± 10.0: beyond noise |",
    ]


def test_a_table_of_the_benchmark_says_what_missed_its_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "bench.json"
    monkeypatch.setitem(TOOL["bench_table"].__globals__, "BENCH", file)
    alone = {**ROW, "metric": "rate", "unit": "Hz", "ours": 123.4, "peer": None, "peer_name": "", "ratio": None}
    file.write_text(json.dumps([ROW, alone | {"target": None, "met": None}]))
    assert TOOL["bench_table"]().splitlines()[2:] == [
        "| one | time | 4.44 ms | peer: 28.5 ms | 6.42 | 4 ms: missed |",
        "| one | rate | 123 Hz |  |  |  |",
    ]
    assert TOOL["bench_table"]("one | time | peer").splitlines()[2:] == [
        "| one | time | 4.44 ms | peer: 28.5 ms | 6.42 | 4 ms: missed |"
    ]
    assert TOOL["bench_table"]("one | rate").splitlines()[2:] == ["| one | rate | 123 Hz |  |  |  |"]
    with pytest.raises(SystemExit, match=r"no figure 'one \| delay'"):
        TOOL["bench_table"]("one | delay")
