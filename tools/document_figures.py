"""Write measured figures into pages, from the JSON of `opendr-perception evaluate`, `bench` and of a comparison.

    python tools/document_figures.py

A page says `<!-- figure: persons.pets.test | standard: AP -->0.926<!-- end -->`: the file of docs/figures/evaluate, and
the name of the figure in it. With a third part, `| interval`, the 95 % interval is written too. The figures of the
benchmark are the table between `<!-- bench table -->` and `<!-- end -->`; with lines of `case | metric | peer` in the
comment, after a colon, only these. They come from docs/figures/bench.json, which is what `make bench` leaves in
bench-output. `<!-- attention table -->`, `<!-- online table -->` and `<!-- skeletons table -->` are the tables of
docs/figures/attentions.json, online.json and skeletons.json, which `training.signals.compare`,
`training.action.online.compare` and `training.action.clips.compare` write.
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
BENCH_TABLE = re.compile(r"(<!-- bench table(?::\n(.*?)\n)? ?-->\n)(.*?)(<!-- end -->)", re.DOTALL)
NAMED_TABLE = re.compile(r"(<!-- (attention|online|skeletons) table -->\n)(.*?)(<!-- end -->)", re.DOTALL)
SOURCES = ("simulation", "kard", "jhmdb")
NOISE = 0.025
"""Share of draws up to which what is behind is so by more than chance."""


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
    if unit == "s":
        return f"{value:.2f} s"
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


def online_table() -> str:
    """Networks for online detection: per-frame mAP by source, mean and spread over seeds, and what they cost."""
    found = json.loads((BENCH.parent / "online.json").read_text())
    head = (
        "| network | simulated | KARD | JHMDB | mean | begins | parameters | products of a step |\n|"
        + 8 * "---|"
        + "\n"
    )
    rows = []
    for name, row in found.items():
        if "macs" not in row:  # the network that the trunk is from
            shares = [_percent(row[source]) for source in SOURCES]
            mean = [sum(row[source][0] for source in SOURCES) / len(SOURCES)]
            rows.append([f"rest of `{name}`", *shares, _percent(mean), "-", f"{row['parameters']:,.0f}", "-"])
            continue
        seeds = [sum(values) / len(SOURCES) for values in zip(*(row[source] for source in SOURCES), strict=True)]
        begins = [value for source in SOURCES for value in row[f"{source}, begins"]]
        cells = [name, *(_percent(row[source]) for source in SOURCES), _percent(seeds), _percent(begins, spread=False)]
        rows.append([*cells, f"{row['parameters']:,.0f}", f"{row['macs'] / 1e3:.0f} k"])
    return head + "".join("| " + " | ".join(cells) + " |\n" for cells in rows)


def skeletons_table() -> str:
    """Skeleton networks and baselines: accuracy of each stream and of both together, and what a step costs."""
    found = json.loads((BENCH.parent / "skeletons.json").read_text())
    head = (
        "| network | width | joints | bones | both | 95 % | as good as the best | parameters | products of a step |"
        " ms | state |\n|" + 11 * "---|" + "\n"
    )
    rows = []
    for name, row in found.items():
        shares = [f"{100 * row[key]:.1f}" if key in row else "-" for key in ("joints", "bones", "both")]
        shares += ["{:.0f} to {:.0f}".format(*(100 * end for end in row["interval"])) if "interval" in row else "-"]
        shares += [_beside_best(row.get("not behind"))]
        costs = [f"{row['parameters']:,.0f}", f"{row['macs'] / 1e6:.2f} M", f"{row['ms']:.2g}"]
        rows.append([name, _width(name, row["width"]), *shares, *costs])
        rows[-1].append(f"{row['state'] / 1e3:.0f} kB")
    return head + "".join("| " + " | ".join(cells) + " |\n" for cells in rows)


def _beside_best(share: float | None) -> str:
    """Word for a network beside the best one, by the share of draws in which it is as good."""
    if share is None:
        return "-"
    return "the best" if share == 1 else "maybe" if share > NOISE else "no"


def _width(name: str, width: int) -> str:
    """Channels of the first blocks: CoS-TR has 32 at least, and baselines have one size."""
    if "gcn" in name or "s-tr" in name:
        return f"{max(width, 32) if 's-tr' in name else width}"
    return "128" if name in ("gru", "lstm") else "96"


def _percent(values: list[float], *, spread: bool = True) -> str:
    mean = sum(values) / len(values)
    text = f"{100 * mean:.1f}"
    return f"{text} ± {50 * (max(values) - min(values)):.1f}" if spread and len(values) > 1 else text


def generated() -> dict[Path, str]:
    """All pages that have figures, as they ought to be."""
    found = {}
    for page in PAGES:
        text = page.read_text()
        if any(pattern.search(text) for pattern in (MARKER, BENCH_TABLE, NAMED_TABLE)):
            text = MARKER.sub(lambda m: m[1] + text_of(m[2], m[3], bool(m[4])) + m[6], text)
            text = NAMED_TABLE.sub(lambda m: m[1] + TABLES[m[2]]() + m[4], text)
            found[page] = BENCH_TABLE.sub(lambda m: m[1] + bench_table(m[2]) + m[4], text)
    return found


TABLES = {"attention": attention_table, "online": online_table, "skeletons": skeletons_table}


if __name__ == "__main__":
    for page, text in generated().items():
        page.write_text(text)
