"""Report of the demonstration, in numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from opendr_perception.demo.recorder import ResultRecorder
from opendr_perception.ros.convert.plain import to_dict

Report = dict[str, Any]


def report_of(recorder: ResultRecorder, sources: Mapping[str, str], nodes: Sequence[str]) -> Report:
    """Summarise the recorded results, for each node and stream, as JSON can hold it; `sources` are the streams'
    recordings."""
    rows = []
    for node in nodes:
        for stream in sources:
            statistics = recorder.statistics.get((node, stream))
            if statistics is not None:
                figures = to_dict(statistics)
                del figures["header"]
                counted = (node, stream) in recorder.people
                figures["people"] = recorder.people[node, stream] if counted else None
                figures["tracks"] = len(recorder.tracks[node, stream]) if counted else None
                rows.append(figures | {"node": node})
    return {"sources": dict(sources), "nodes": rows}


def show(report: Report, console: Console) -> None:
    """Print the report as a table that a newcomer understands."""
    table = Table(title="What the nodes did with each camera and sound", box=None, padding=(0, 1, 0, 0))
    table.add_column("node", no_wrap=True)
    table.add_column("stream", no_wrap=True)
    for heading in ("inputs", "results", "skipped", "bad", "per s", "model", "age", "people"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in report["nodes"]:
        counts = (row["received"], row["processed"], row["dropped"], row["rejected"])
        times = (f"{row['rate']:.1f}", _milliseconds(row["inference_mean"]), _milliseconds(row["latency_mean"]))
        table.add_row(row["node"], row["stream"], *map(str, counts), *times, _count(row["tracks"]))
    console.print(table)
    console.print(
        "inputs: images or pieces of sound. skipped: a newer one came before the model\n"
        "was free. bad: cannot be used. model: ms for one result. age: ms from an\n"
        "input's stamp to its result. These two and per s are of the last second.\n"
        "people: how many different ones were followed."
    )


def _count(number: int | None) -> str:
    return "-" if number is None else str(number)


def _milliseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1e3:.0f}"
