"""opendr-perception evaluate: measure a capability on labelled data."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from opendr_perception.engine.session import EngineError, Session
from opendr_perception.evaluate.plots import draw
from opendr_perception.evaluate.report import DatasetError, Report
from opendr_perception.files import write_text
from opendr_perception.zoo import store
from opendr_perception.zoo.errors import ZooError


class Split(str, Enum):
    """Split of the data."""

    TEST = "test"
    VALIDATION = "validation"
    TRAIN = "train"
    ALL = "all"


@dataclass(frozen=True)
class EvaluatedCapability:
    """Capability that can be evaluated.

    Attributes:
        function: What measures it, as module:function of this package.
        model: The model that is measured unless another one is named.
    """

    function: str
    model: str

    def load(self) -> Callable[[Path, Session, str], Report]:
        """Load the function only now: no other command has to wait for the libraries of all capabilities."""
        module, name = self.function.split(":")
        measure: Callable[[Path, Session, str], Report] = getattr(
            importlib.import_module(f"opendr_perception.evaluate.{module}"), name
        )
        return measure

    def measure(self, dataset: Path, session: Session, split: str) -> Report:
        """Measure a model on a split of the data."""
        return self.load()(dataset, session, split)


CAPABILITIES: dict[str, EvaluatedCapability] = {
    "actions": EvaluatedCapability("action.recognition:evaluate_actions", "action-research"),
    "expressions": EvaluatedCapability("emotion.recognition:evaluate_expressions", "expression-research"),
    "identity": EvaluatedCapability("face.identity:evaluate_identity", "face-embedding"),
    "people": EvaluatedCapability("people.scene:evaluate_people", "nanodet"),
    "persons": EvaluatedCapability("people.detection:evaluate_persons", "nanodet"),
    "poses": EvaluatedCapability("body.keypoints:evaluate_poses", "movenet-lightning"),
    "presence": EvaluatedCapability("presence.cells:evaluate_presence", "presence-1080p"),
    "sound": EvaluatedCapability("sound.recognition:evaluate_sounds", "sound-environment"),
    "tracks": EvaluatedCapability("people.tracking:evaluate_tracks", "nanodet"),
    "heart": EvaluatedCapability("signals.heart:evaluate_heart", "heart-beats"),
    "voices": EvaluatedCapability("emotion.voices:evaluate_voices", "emotion-av"),
    "nms": EvaluatedCapability("people.suppression:evaluate_nms", "nanodet-features"),
}
"""All that can be measured, by name: add a line for another capability."""

WHAT = f"What: {', '.join(CAPABILITIES)}."


def evaluate(
    capability: Annotated[str, typer.Argument(help=WHAT)],
    dataset: Annotated[Path, typer.Argument(help="File or folder of labelled data.")],
    model: Annotated[str, typer.Option(help="A model of the zoo or an ONNX file; the default one if empty.")] = "",
    part: Annotated[Split, typer.Option(help="Which data, where a set is split.")] = Split.TEST,
    threads: Annotated[int, typer.Option(help="Of the model; 0 takes one for each core.", min=0, max=256)] = 0,
    json_file: Annotated[Path | None, typer.Option("--json", help="File to write the figures to.")] = None,
    plots: Annotated[Path | None, typer.Option(help="File to draw confusion and reliability to: .svg or .png.")] = None,
) -> None:
    """Measure how often a capability is right on labelled data."""
    if capability not in CAPABILITIES:
        raise typer.BadParameter(f"there is no '{capability}'; what can be measured is {', '.join(CAPABILITIES)}")
    chosen = CAPABILITIES[capability]
    try:
        session = Session(store.require(model or chosen.model).path, threads=threads)
        report = chosen.measure(dataset, session, part.value)
    except (DatasetError, EngineError, ZooError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error
    report.show(Console())
    if json_file is not None:
        write_text(json_file, json.dumps(report.as_dict(), indent=2) + "\n")
    if plots is not None:
        _draw(report, plots)


def _draw(report: Report, file: Path) -> None:
    try:
        draw(report, file)
    except DatasetError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error
