"""Write measured figures into pages, from the JSON of `opendr-perception evaluate`.

    python tools/document_figures.py

A page says `<!-- figure: persons.pets.test | standard: AP -->0.926<!-- end -->`: the file of docs/figures/evaluate, and
the name of the figure in it. With a third part, `| interval`, the 95 % interval is written too.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FIGURES = ROOT / "docs" / "figures" / "evaluate"
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "opendr_perception" / "zoo" / "weights").glob("*.md")),
]
MARKER = re.compile(r"(<!-- figure: ([\w.-]+) \| ([^|>]+?)( \| interval)? -->)(.*?)(<!-- end -->)")


def text_of(file: str, name: str, interval: bool) -> str:
    """A figure as it stands in a page.

    Raises:
        SystemExit: There is no such file or figure.
    """
    path = FIGURES / f"{file}.json"
    figures = json.loads(path.read_text())["figures"] if path.is_file() else []
    found = next((figure for figure in figures if figure["name"] == name), None)
    if found is None:
        raise SystemExit(f"there is no figure '{name}' in {path.relative_to(ROOT)}")
    text = _number(found["value"], found)
    if interval and found["interval"]:
        text += " ({} to {})".format(*(_number(end, found) for end in found["interval"]))
    return text


def _number(value: float | None, figure: dict[str, Any]) -> str:
    if value is None:
        return "-"
    unit = figure["unit"].replace("things", "")
    return f"{value:.0f} {unit}".rstrip() if figure["unit"] else f"{value:.3f}"


def generated() -> dict[Path, str]:
    """All pages that have figures, as they ought to be."""
    found = {}
    for page in PAGES:
        text = page.read_text()
        if MARKER.search(text):
            found[page] = MARKER.sub(lambda m: m[1] + text_of(m[2], m[3], bool(m[4])) + m[6], text)
    return found


if __name__ == "__main__":
    for page, text in generated().items():
        page.write_text(text)
