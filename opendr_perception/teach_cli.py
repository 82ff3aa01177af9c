"""Command line: opendr-perception teach {actions,expressions,sounds,label}."""

from __future__ import annotations

import importlib.util
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from opendr_perception.engine.session import EngineError
from opendr_perception.evaluate.report import DatasetError
from opendr_perception.zoo import ZooError

if TYPE_CHECKING:
    from opendr_perception.training.common.lessons import AdapterPlan

app = typer.Typer(help="Teach the robot what its people do.", no_args_is_help=True, add_completion=False)

NEEDED = ("torch", "onnx")
"""Packages that only teaching needs; nodes run without them."""


@app.command(
    epilog="Example: opendr-perception teach actions monday.mp4 --labels monday.csv --output lab.onnx; then "
    "model:=lab.onnx of action_recognition"
)
def actions(
    recordings: Annotated[list[Path], typer.Argument(help="Films, bags, folders of images; or skeletons, .npz.")],
    output: Annotated[Path, typer.Option(help="The .onnx file to write; its card lies beside it.")],
    labels: Annotated[
        Path | None, typer.Option(help="A CSV file with the columns begin, end, label, and recording for several.")
    ] = None,
    model: Annotated[str, typer.Option(help="What to begin with: of the zoo, or one that was taught before.")] = (
        "action-research"
    ),
    adapter: Annotated[str, typer.Option(help="splora, lora, or none: train all weights.")] = "splora",
    keep: Annotated[float, typer.Option(help="Share of channels to keep; below 1 it forgets more.")] = 1.0,
    rank: Annotated[int, typer.Option(help="Of adapters: more can learn more, and forget more.", min=1)] = 8,
    steps: Annotated[int, typer.Option(help="Batches to learn from.", min=1)] = 300,
    seed: Annotated[int, typer.Option(help="Of all that is random.", min=0)] = 0,
    mirror: Annotated[
        bool, typer.Option("--mirror", help="Left and right make no difference: learn both from one.")
    ] = False,
    pose_model: Annotated[
        str, typer.Option(help="Of the poses in films; take that of the robot's pose_estimation.")
    ] = ("movenet-lightning"),
    threads: Annotated[int, typer.Option(help="Cores to use.", min=1)] = 1,
) -> None:
    """Learn actions from a few recordings beside those that a model knows, and write a model for the node."""
    _check_needed()
    from opendr_perception.training.action.teaching import TeachingPlan, teach_actions  # here: it needs torch

    try:
        plan = TeachingPlan(adapter=adapter, keep=keep, rank=rank, steps=steps, seed=seed, mirror=0.5 * mirror)  # type: ignore[arg-type]
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    raise typer.Exit(teach_actions(recordings, labels, output, model, pose_model, plan, threads))


FolderOrRecording = Annotated[list[Path], typer.Argument(help="A folder with a folder for each label, or recordings.")]
Output = Annotated[Path, typer.Option(help="The .onnx file to write; its card lies beside it.")]
Labels = Annotated[Path | None, typer.Option(help="A CSV file for recordings: begin, end, label, recording.")]
AdapterOption = Annotated[
    str,
    typer.Option(
        help="head: new labels get a layer of their own, nothing else changes; splora, lora; none: all weights."
    ),
]
RankOption = Annotated[int, typer.Option(help="Of adapters: more can learn more, and forget more.", min=1)]
StepsOption = Annotated[int, typer.Option(help="Batches to learn from.", min=1)]
SeedOption = Annotated[int, typer.Option(help="Of all that is random.", min=0)]
ThreadsOption = Annotated[int, typer.Option(help="Cores to use.", min=1)]


@app.command(epilog="Example: opendr-perception teach label monday.mp4 --output monday.csv")
def label(
    recordings: Annotated[list[Path], typer.Argument(help="Films, bags, folders of images.")],
    output: Annotated[Path, typer.Option(help="The CSV file of rows; what is in it is shown, and goes on.")],
    port: Annotated[int, typer.Option(help="Of the page, on 127.0.0.1.", min=1, max=65535)] = 9091,
) -> None:
    """Play recordings on a page of this machine, and draw what is done when: the rows that teaching needs."""
    from opendr_perception.training.common.labelling import LabellingPage  # here: only this command needs it

    try:
        page = LabellingPage(recordings, output, port)
    except (DatasetError, OSError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        raise typer.Exit(1) from error
    print(f"open {page.url}; Ctrl-C when all is labelled: rows are in {output} at once", flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        pass
    finally:
        page.close()


@app.command(
    epilog="Example: opendr-perception teach expressions faces --output lab.onnx, with faces/wink/*.jpg; then "
    "model:=lab.onnx of emotion_recognition"
)
def expressions(
    folder_or_recording: FolderOrRecording,
    output: Output,
    labels: Labels = None,
    model: Annotated[str, typer.Option(help="What to begin with.")] = "expression-research",
    adapter: AdapterOption = "head",
    rank: RankOption = 8,
    steps: StepsOption = 200,
    seed: SeedOption = 0,
    detector: Annotated[str, typer.Option(help="Of faces; take that of your face_recognition.")] = "blazeface",
    threads: ThreadsOption = 1,
) -> None:
    """Learn expressions from a few faces beside those that a model knows, and write a model for the node."""
    _check_needed()
    from opendr_perception.training.emotion.teaching import teach_expressions  # here: it needs torch

    plan = _plan(adapter, rank, steps, seed, threads)
    _run(lambda: teach_expressions(folder_or_recording, labels, output, model, detector, plan), output)


@app.command(
    epilog="Example: opendr-perception teach sounds kitchen.wav --labels kitchen.csv --output lab.onnx; then "
    "model:=lab.onnx of sound_classification"
)
def sounds(
    folder_or_recording: FolderOrRecording,
    output: Output,
    labels: Labels = None,
    model: Annotated[str, typer.Option(help="What to begin with.")] = "sound-environment",
    adapter: AdapterOption = "head",
    rank: RankOption = 8,
    steps: StepsOption = 200,
    seed: SeedOption = 0,
    threads: ThreadsOption = 1,
) -> None:
    """Learn sounds from a few recordings beside those that a model knows, and write a model for the node."""
    _check_needed()
    from opendr_perception.training.sound.teaching import teach_sounds  # here: it needs torch

    plan = _plan(adapter, rank, steps, seed, threads)
    _run(lambda: teach_sounds(folder_or_recording, labels, output, model, plan), output)


def _check_needed() -> None:
    """Say in a line what is not installed."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        typer.echo(f"error: teaching needs {' and '.join(missing)}: pip install {' '.join(missing)}", err=True)
        raise typer.Exit(1)


def _plan(adapter: str, rank: int, steps: int, seed: int, threads: int) -> AdapterPlan:
    from opendr_perception.training.common.lessons import AdapterPlan, use_threads  # here: it needs torch

    use_threads(threads)
    try:
        return AdapterPlan(adapter=adapter, rank=rank, steps=steps, seed=seed)  # type: ignore[arg-type]
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _run(teach: Callable[[], str], output: Path) -> None:
    """Teach, and say in a line what was done or what is wrong."""
    try:
        print(teach(), file=sys.stderr)
    except (DatasetError, ZooError, EngineError, ValueError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        raise typer.Exit(1) from error
    except OSError as error:
        print(f"error: {error.filename or output}: {error.strerror or error}", file=sys.stderr)
        raise typer.Exit(1) from error
