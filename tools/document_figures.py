"""Write measured figures into pages, from the JSON of `opendr-perception evaluate`, `bench` and of a comparison.

    python tools/document_figures.py

A page says `<!-- figure: persons.pets.test | standard: AP -->0.926<!-- end -->`: the file of docs/figures/evaluate, and
the name of the figure in it, or the names of a table and of its row with a colon between them. With a third part,
`| interval`, the 95 % interval is written too, and `| percent` makes percents of a share.
`<!-- target: heart, cinc2017, test: macro F1 -->0.78<!-- end -->` is what `bench real` compares a figure with.

The figures of the benchmark are the table between `<!-- bench table -->` and `<!-- end -->`; with lines of `case |
metric | peer` in the comment, after a colon, only these. They come from docs/figures/bench.json, which is what `make
bench` leaves in bench-output. `<!-- attention table -->`, `<!-- diversity table -->`, `<!-- online table -->`,
`<!-- online-video table -->` and `<!-- skeletons table -->` are the tables of docs/figures/attentions.json,
diversity.json, online.json, online-video.json and skeletons.json, which `compare` of `training.signals`,
`training.emotion.expression`, `training.action.online`, `training.activity.online` and `training.action.clips` write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FIGURES = ROOT / "docs" / "figures" / "evaluate"
BENCH = ROOT / "docs" / "figures" / "bench.json"
ATTENTIONS = ROOT / "docs" / "figures" / "attentions.json"
DIVERSITY = ROOT / "docs" / "figures" / "diversity.json"
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "opendr_perception" / "zoo" / "weights").glob("*.md")),
]
MARKER = re.compile(r"(<!-- figure: ([\w.-]+) \| ([^|>]+?)((?: \| interval| \| percent)*) -->)(.*?)(<!-- end -->)")
TARGET = re.compile(r"(<!-- target: ([^|>]+?)( \| percent)? -->)(.*?)(<!-- end -->)")
BENCH_TABLE = re.compile(r"(<!-- bench table(?::\n(.*?)\n)? ?-->\n)(.*?)(<!-- end -->)", re.DOTALL)
NAMED_TABLE = re.compile(
    r"(<!-- (attention|diversity|online|online-video|skeletons) table -->\n)(.*?)(<!-- end -->)", re.DOTALL
)
DIVERSE = {
    "accuracy": "right, mean of the branches",
    "accuracy_of_the_vote": "right, vote",
    "accuracy_of_a_branch": "right, one branch",
    "disagreement_of_branches": "two branches disagree",
    "diversity_of_channels": "diversity of channels",
    "diversity_of_places": "diversity of places",
}
SOURCES = {"simulation": "simulated", "kard": "KARD", "jhmdb": "JHMDB"}
NOISE = 0.025
"""Share of draws up to which what is behind is so by more than chance."""


def text_of(file: str, name: str, form: str = "") -> str:
    """A figure as it stands in a page; its form may have `interval` and `percent`.

    Raises:
        SystemExit: There is no such file or figure.
    """
    path, interval = FIGURES / f"{file}.json", "interval" in form
    found = _figures(json.loads(path.read_text())).get(name) if path.is_file() else None
    if found is None:
        raise SystemExit(f"there is no figure '{name}' in {path.relative_to(ROOT)}")
    if "percent" in form:
        return _percents(found["value"], found["interval"] if interval else None)
    text = _number(found["value"], found)
    if interval and found["interval"]:
        text += " ({} to {})".format(*(_number(end, found) for end in found["interval"]))
    return text


def _figures(content: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Figures of a report and shares of its tables, by name."""
    tables = content.get("tables", {})
    shares = {f"{name}: {row}": share for name, rows in tables.items() for row, share in rows.items()}
    return {name: {"value": share, "interval": None, "unit": ""} for name, share in shares.items()} | {
        figure["name"]: figure for figure in content["figures"]
    }


def _percents(share: float, interval: list[float] | None) -> str:
    text = f"{100 * share:.1f} %"
    return text if interval is None else text + " ({:.1f} to {:.1f})".format(*(100 * end for end in interval))


def target_of(metric: str, percent: str | None) -> str:
    """Target of a figure in `bench real`.

    Raises:
        SystemExit: It wants nothing of such a figure.
    """
    from opendr_perception.bench.real import EVALUATIONS

    wanted = {f"{each.label}: {one.name}": one.value for each in EVALUATIONS for one in each.targets}
    if metric not in wanted:
        raise SystemExit(f"there is no target of '{metric}' in bench real")
    return f"{100 * wanted[metric]:.3g} %" if percent else f"{wanted[metric]:.2f}"


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


def diversity_table() -> str:
    """Ensembles of expressions: mean and standard deviation over seeds, and what the reward for diversity changes."""
    found = json.loads(DIVERSITY.read_text())
    head = "| network | " + " | ".join(DIVERSE.values()) + " |\n|" + "---|" * (1 + len(DIVERSE)) + "\n"
    rows = [[f"`{name}`", *(_spread(*row[key]) for key in DIVERSE)] for name, row in found["rows"].items()]
    rows.append(["change by the reward", *(_change(found["change by the reward"][key]) for key in DIVERSE)])
    return head + "".join("| " + " | ".join(cells) + " |\n" for cells in rows)


def _spread(mean: float, deviation: float) -> str:
    return f"{100 * mean:.1f} ± {100 * deviation:.1f}"


def _change(row: dict[str, Any]) -> str:
    """Mean change and the half of its 95 % interval."""
    said = "beyond noise" if row["beyond noise"] else "within noise"
    return f"{100 * row['mean']:+.1f} ± {100 * row['noise']:.1f}: {said}"


def online_table(file: str) -> str:
    """Networks for online detection: per-frame mAP by source, mean and spread over seeds, and what they cost."""
    found = json.loads((BENCH.parent / file).read_text())
    sources = [source for source in SOURCES if source in next(iter(found.values()))]
    several = len(sources) > 1
    columns = ["network", *(SOURCES[source] for source in sources), *["mean"] * several]
    columns += ["begins", "parameters", "products of a step"]
    rows = []
    for name, row in found.items():
        if "macs" not in row:  # the network that the trunk is from
            begins, costs = "-", [f"{row['parameters']:,.0f}", "-"]
            name = f"rest of `{name}`"
        else:
            begins = _percent([value for source in sources for value in row[f"{source}, begins"]], spread=False)
            costs = [f"{row['parameters']:,.0f}", f"{row['macs'] / 1e3:.0f} k"]
        seeds = [sum(values) / len(sources) for values in zip(*(row[source] for source in sources), strict=True)]
        shares = [_percent(row[source]) for source in sources]
        rows.append([name, *shares, *[_percent(seeds)] * several, begins, *costs])
    head = "| " + " | ".join(columns) + " |\n|" + len(columns) * "---|" + "\n"
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
    """Channels of the first blocks; baselines have one size."""
    if name.startswith("co-"):
        return f"{width}"
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
        if any(pattern.search(text) for pattern in (MARKER, TARGET, BENCH_TABLE, NAMED_TABLE)):
            text = MARKER.sub(lambda m: m[1] + text_of(m[2], m[3], m[4]) + m[6], text)
            text = TARGET.sub(lambda m: m[1] + target_of(m[2], m[3]) + m[5], text)
            text = NAMED_TABLE.sub(lambda m: m[1] + TABLES[m[2]]() + m[4], text)
            found[page] = BENCH_TABLE.sub(lambda m: m[1] + bench_table(m[2]) + m[4], text)
    return found


TABLES: dict[str, Callable[[], str]] = {
    "attention": attention_table,
    "diversity": diversity_table,
    "online": partial(online_table, "online.json"),
    "online-video": partial(online_table, "online-video.json"),
    "skeletons": skeletons_table,
}


if __name__ == "__main__":
    for page, text in generated().items():
        page.write_text(text)
