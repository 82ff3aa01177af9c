"""From a file of a known format to a checked model in the cache."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import numpy as np
import onnx

from opendr_perception.files import store
from opendr_perception.zoo import golden, imported
from opendr_perception.zoo.cache import Cache, default_cache, sha256_of
from opendr_perception.zoo.errors import ZooError
from opendr_perception.zoo.imported import ImportedEntry, OutputSamples
from opendr_perception.zoo.importing import graph
from opendr_perception.zoo.importing.catalogue import FORMATS
from opendr_perception.zoo.importing.formats import AS_IS, DETECTION, Arrays, Change, ModelFormat, Reading
from opendr_perception.zoo.importing.reading import Source, read

SAMPLES = 24
"""Values of each output that are kept."""
TOLERANCE = 1e-3
"""Of the largest value of an output, by which another machine may differ."""
LONGEST_LICENCE = 200
LONGEST_SIDE = 4096
MOST_CLASSES = 100_000
AMBIGUOUS_CLASSES = 52
"""As many rows as the keypoints of a pose network of Ultralytics take."""


def import_model(
    form: str,
    file: Path,
    name: str | None = None,
    licence: str | None = None,
    person: int | None = None,
    cache: Cache | None = None,
) -> ImportedEntry:
    """Make a model for `model:=NAME` of an ONNX file of another project.

    Args:
        form: the format, one of FORMATS.
        file: of the user's; it is only read.
        name: for the model; that of the file by default.
        licence: of the weights; what the file says by default.
        person: number of the class of people; by default the class that the file calls person, else 0.
        cache: the user's by default.

    Raises:
        ZooError: the file is of another format, or cannot be used; the name is taken; or the disk is full.
    """
    if form not in FORMATS:
        raise ZooError(f"'{form[:40]}' is no known format; known are {', '.join(FORMATS)}")
    wanted, cache = FORMATS[form], cache or default_cache()
    name = file.name.removesuffix(".onnx") if name is None else name
    begin(name, cache)
    source = read(file)
    if wanted.normalises(source.model.graph):
        wanted = replace(wanted, colours=AS_IS)
    _check_task(source, form, wanted)
    size = _size(source, wanted)
    reading, outputs = _recognise(source, form, wanted, size)
    notes = {
        "format": reading.decoder,
        "capability": wanted.task,
        "licence": licence_line(licence or source.metadata.get("license", "")),
        "source": source.name,
        "source_sha256": source.sha256,
        **reading.metadata,
    }
    if wanted.task == DETECTION:
        notes["person"] = str(_person(source, reading, person))
    image, _ = graph.image_input(source.model, source.name)
    fixed = None if graph.free_size(image) and wanted.any_size else size
    model = graph.wrap(source.model, wanted, fixed, _named(reading, outputs), source.name, reading.changes)
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, notes)

    def describe(path: Path) -> ImportedEntry:
        return ImportedEntry(
            name=name,
            task=wanted.task,
            format=reading.decoder,
            sha256=sha256_of(path),
            size=path.stat().st_size,
            source=source.name,
            source_sha256=source.sha256,
            licence=notes["licence"],
            image=size,
            golden=samples(golden.run(str(path), list(reading.outputs), {"image": golden.pattern(*size)}, str(path))),
        )

    return keep(model, name, cache, describe)


def begin(name: str, cache: Cache) -> None:
    """Refuse a name before any work is done.

    Raises:
        ZooError: it cannot be used, or is taken.
    """
    imported.check_name(name)
    if name in imported.load(cache):
        _refuse_taken(name)


def keep(model: onnx.ModelProto, name: str, cache: Cache, describe: Callable[[Path], ImportedEntry]) -> ImportedEntry:
    """Put a model into the cache with its entry, both or none.

    Args:
        model: is written.
        name: of the entry.
        cache: the user's.
        describe: tries the written file, and makes the entry.

    Raises:
        ZooError: the name is taken, or the disk is full; and what `describe` raises.
    """
    with cache.workspace() as workspace:
        unfinished = workspace / f"{name}.onnx"
        unfinished.write_bytes(model.SerializeToString(deterministic=True))
        entry = describe(unfinished)
        entries = imported.load(cache)
        if name in entries:
            _refuse_taken(name)
        store(unfinished, imported.path_of(name, cache))
        imported.save({**entries, name: entry}, cache)
    return entry


def _refuse_taken(name: str) -> NoReturn:
    raise ZooError(
        f"'{name}' is imported already: take another name (--name), or run: opendr-perception models remove {name}"
    )


def _check_task(source: Source, form: str, wanted: ModelFormat) -> None:
    """Refuse a file that says that it does something else: some outputs of other tasks look alike."""
    task = source.metadata.get("task")
    if wanted.task_of_file is not None and task is not None and task != wanted.task_of_file:
        raise ZooError(
            f"{source.name} says that its task is '{task[:40]}'; the format {form} is for '{wanted.task_of_file}'"
        )


def _size(source: Source, wanted: ModelFormat) -> tuple[int, int]:
    """(height, width) of the image for which the model is tried."""
    image, _ = graph.image_input(source.model, source.name)
    batch = image.type.tensor_type.shape.dim[0].dim_value
    if batch > 1:
        raise ZooError(f"{source.name} takes {batch} images at a time: export it for one, or for any number")
    size = wanted.size if graph.free_size(image) else graph.fixed_size(image)
    if not all(32 <= side <= LONGEST_SIDE for side in size):
        raise ZooError(
            f"{source.name} takes images of {size[1]}x{size[0]} pixels: known are 32 to {LONGEST_SIDE} a side"
        )
    return size


def _recognise(source: Source, form: str, wanted: ModelFormat, size: tuple[int, int]) -> tuple[Reading, Arrays]:
    """Run the original once, and see whether its outputs are those of the format."""
    image, target = graph.image_input(source.model, source.name)
    mean, deviation = (np.array(values, np.float32).reshape(1, 3, 1, 1) for values in wanted.colours)
    planes = (golden.pattern(*size).transpose(0, 3, 1, 2) - mean) / deviation
    feeds = {image.name: planes.astype(graph.FLOATS[image.type.tensor_type.elem_type])}
    if target is not None:
        feeds[target.name] = np.array([[size[1], size[0]]], np.int64)
    names = [each.name for each in source.model.graph.output]
    outputs = golden.run(source.model.SerializeToString(), names, feeds, source.name)
    reading = wanted.recognise(outputs, size)
    if reading is None:
        found = "; ".join(f"{name} {array.dtype} {array.shape}" for name, array in outputs.items())
        raise ZooError(
            f"{source.name} is not of the format {form}: expected the outputs {wanted.expected}; found {found} for an "
            f"image of {size[1]}x{size[0]} pixels"
        )
    if reading.decoder == "yolo" and reading.classes == AMBIGUOUS_CLASSES and "names" not in source.metadata:
        raise ZooError(
            f"{source.name} may be a pose network: its {4 + AMBIGUOUS_CLASSES} rows are those of yolo-pose, too"
        )
    return reading, outputs


def _named(reading: Reading, outputs: Arrays) -> dict[str, tuple[str, graph.Dimensions]]:
    """The outputs that are kept: their new names, names and shapes."""
    named: dict[str, tuple[str, graph.Dimensions]] = {}
    for name, source in reading.outputs.items():
        shape: list[int | str] = list(outputs[source].shape)
        if reading.free_axis is not None:
            shape[reading.free_axis] = "K"
        change = reading.changes.get(name, Change())
        if change.alone:
            shape.insert(0, 1)
        if change.part is not None:
            shape[1] = change.part[1] - change.part[0]
        named[name] = (source, shape)
    return named


def _person(source: Source, reading: Reading, wanted: int | None) -> int:
    """The number of the class of people."""
    names = source.class_names
    if wanted is not None:
        person = wanted
    elif not names:
        person = 0
    elif "person" in names:
        person = names.index("person")
    else:
        shown = ", ".join(f"{number} {name[:20]}" for number, name in enumerate(names[:12]))
        raise ZooError(f"none of the classes of {source.name} is called person ({shown}): say which one is (--person)")
    if not 0 <= person < (reading.classes or MOST_CLASSES):
        raise ZooError(f"{source.name} has no class {person}: it has {reading.classes or MOST_CLASSES}")
    return person


def samples(outputs: Arrays) -> dict[str, OutputSamples]:
    """Keep some values of each output.

    Raises:
        ZooError: they are no numbers.
    """
    kept = {}
    for name, array in outputs.items():
        if not np.isfinite(array).all():
            raise ZooError(f"the output '{name}' has NaN and infinity: the file is damaged, or of another precision")
        flat = array.ravel().astype(np.float64)
        at = np.unique(np.linspace(0, len(flat) - 1, SAMPLES).round().astype(int)) if len(flat) else np.empty(0, int)
        tolerance = TOLERANCE * max(1.0, float(np.abs(flat).max(initial=0.0)))
        kept[name] = OutputSamples(tuple(at.tolist()), tuple(np.round(flat[at], 6).tolist()), tolerance)
    return kept


def licence_line(text: str) -> str:
    """Text about a licence, in one line."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return line[:LONGEST_LICENCE] or "not said"
