"""opendr-perception process and query."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from csv import writer
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from opendr_perception.engine.session import EngineError
from opendr_perception.process.asking import ask
from opendr_perception.process.cluster import Ray
from opendr_perception.process.executors import Executor, Processes, UnitOutcome
from opendr_perception.process.order import process_recordings
from opendr_perception.process.request import ProcessError, Request, read_parameters
from opendr_perception.process.run import Tell
from opendr_perception.process.sinks import check
from opendr_perception.tasks.face import GalleryError
from opendr_perception.zoo import ZooError


def process(
    recordings: Sequence[str],
    nodes: str,
    output: Path,
    params: Path | None,
    workers: int,
    resume: bool,
    formats: str,
    hertz: float,
    blur: str,
    ray: str = "",
) -> int:
    """Process recordings as the command line says; the exit status."""
    console = Console(stderr=True)
    try:
        names = tuple(filter(None, nodes.replace(" ", "").split(",")))
        parameters = read_parameters(params, names) if params else {}
        request = Request(names, parameters, tuple(filter(None, formats.replace(" ", "").split(","))), hertz, blur)
        check(request.formats)
        with _progress(console) as tell:
            executor: Executor = Ray(ray) if ray else Processes(workers)
            outcomes = process_recordings(recordings, request, output, executor, resume, tell)
    except (ProcessError, ZooError, EngineError, GalleryError, ValueError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {error.filename or output}: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"stopped; what is missing in {output} is done by the same command with --resume", file=sys.stderr)
        return 1
    _show(outcomes, console)
    return _tell_problems(outcomes)


@contextmanager
def _progress(console: Console) -> Iterator[Tell]:
    """A line for each stream under way, with its rate and the time that is left."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def tell(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=total or None, rate="")
            speed = progress.tasks[tasks[name]].speed
            progress.update(tasks[name], completed=done, rate=f"{speed:.1f} frames/s" if speed else "")

        yield tell


def _show(outcomes: Sequence[UnitOutcome], console: Console) -> None:
    table = Table()
    for heading in ("stream", "frames", "answered"):
        table.add_column(heading)
    for outcome in sorted(outcomes, key=lambda each: each.name):
        if report := outcome.report:
            answered = ", ".join(f"{node} {count}" for node, count in report.answered.items())
            table.add_row(report.name, str(report.frames), answered)
    console.print(table)
    for line in dict.fromkeys(note for outcome in outcomes if outcome.report for note in outcome.report.notes):
        console.print(f"note: {line}", soft_wrap=True, highlight=False)


def _tell_problems(outcomes: Sequence[UnitOutcome]) -> int:
    """Name all that is missing; the exit status."""
    lines = [f"{outcome.name}: {outcome.error}" for outcome in outcomes if outcome.error]
    for outcome in outcomes:
        if outcome.report:
            lines += [f"{outcome.name}: {problem}" for problem in outcome.report.problems]
    for line in lines:
        print(f"error: {line}", file=sys.stderr)
    return 1 if lines else 0


MOST_ROWS = 1000
"""That are printed; who wants more writes CSV, or asks from Python."""


def query(folder: Path, sql: str, csv: bool) -> int:
    """Ask the tables of results, and print the reply; the exit status."""
    try:
        reply = ask(folder, sql, 0 if csv else MOST_ROWS)
    except ProcessError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if csv:
        writer(sys.stdout).writerows([reply.columns, *reply.rows])
        return 0
    table = Table(*reply.columns)
    for row in reply.rows:
        table.add_row(*("" if value is None else escape(str(value)) for value in row))
    Console().print(table)
    if len(reply.rows) == MOST_ROWS:
        print(f"only the first {MOST_ROWS} rows are shown; --csv gives all", file=sys.stderr)
    return 0
