"""Commands of trainings: the options that they share, and how they run; what is special about one is in its `main`.

What goes wrong outside of this code, in data, files and settings, is said in one line.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Annotated, ParamSpec

import typer

from opendr_perception.engine.session import EngineError
from opendr_perception.evaluate.report import DatasetError
from opendr_perception.sim.rendering import SimulatorError
from opendr_perception.tasks.recordings import VideoError
from opendr_perception.tasks.sound import SoundError
from opendr_perception.zoo.errors import ZooError

Steps = Annotated[int, typer.Option(help="Batches to learn from.")]
Seed = Annotated[int, typer.Option(help="Of everything that is random.")]
Resume = Annotated[bool, typer.Option(help="Go on where the last run ended.")]
Threads = Annotated[int, typer.Option(help="Of torch.")]

P = ParamSpec("P")
EXPECTED = (
    ValueError,
    OSError,
    FloatingPointError,
    DatasetError,
    EngineError,
    SimulatorError,
    SoundError,
    VideoError,
    ZooError,
)
"""Errors of data, files and settings, whose texts say enough."""


def application(command: Callable[P, object]) -> typer.Typer:
    """Application of one command; it ends with exit status 1 after an error, which `python -X dev` lets through.

    Args:
        command: a function with options as typer takes them.
    """

    @functools.wraps(command)
    def guarded(*arguments: P.args, **options: P.kwargs) -> None:
        try:
            command(*arguments, **options)
        except EXPECTED as error:
            if sys.flags.dev_mode:
                raise
            typer.echo(f"error: {' '.join(str(error).split())}", err=True)
            raise typer.Exit(1) from error

    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(guarded)
    return app


def run_command(command: Callable[P, object]) -> None:
    """Run a command with the arguments of the process, and end that."""
    application(command)()
