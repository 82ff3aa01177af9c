"""opendr-perception bench: run cases, print their figures, write them as JSON."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import rclpy
from rich.console import Console
from rich.table import Table

from opendr_perception.bench.action.adapting import adapt
from opendr_perception.bench.activity import activity
from opendr_perception.bench.body.high_resolution import high_resolution
from opendr_perception.bench.continual import continual
from opendr_perception.bench.emotion.audiovisual import audiovisual
from opendr_perception.bench.emotion.recognition import emotion
from opendr_perception.bench.face.recognition import faces
from opendr_perception.bench.harness.extent import Extent
from opendr_perception.bench.harness.figure import Case, Figure
from opendr_perception.bench.nms import nms
from opendr_perception.bench.people.space import people
from opendr_perception.bench.presence import presence
from opendr_perception.bench.process import process
from opendr_perception.bench.real import real
from opendr_perception.bench.ros.overhead import overhead
from opendr_perception.bench.ros.streams import streams
from opendr_perception.bench.ros.whole import once
from opendr_perception.bench.signals.samples import signals
from opendr_perception.bench.sound.recognition import sound
from opendr_perception.bench.view.faults import active_faults
from opendr_perception.bench.view.lively import lively
from opendr_perception.bench.view.policies import active
from opendr_perception.bench.view.verification import verification
from opendr_perception.files import write_text
from opendr_perception.ros.node import isolate_domain

log = logging.getLogger(__name__)

CASES: dict[str, Case] = {
    "overhead": overhead,
    "streams": streams,
    "once": once,
    "continual": continual,
    "faces": faces,
    "emotion": emotion,
    "nms": nms,
    "active": lambda extent: [*active(extent), *lively(extent), *verification(extent), *active_faults(extent)],
    "highres": high_resolution,
    "presence": presence,
    "people": people,
    "real": real,
    "sound": sound,
    "signals": signals,
    "av": audiovisual,
    "process": process,
    "adapt": adapt,
    "activity": activity,
}


def benchmark(names: Sequence[str], extent: Extent, json_file: Path | None) -> int:
    """Run the cases, all by default; one that fails costs the others nothing.

    Args:
        names: of the cases.
        extent: how much each of them measures.
        json_file: has the figures of all cases that have ended, at any time.

    Returns:
        The exit status: 1 where a case failed.

    Raises:
        KeyError: there is no such case.
    """
    cases = {name: CASES[name] for name in names or CASES}
    isolate_domain()
    figures: list[Figure] = []
    failures: dict[str, str] = {}
    console = Console()
    for name, case in cases.items():
        try:
            with console.status(f"measuring {name} ..."), own_context():
                figures += case(extent)
        except Exception as error:
            log.exception("case %s failed", name)
            failures[name] = f"{type(error).__name__}: {error}"
        if json_file is not None:
            write_text(json_file, json.dumps([figure.as_dict() for figure in figures], indent=2) + "\n")
    show(figures, console)
    for name, reason in failures.items():
        print(f"error: case {name} failed: {reason}", file=sys.stderr)
    return 1 if failures else 0


@contextmanager
def own_context() -> Iterator[None]:
    """Leave nothing of ROS behind for the next case, however this one ends; what was there before stays."""
    before = rclpy.ok()
    try:
        yield
    finally:
        if not before:
            rclpy.try_shutdown()


def show(figures: Sequence[Figure], console: Console) -> None:
    """Print the figures as a table."""
    table = Table(title="Measured in one run on this machine")
    table.add_column("figure")
    for heading in ("ours", "peer", "ratio", "target", "unit"):
        table.add_column(heading, justify="right")
    table.add_column("met")
    for figure in figures:
        numbers = (figure.ours, figure.peer, figure.ratio, figure.target)
        met = {True: "yes", False: "NO", None: ""}[figure.met]
        name = figure.metric + (f" (peer: {figure.peer_name})" if figure.peer_name else "")
        table.add_row(name, *("-" if number is None else f"{number:.3g}" for number in numbers), figure.unit, met)
    console.print(table)
