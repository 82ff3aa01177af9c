"""Check that a model computes what it should, on images or waves made by formula.

golden.json holds, per model and output, some positions and the values there. They were computed from the same weights
by an independent implementation, not by the converted models.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from opendr_perception.zoo.errors import ModelCorrupt
from opendr_perception.zoo.imported import ImportedEntry
from opendr_perception.zoo.manifest import ModelEntry

STREAM = "stream"
"""Format of imported models that see one image after the other, and have a state."""
MOST_STEPS = 1000
FREE_SIZE = 416  # of the test image where the model takes any


def pattern(height: int, width: int) -> NDArray[np.uint8]:
    """An image (1, height, width, 3) with edges and gradients, the same on every machine."""
    row, column, channel = np.ogrid[:height, :width, :3]
    blocks = ((row // 24) ^ (column // 32)) * 37
    gradients = (row * (3 + channel) + column * (2 * channel + 1)) // 3
    return ((blocks + gradients) % 256).astype(np.uint8)[None]


def feeds(entry: ModelEntry) -> dict[str, np.ndarray]:
    """Test inputs of a model: two test images, or waves where it takes no images."""
    if "image" in entry.inputs:
        height, width = (size if isinstance(size, int) else FREE_SIZE for size in entry.inputs["image"].shape[1:3])
        image = pattern(height, width)
        return {"image": np.concatenate([image, image[:, ::-1]])}
    return {
        name: wave(*(1 if isinstance(size, str) else size for size in spec.shape))
        for name, spec in entry.inputs.items()
    }


def wave(*shape: int) -> NDArray[np.float32]:
    """Numbers in [-0.25, 0.25], the same on every machine."""
    return (0.25 * np.sin(0.05 * np.arange(np.prod(shape)))).astype(np.float32).reshape(shape)


def run(model: str | bytes, names: list[str], values: Mapping[str, np.ndarray], called: str) -> dict[str, np.ndarray]:
    """Outputs of a model on the CPU.

    Args:
        model: the path of its file, or the bytes of one.
        names: of the outputs.
        values: of all inputs.
        called: what the model is called in errors.

    Raises:
        ModelCorrupt: it cannot be loaded or run.
    """
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.log_severity_level = 4  # what is wrong is said in one line
    try:
        session = InferenceSession(model, options, providers=["CPUExecutionProvider"])
        return dict(zip(names, session.run(names, dict(values)), strict=True))
    except Exception as error:  # onnxruntime's own exceptions share no other base
        said = (str(error).strip().splitlines() or [repr(error)])[0]
        raise ModelCorrupt(f"{called} does not run: {said}") from error


def check(entry: ModelEntry, path: Path) -> None:
    """Run a model on what `feeds` gives and compare the samples of its outputs.

    Args:
        entry: of the manifest.
        path: of the ONNX file.

    Raises:
        ModelCorrupt: the file cannot be loaded, or an output differs.
    """
    expected = json.loads(Path(__file__).with_name("golden.json").read_text())[entry.name]
    for name, output in run(str(path), list(entry.outputs), feeds(entry), str(path)).items():
        _compare(path, name, output[0], **expected[name])


def check_imported(entry: ImportedEntry, path: Path) -> None:
    """Run an imported model on a test image and compare the samples that were kept of its outputs.

    Raises:
        ModelCorrupt: the file cannot be loaded, or an output differs.
    """
    if entry.format == STREAM:
        outputs = {"output": run_stream(path, entry.image)}
    else:
        outputs = run(str(path), list(entry.golden), {"image": pattern(*entry.image)}, str(path))
    for name, output in outputs.items():
        samples = entry.golden[name]
        _compare(path, name, output, samples.at, samples.values, samples.tolerance)


def run_stream(path: Path, size: tuple[int, int]) -> NDArray[np.float32]:
    """The first output of a step graph for the test image, seen again and again while it moves to the left.

    Raises:
        ModelCorrupt: it cannot be loaded or run, or has no output in time.
    """
    from opendr_perception.engine.session import EngineError, Session
    from opendr_perception.engine.stateful import StateBank

    image = pattern(*size).transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1.0
    try:
        session = Session(path)
        bank = StateBank(session)
        steps = int(session.metadata["delay"]) + 1
        if not 0 < steps <= MOST_STEPS:
            raise ValueError(f"its first answer comes after {steps} images")
        for step in range(steps):
            answer = bank.step(["test"], np.roll(image, -2 * step, 3))
    except (EngineError, ValueError, KeyError) as error:
        raise ModelCorrupt(f"{path} does not run: {error}") from error
    if not answer.valid.all():
        raise ModelCorrupt(f"{path} has no answer after the {steps} images that it says it needs")
    return np.asarray(answer.output, np.float32)


def _compare(
    path: Path, name: str, output: np.ndarray, at: Sequence[int], values: Sequence[float], tolerance: float
) -> None:
    flat = np.asarray(output, np.float64).ravel()
    if len(at) and max(at) >= len(flat):
        raise ModelCorrupt(f"{path}: output '{name}' has only {len(flat)} values")
    difference = float(np.abs(flat[list(at)] - np.array(values)).max(initial=0.0))
    if not difference <= tolerance:
        raise ModelCorrupt(f"{path}: output '{name}' is off by {difference:.2g}")
