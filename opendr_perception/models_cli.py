"""Command line: opendr-perception models import; the other commands of `models` are those of the zoo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from opendr_perception.zoo import ZooError, default_cache
from opendr_perception.zoo.commands import app, one_clear_line
from opendr_perception.zoo.imported import ImportedEntry
from opendr_perception.zoo.store import path_of

FORMATS = (
    *("yolox", "yolo", "rtmdet", "rt-detr", "d-fine", "rtmpose", "vitpose", "yolo-pose", "rtmo"),
    *("yunet", "scrfd", "retinaface", "arcface", "adaface", "facenet", "hsemotion"),
)
"""Graphs that can be imported; `zoo.importing` knows what they are, and needs onnx."""
VIDEO = ("x3d", "slow", "i3d")
"""Networks for activities; `training.activity` knows what they are, and needs onnx, and torch for checkpoints."""
NODES = {
    "person detection": ("person_detection", "model"),
    "pose estimation": ("pose_estimation", "model"),
    "face detection": ("face_recognition", "model"),
    "face recognition": ("face_recognition", "embedder"),
    "expression recognition": ("emotion_recognition", "model"),
    "activity recognition": ("video_activity", "model"),
}
"""Place of use of an imported model: executable and parameter."""

__all__ = ["FORMATS", "NODES", "VIDEO", "app", "import_command"]


@app.command("import")
def import_command(
    form: Annotated[str, typer.Argument(metavar="FORMAT", help=f"One of {', '.join(FORMATS + VIDEO)}.")],
    file: Annotated[
        Path,
        typer.Argument(
            help=f"ONNX file, as the tools of its project export it; or, for {', '.join(VIDEO)}, a checkpoint."
        ),
    ],
    name: Annotated[str | None, typer.Option(help="For `model:=NAME`; the name of the file by default.")] = None,
    licence: Annotated[str | None, typer.Option(help="Of the weights; what the file says by default.")] = None,
    person: Annotated[
        int | None, typer.Option(help="Number of the class of people; by default the one that the file calls so, or 0.")
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="Names of the activities of a checkpoint: one a line, or JSON.")
    ] = None,
    variant: Annotated[str, typer.Option(help="s, m or l of X3D; by default what the file's name says.")] = "",
    side: Annotated[int, typer.Option(help="Pixels of a video network's images; as published by default.")] = 0,
    rate: Annotated[float, typer.Option(help="Images a second that it wants, Hz; as published by default.")] = 0.0,
) -> None:
    """Make a model for the nodes of a file of your own; its licence is your affair."""
    with one_clear_line():
        try:
            if form in VIDEO:
                _refuse_if(person is not None, form, "--person")
                entry = _import_video(form, file, name, licence, labels, variant, side, rate)
            else:
                _refuse_if(bool(labels or variant or side or rate), form, "--labels, --variant, --side and --rate")
                entry = _import_graph(form, file, name, licence, person)
        except ImportError as error:  # see zoo.provision
            raise ZooError(f"importing models needs onnx ({error}); run: pip install onnx") from error
        typer.echo(f"ready: {path_of(entry, default_cache())}")
        node, parameter = NODES[entry.task]
        typer.echo(f"{entry.task}, decoder {entry.format}, licence: {entry.licence}")
        typer.echo(f"use it by: ros2 run opendr_perception {node} --ros-args -p {parameter}:={entry.name}")


def _refuse_if(given: bool, form: str, options: str) -> None:
    if given:
        raise ZooError(f"{options} are for {'graphs' if form in VIDEO else ', '.join(VIDEO)}, not for {form[:40]}")


def _import_graph(form: str, file: Path, name: str | None, licence: str | None, person: int | None) -> ImportedEntry:
    from opendr_perception.zoo.importing import import_model

    if form not in FORMATS:
        raise ZooError(f"'{form[:40]}' is no known format; known are {', '.join(FORMATS + VIDEO)}")
    return import_model(form, file, name, licence, person)


def _import_video(
    form: str,
    file: Path,
    name: str | None,
    licence: str | None,
    labels: Path | None,
    variant: str,
    side: int,
    rate: float,
) -> ImportedEntry:
    from opendr_perception.training.activity.importing import VideoOptions, import_video

    return import_video(form, file, name, licence, VideoOptions(labels, variant, side, rate))
