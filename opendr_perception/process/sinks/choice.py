"""From the names of formats to files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from opendr_perception.process.request import ProcessError
from opendr_perception.process.sinks.bag import BagSink
from opendr_perception.process.sinks.base import ResultSource, Sink
from opendr_perception.process.sinks.film import RrdSink, check_rerun
from opendr_perception.process.sinks.lines import LinesSink

EXTRA = "pip install 'opendr_perception[process]', or -r requirements/process.txt"


def open_all(
    formats: Sequence[str], folder: Path, source: ResultSource, nodes: Sequence[str], sound: bool = False
) -> list[Sink]:
    """Begin the files of a stream.

    Args:
        formats: of `request.FORMATS`.
        folder: to write to.
        source: what the results are of.
        nodes: whose results come.
        sound: the stream is sound, which a file for rerun does not have.

    Raises:
        ProcessError: a format needs a package that is not installed.
    """
    sinks: list[Sink] = []
    for name in formats:
        if name == "mcap":
            sinks.append(BagSink(folder / "bag", source, nodes))
        elif name == "jsonl":
            sinks.append(LinesSink(folder / "results.jsonl", source))
        elif name == "rrd":
            sinks += [] if sound else [RrdSink(folder / "results.rrd", source)]
        else:
            check_parquet()
            from opendr_perception.process.sinks.table import TableSink

            sinks.append(TableSink(folder / "results.parquet", source))
    return sinks


def check(formats: Sequence[str]) -> None:
    """Make sure that these formats can be written, before anything is done.

    Raises:
        ProcessError: a package is missing.
    """
    for name, checked in (("parquet", check_parquet), ("rrd", check_rerun)):
        if name in formats:
            checked()


def check_parquet() -> None:
    """Make sure that Parquet can be written.

    Raises:
        ProcessError: pyarrow is missing.
    """
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise ProcessError(f"--format parquet needs pyarrow: {EXTRA}") from error
