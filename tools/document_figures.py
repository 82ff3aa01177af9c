"""Write measured figures into pages, from the JSON of `opendr-perception evaluate`, `bench` and of a comparison.

    python tools/document_figures.py

A page says `<!-- figure: persons.pets.test | standard: AP -->0.926<!-- end -->`: the file of docs/figures/evaluate, and
the name of the figure in it. With a third part, `| interval`, the 95 % interval is written too. The figures of the
benchmark are the table between `<!-- bench table -->` and `<!-- end -->`; with lines of `case | metric | peer` in the
comment, after a colon, only these. They come from docs/figures/bench.json, which is what `make bench` leaves in
bench-output. The attentions of the bag-of-features are the table between `<!-- attention table -->` and
`<!-- end -->`, from docs/figures/attentions.json, which `opendr_perception.training.signals.compare` writes.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FIGURES = ROOT / "docs" / "figures" / "evaluate"
BENCH = ROOT / "docs" / "figures" / "bench.json"
ATTENTIONS = ROOT / "docs" / "figures" / "attentions.json"
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "opendr_perception" / "zoo" / "weights").glob("*.md")),
]
MARKER = re.compile(r"(<!-- figure: ([\w.-]+) \| ([^|>]+?)( \| interval)? -->)(.*?)(<!-- end -->)")
ATTENTION_TABLE = re.compile(r"(<!-- attention table -->\n)(.*?)(<!-- end -->)", re.DOTALL)
BENCH_TABLE = re.compile(r"(<!-- bench table(?::\n(.*?)\n)? ?-->\n)(.*?)(<!-- end -->)", re.DOTALL)


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


def bench_table(wanted: str | None = None) -> str:
    """Figures of the last whole benchmark, with those that miss their targets; all, or those named in lines.

    Raises:
        SystemExit: There is no such figure.
    """
    rows = {_name(row): row for row in json.loads(BENCH.read_text())}
    names = list(rows) if wanted is None else wanted.splitlines()
    if missing := [name for name in names if name not in rows]:
        raise SystemExit(f"there is no figure '{missing[0]}' in {BENCH.name}")
    head = "| case | what | ours | beside it | times better | target |\n|---|---|---|---|---|---|\n"
    return head + "".join(map(_bench_row, (rows[name] for name in names)))


def _name(row: dict[str, Any]) -> str:
    """Case and metric, and the peer where there is one: some figures are compared with several."""
    return " | ".join(filter(None, (row["case"], row["metric"], row["peer_name"])))


def _bench_row(row: dict[str, Any]) -> str:
    peer = "" if row["peer"] is None else _measured(row["peer"], row["unit"])
    cells = (
        row["case"],
        row["metric"],
        _measured(row["ours"], row["unit"]),
        ": ".join(filter(None, (row["peer_name"], peer))),
        "" if row["ratio"] is None else f"{row['ratio']:.3g}",
        "" if row["target"] is None else _measured(row["target"], row["unit"]) + ": missed" * (not row["met"]),
    )
    return "| " + " | ".join(cells) + " |\n"


def attention_table() -> str:
    """Macro F1 of each attention over the seeds, and whether it differs from the best baseline by more than noise."""
    head = "| attention | parameters of it | macro F1 | from the best mask | |\n|---|---|---|---|---|\n"
    return head + "".join(map(_attention_row, json.loads(ATTENTIONS.read_text())["rows"]))


def _attention_row(row: dict[str, Any]) -> str:
    apart, said = "", "the best mask"
    if row["difference"] is not None:
        apart = f"{100 * row['difference']:+.1f} ± {100 * row['noise']:.1f}"
        said = "beyond noise" if row["beyond noise"] else "within noise"
    score = f"{100 * row['mean']:.1f} ± {100 * row['deviation']:.1f}"
    return f"| {row['variant']} | {row['parameters']:,} | {score} | {apart} | {said} |\n"


def _measured(value: float, unit: str) -> str:
    number = f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{number} {unit}".rstrip()


def generated() -> dict[Path, str]:
    """All pages that have figures, as they ought to be."""
    found = {}
    for page in PAGES:
        text = page.read_text()
        if any(pattern.search(text) for pattern in (MARKER, BENCH_TABLE, ATTENTION_TABLE)):
            text = MARKER.sub(lambda m: m[1] + text_of(m[2], m[3], bool(m[4])) + m[6], text)
            text = ATTENTION_TABLE.sub(lambda m: m[1] + attention_table() + m[3], text)
            found[page] = BENCH_TABLE.sub(lambda m: m[1] + bench_table(m[2]) + m[4], text)
    return found


if __name__ == "__main__":
    for page, text in generated().items():
        page.write_text(text)
