"""From recordings and labels to a model with its card, as `opendr-perception teach actions` does it."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
import yaml
from rich.console import Console
from rich.progress import Progress

from opendr_perception import zoo
from opendr_perception.engine.export import export
from opendr_perception.engine.session import EngineError
from opendr_perception.evaluate.action import sets
from opendr_perception.evaluate.action.recordings import UNJUDGED, ActionRecording
from opendr_perception.evaluate.report import DatasetError
from opendr_perception.files import replacing, write_text
from opendr_perception.tasks import body
from opendr_perception.tasks.action import skeleton
from opendr_perception.training.action.teaching.learn import Lesson, TeachingPlan, learn
from opendr_perception.training.action.teaching.poses import recordings_of, tracks_of
from opendr_perception.training.action.teaching.source import WEIGHTS, SourceModel, read_source
from opendr_perception.training.common.label_rows import LabelRow, read_labels
from opendr_perception.zoo import ZooError

SKELETONS = ".npz"


def teach_actions(
    recordings: Sequence[Path],
    labels: Path | None,
    output: Path,
    model: str,
    pose_model: str,
    plan: TeachingPlan,
    threads: int,
) -> int:
    """Teach actions; the exit status.

    Args:
        recordings: Films, bags, folders of images, or files of skeletons with their labels.
        labels: What is done when in them.
        output: The .onnx file; its card, a .yaml, and its weights lie beside it.
        model: What to begin with: of the zoo, or an .onnx file.
        pose_model: Of the poses in films.
        plan: How to learn.
        threads: Of torch.
    """
    console = Console(stderr=True)
    torch.set_num_threads(threads)
    try:
        if output.suffix != ".onnx":
            raise DatasetError(f"{output}: what is written is an .onnx file")
        source = read_source(zoo.require(model).path, model)
        found = gather(recordings, labels, pose_model, console)
        with Progress(console=console, transient=True) as progress:
            task = progress.add_task("learning", total=plan.steps)
            lesson = learn(source, found, plan, lambda step, loss: progress.update(task, completed=step + 1))
        write(output, lesson, source, found, plan, threads)
    except (DatasetError, ZooError, EngineError, ValueError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {error.filename or output}: {error.strerror or error}", file=sys.stderr)
        return 1
    width, learned = lesson.network.width, lesson.learned
    console.print(f"wrote {output}: {', '.join(lesson.taught)}; {width} channels, {learned:,} parameters learned")
    return 0


def gather(recordings: Sequence[Path], labels: Path | None, pose_model: str, console: Console) -> list[ActionRecording]:
    """Find the poses of all recordings, and what is done in them.

    Raises:
        DatasetError: A recording or a label cannot be used; nothing is learned then.
        ZooError, EngineError: The model of poses cannot be had.
    """
    films = [path for path in recordings if path.suffix != SKELETONS]
    found = [one for path in recordings if path.suffix == SKELETONS for one in sets.recordings_in(path)]
    if not films:
        return found
    if labels is None:
        raise DatasetError(f"{films[0]} has no labels in itself: say what is done when, by --labels FILE")
    rows = read_labels(labels, films)
    perceiver = body.build(body.Settings(model=pose_model))
    for path in films:
        found += _of_film(path, rows.get(path, []), labels, perceiver, console)
    return found


def write(
    output: Path,
    lesson: Lesson,
    source: SourceModel,
    found: Sequence[ActionRecording],
    plan: TeachingPlan,
    threads: int,
) -> None:
    """Write the model, its weights to teach it again, and its card."""
    texts = {
        "labels": json.dumps(lesson.labels), "skeleton_version": str(skeleton.VERSION), "terms": source.terms,
    }  # fmt: skip
    card = _card(lesson, source, found, plan, threads)
    with replacing(output, ".onnx") as unfinished:
        export(lesson.network, unfinished, softmax=True, metadata=texts)
    with replacing(output.with_suffix(WEIGHTS), ".npz") as unfinished:
        np.savez_compressed(unfinished, **{name: value.numpy() for name, value in lesson.network.state_dict().items()})
    write_text(output.with_suffix(".yaml"), yaml.safe_dump(card, sort_keys=False, width=120, allow_unicode=True))


def _of_film(
    path: Path, rows: Sequence[LabelRow], labels: Path, perceiver: body.PosePerceiver, console: Console
) -> list[ActionRecording]:
    with console.status(f"looking at {path.name} ...") as status:
        tracks = tracks_of(path, perceiver, lambda frame: status.update(f"looking at {path.name}, frame {frame} ..."))
    return recordings_of(path, tracks, rows, labels)


def _card(
    lesson: Lesson, source: SourceModel, found: Sequence[ActionRecording], plan: TeachingPlan, threads: int
) -> dict[str, object]:
    examples = Counter(one.action for one in found if one.action != UNJUDGED)
    people = {action: len({one.subject for one in found if one.action == action}) for action in examples}
    return {
        "network": "continual temporal convolutions over skeletons (networks/action/tcn.py)",
        "terms": source.terms,
        "source": {"model": source.name, "sha256": source.sha256},
        "skeleton": "coco17",
        "labels": list(lesson.labels),
        "taught": {name: {"examples": examples[name], "people": people[name]} for name in lesson.taught},
        "width": lesson.network.width,
        "rate": skeleton.RATE,
        "receptive_field": lesson.network.receptive_field,
        "frames_version": skeleton.VERSION,
        "parameters": sum(parameter.numel() for parameter in lesson.network.parameters()),
        "learned_parameters": lesson.learned,
        "plan": asdict(plan),
        "threads": threads,
        "limits": "scores are not calibrated; what it does not know, and who looks or moves otherwise, was not tested",
        "python": ".".join(map(str, sys.version_info[:3])),
        "torch": str(torch.__version__),
    }
