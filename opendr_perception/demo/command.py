"""opendr-perception demo: get what it needs, play, and show."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from rich.console import Console

from opendr_perception import zoo
from opendr_perception.demo.play import DemoError, play
from opendr_perception.demo.report import show
from opendr_perception.zoo.commands import ConsoleReporter

MODELS = ("nanodet", "movenet-lightning")
SAMPLES = {"street": "vtest.avi", "face": "carphone_pristine.mp4"}
"""Recording of each stream: pedestrians from above, and a talking head."""


def demonstrate(source: Path | None, seconds: float, output: Path, headless: bool) -> int:
    """Fetch models and recordings, play, print the report and open the film.

    Returns:
        The exit status.
    """
    console, errors = Console(), Console(stderr=True, soft_wrap=True, highlight=False)
    try:
        zoo.fetch(MODELS, reporter=ConsoleReporter())
        sources = {"camera": source.resolve(strict=True)} if source else _samples(errors)
        console.print(f"Playing {', '.join(path.name for path in sources.values())} for {seconds:g} s ...")
        show(play(sources, seconds, output), console)
    except (DemoError, zoo.ZooError, OSError) as error:
        errors.print(f"error: {error}", markup=False)
        return 1
    except KeyboardInterrupt:
        return 130
    for name, what in (
        ("annotated.mp4", "what the nodes saw"),
        ("results.jsonl", "every result, one a line"),
        ("summary.json", "the table"),
    ):
        console.print(f"{output / name}: {what}", highlight=False)
    viewer = shutil.which("xdg-open")
    if not headless and viewer and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        subprocess.Popen([viewer, str(output / "annotated.mp4")], start_new_session=True)
    return 0


def _samples(errors: Console) -> dict[str, Path]:
    """The recordings that can be had here; one is enough.

    Raises:
        ZooError: none can.
    """
    found: dict[str, Path] = {}
    problems: list[zoo.ZooError] = []
    for stream, name in SAMPLES.items():
        try:
            (found[stream],) = zoo.fetch([name], reporter=ConsoleReporter())
        except zoo.ZooError as error:
            problems.append(error)
            errors.print(f"going on without {name}: {error}", markup=False)
    if not found:
        raise problems[0]
    return found
