"""Make models for `video_activity` of users' checkpoints, and of step graphs that were exported before."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import onnx

from opendr_perception.engine.session import EngineError, Session
from opendr_perception.tasks.activity import ActivityModel
from opendr_perception.zoo import Cache, ZooError, default_cache, golden
from opendr_perception.zoo.cache import sha256_of
from opendr_perception.zoo.imported import ImportedEntry
from opendr_perception.zoo.importing import Source, begin, keep, licence_line, read, samples

TASK = "activity recognition"
FORMATS = ("x3d", "slow", "i3d")
MEAN, DEVIATION = 0.45, 0.225
"""Of the colours in [0, 1], as PyTorchVideo and SlowFast train."""
LARGEST_LABELS = 1 << 22
FASTEST, SMALLEST, LARGEST = 120.0, 32, 1024
POOLS = ("GlobalAveragePool", "GlobalMaxPool", "ReduceMean", "ReduceMax", "AveragePool", "MaxPool")


@dataclass(frozen=True)
class VideoOptions:
    """Options that a checkpoint cannot answer.

    Attributes:
        labels: File of the names of the activities: one a line, a JSON list, or a JSON object of names and numbers.
        variant: 's', 'm' or 'l' of X3D.
        side: Pixels of the images, 0 for those of the published network.
        rate: Images that it wants a second, Hz, 0 for those of the published network.
    """

    labels: Path | None = None
    variant: str = ""
    side: int = 0
    rate: float = 0.0

    def __post_init__(self) -> None:
        if self.variant not in ("", "s", "m", "l"):
            raise ZooError(f"variant must be s, m or l, not '{self.variant[:20]}'")
        if self.side and not SMALLEST <= self.side <= LARGEST:
            raise ZooError(f"side must be {SMALLEST} to {LARGEST} pixels, not {self.side}")
        if not 0 <= self.rate <= FASTEST:
            raise ZooError(f"rate must be more than 0 and at most {FASTEST} Hz, not {self.rate}")


def import_video(
    form: str,
    file: Path,
    name: str | None = None,
    licence: str | None = None,
    options: VideoOptions = VideoOptions(),
    cache: Cache | None = None,
) -> ImportedEntry:
    """Make a model for `model:=NAME` of a checkpoint, which needs torch, or of an exported step graph (.onnx).

    Args:
        form: One of FORMATS.
        file: Of the user's; it is only read.
        name: For the model; that of the file by default.
        licence: Of the weights.
        options: What the file does not say.
        cache: The user's by default.

    Raises:
        ZooError: The file is of another network, lacks something, or cannot stream; the name is taken; torch is not
            there; or the disk is full.
    """
    cache = cache or default_cache()
    name = file.stem if name is None else name
    begin(name, cache)
    if file.suffix == ".onnx":
        source = read(file)
        if options != VideoOptions(labels=options.labels):
            raise ZooError(f"{file} says itself what it wants: leave out --variant, --side and --rate")
        return _take(source, file, source.sha256, name, licence, options.labels, cache)
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "step.onnx"
        _export(form, file, written, options)
        return _take(read(written), file, sha256_of(file), name, licence, None, cache)


def read_labels(file: Path, classes: int) -> list[str]:
    """Names of the activities, by their numbers.

    Raises:
        ZooError: There are more or fewer than classes, one is empty or comes twice, or the file cannot be read.
    """
    try:
        if file.stat().st_size > LARGEST_LABELS:
            raise ZooError(f"{file} is too large for a list of labels")
        text = file.read_text(encoding="utf-8")
        held: object = json.loads(text) if file.suffix == ".json" else [line for line in text.splitlines() if line]
    except (OSError, ValueError, RecursionError) as error:
        raise ZooError(f"cannot read the labels in {file}: {str(error).splitlines()[0]}") from error
    if isinstance(held, dict):
        numbers = {str(label): str(number) for label, number in held.items()}
        if sorted(numbers.values()) != sorted(map(str, range(len(numbers)))):
            raise ZooError(f"{file} does not number its {len(numbers)} labels from 0 on")
        held = sorted(numbers, key=lambda label: int(numbers[label]))
    labels = [str(label).strip(" \"'\t") for label in held] if isinstance(held, list) else []
    if len(labels) != classes:
        raise ZooError(f"{file} has {len(labels)} labels, and the network {classes} activities")
    for number, label in enumerate(labels):
        if not label or label in labels[:number]:
            raise ZooError(f"{file}: label {number} is {'empty' if not label else f'{label[:40]!r} again'}")
    return labels


def _export(form: str, file: Path, written: Path, options: VideoOptions) -> None:
    """Write the step graph of a checkpoint."""
    try:
        from opendr_perception.engine.export import export  # here: exported graphs are taken without torch
        from opendr_perception.training.activity.checkpoints import restore
    except ImportError as error:
        raise ZooError(f"importing checkpoints needs torch ({error}); run: pip install torch onnxscript") from error
    restored = restore(form, file, options.variant, options.side)
    if options.labels is None:
        raise ZooError(f"say what the {restored.classes} activities of {file} are called (--labels FILE)")
    told = {
        "side": restored.side,
        "rate": options.rate or restored.rate,
        "horizons": list(restored.horizons),
        "mean": MEAN,
        "deviation": DEVIATION,
    }
    texts = {"labels": json.dumps(read_labels(options.labels, restored.classes)), "activity": json.dumps(told)}
    export(restored.network, written, (3, restored.side, restored.side), softmax=True, metadata=texts)


def _take(
    source: Source, file: Path, sha256: str, name: str, licence: str | None, labels: Path | None, cache: Cache
) -> ImportedEntry:
    """Check a step graph and keep it."""
    inputs = [each.name for each in source.model.graph.input]
    if "frame" not in inputs or "initial_state" not in source.metadata:
        _refuse(source, file)
    notes = {
        **source.metadata,
        "format": golden.STREAM,
        "capability": TASK,
        "licence": licence_line(licence or source.metadata.get("licence", "")),
        "source": file.name,
        "source_sha256": sha256,
    }
    if labels is not None:
        notes["labels"] = json.dumps(read_labels(labels, _classes(source, file)))
    del source.model.metadata_props[:]
    onnx.helper.set_model_props(source.model, notes)

    def describe(path: Path) -> ImportedEntry:
        try:
            side = ActivityModel(Session(path)).side
        except (EngineError, ValueError, KeyError) as error:
            raise ZooError(f"{file} is no step of a video network: {error}") from error
        if not SMALLEST <= side <= LARGEST:
            raise ZooError(f"{file} takes images of {side} pixels: known are {SMALLEST} to {LARGEST} a side")
        output = golden.run_stream(path, (side, side))
        if output.shape[1] != len(json.loads(notes["labels"])):
            raise ZooError(f"{file} has {len(json.loads(notes['labels']))} labels for {output.shape[1]} scores")
        return ImportedEntry(
            name=name,
            task=TASK,
            format=golden.STREAM,
            sha256=sha256_of(path),
            size=path.stat().st_size,
            source=file.name,
            source_sha256=sha256,
            licence=notes["licence"],
            image=(side, side),
            golden=samples({"output": output}),
        )

    return keep(source.model, name, cache, describe)


def _classes(source: Source, file: Path) -> int:
    for output in source.model.graph.output:
        sizes = output.type.tensor_type.shape.dim
        if output.name == "output" and len(sizes) >= 2 and sizes[1].dim_value:
            return int(sizes[1].dim_value)
    raise ZooError(f"{file} does not say how many activities it knows")


def _refuse(source: Source, file: Path) -> NoReturn:
    """Say why a graph is no step of a network."""
    graph = source.model.graph
    cure = "import the checkpoint that it was exported from, whose pools then run along the stream"
    if any(len(each.type.tensor_type.shape.dim) == 5 for each in graph.input):
        if (pool := next(_pools_over_time(graph), None)) is not None:
            raise ZooError(
                f"{file} is a network for clips, and cannot see one image after the other: its layer "
                f"{pool.name or pool.output[0]} ({pool.op_type}) pools over time; {cure}"
            )
        raise ZooError(f"{file} is a network for clips, which sees each image many times; {cure}")
    names = ", ".join(f"{each.name}" for each in list(graph.input)[:4])
    raise ZooError(
        f"{file} is no step of a video network: expected the inputs frame and state.* and the metadata initial_state, "
        f"as opendr_perception.training.activity.export writes them; found {names}"
    )


def _pools_over_time(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    constants = {
        each.name: onnx.numpy_helper.to_array(each).tolist() for each in graph.initializer if each.data_type == 7
    }
    for node in graph.node:
        if node.op_type not in POOLS:
            continue
        attributes = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
        axes = attributes.get("axes") or (constants.get(node.input[1]) if len(node.input) > 1 else None)
        kernel = attributes.get("kernel_shape")
        whole = node.op_type.startswith("Global") or (
            node.op_type.startswith("Reduce") and (not axes or {2, -3} & {*axes})
        )
        if whole or (kernel is not None and len(kernel) == 3 and kernel[0] > 1):
            yield node
