"""Figures of the pages are what `opendr-perception evaluate` has written."""

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
        TOOL["text_of"]("nothing", "AP", False)


def test_figures_are_written_as_they_are_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TOOL["text_of"].__globals__, "FIGURES", tmp_path)
    rows = [
        {"name": "AP", "value": 0.91234, "interval": [0.9, 0.95], "unit": ""},
        {"name": "time", "value": 43.4, "interval": None, "unit": "ms"},
        {"name": "people", "value": 215.0, "interval": None, "unit": "things"},
        {"name": "never", "value": None, "interval": None, "unit": "s"},
    ]
    (tmp_path / "one.json").write_text(json.dumps({"figures": rows}))
    assert TOOL["text_of"]("one", "AP", True) == "0.912 (0.900 to 0.950)"
    assert [TOOL["text_of"]("one", row["name"], False) for row in rows] == ["0.912", "43 ms", "215", "-"]
