"""Check and time every model on a GPU: the answers of the CPU within a tolerance, and how much faster.

    python tools/gpu_check.py --devices cuda tensorrt --json gpu.json

For each device that onnxruntime has here: every model of the zoo with batches of 1, 16 and 64, compared with the CPU
on the same inputs; then so many people whose actions are followed at 20 Hz on one card. Needs onnxruntime-gpu
(requirements/gpu.txt) and models that were fetched. Exit status 1 where an answer differs, a device is missing, or the
people are not kept up with.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from opendr_perception import zoo
from opendr_perception.engine.session import DEVICES, EngineError, Session
from opendr_perception.engine.stateful import StateBank
from opendr_perception.zoo.manifest import load_manifest

TOLERANCE = {"cpu": 1e-6, "cuda": 2e-3, "tensorrt": 3e-2}
"""Largest difference from the CPU, as a share of the output's range; TensorRT computes in half precision."""
IMAGE = 416
"""Sides in pixels of images where a model takes any."""
RATE = 20.0
"""Steps a second of each person."""
ACTIONS = "action-research"


@dataclass(frozen=True)
class Row:
    """One model with one batch on one device.

    Args:
        difference: from the CPU, as a share of the output's range.
        cpu, here: milliseconds of a run, medians.
    """

    model: str
    device: str
    batch: int
    difference: float
    cpu: float
    here: float

    @property
    def right(self) -> bool:
        """True if the answers are those of the CPU."""
        return self.difference <= TOLERANCE[self.device]


def names() -> list[str]:
    """All models of the zoo, but those of suppression, whose inputs belong together."""
    manifest = load_manifest()
    own = [name for name, entry in manifest.own.items() if entry.file.endswith(".onnx")]
    return [name for name in (*manifest.models, *own) if not name.startswith("nms-")]


def feeds(session: Session, batch: int) -> dict[str, np.ndarray]:
    """Inputs by chance, the same at every call: images, or numbers in [-1, 1]; indices and counts are zeros."""
    rng = np.random.default_rng(0)
    found = {}
    for tensor in session.inputs:
        image = tensor.dtype == np.uint8 and len(tensor.shape) == 4
        shape = [size or (IMAGE if image and axis in (1, 2) else batch) for axis, size in enumerate(tensor.shape)]
        if tensor.dtype == np.uint8:
            found[tensor.name] = rng.integers(0, 256, shape, np.uint8)
        elif np.issubdtype(tensor.dtype, np.floating):
            found[tensor.name] = rng.uniform(-1, 1, shape).astype(tensor.dtype)
        else:
            found[tensor.name] = np.zeros(shape, tensor.dtype)
    return found


def difference(ours: Sequence[np.ndarray], expected: Sequence[np.ndarray]) -> float:
    """The largest difference of any output, as a share of its range; inf where one is not finite."""
    worst = 0.0
    for one, other in zip(ours, expected, strict=True):
        if one.size:
            wanted = other.astype(np.float64)
            off = float(np.abs(one - wanted).max()) / max(float(np.ptp(wanted)), 1e-3)
            worst = max(worst, off if np.isfinite(off) else np.inf)
    return worst


def median(run: Callable[[], object], repeats: int) -> float:
    """Milliseconds of a run, after one that is not counted."""
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return float(np.median(times[1:])) * 1e3


def check(name: str, device: str, batch: int, repeats: int) -> Row:
    """Run one model on the device and on the CPU."""
    cpu, here = zoo.session(name, max_batch=batch), zoo.session(name, device=device, max_batch=batch)
    given = feeds(cpu, batch)
    expected, ours = cpu.run(given), here.run(given)
    off = difference(list(ours.values()), list(expected.values()))
    return Row(
        name, device, batch, off, median(lambda: cpu.run(given), repeats), median(lambda: here.run(given), repeats)
    )


def follow(device: str, people: int, seconds: float) -> float:
    """Steps a second that each of so many people gets when all are stepped as one batch."""
    session = zoo.session(ACTIONS, device=device)
    bank = StateBank(session)
    (frame,) = (tensor for tensor in session.inputs if tensor.name == "frame")
    frames = np.zeros((people, *(size or 1 for size in frame.shape[1:])), np.float32)
    bank.step(range(people), frames)
    start, steps = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        bank.step(range(people), frames)
        steps += 1
    return steps / (time.perf_counter() - start)


def show(rows: Sequence[Row], console: Console) -> None:
    """Print all rows as a table."""
    table = Table(title="Models on the GPU, beside the CPU")
    for heading in ("model", "device", "batch", "difference", "CPU ms", "here ms", "times faster", "right"):
        table.add_column(heading)
    for row in rows:
        numbers = (f"{row.difference:.1e}", f"{row.cpu:.2f}", f"{row.here:.2f}", f"{row.cpu / row.here:.1f}")
        table.add_row(row.model, row.device, str(row.batch), *numbers, "yes" if row.right else "NO")
    console.print(table)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--devices", nargs="+", choices=DEVICES, default=["cuda", "tensorrt"])
    parser.add_argument("--models", nargs="+", default=sorted(names()), metavar="NAME")
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 16, 64], metavar="N")
    parser.add_argument("--people", type=int, default=2000, help="whose actions are followed at 20 Hz")
    parser.add_argument("--seconds", type=float, default=5.0, help="for which they are followed")
    parser.add_argument("--repeats", type=int, default=20, help="of each run, for its median")
    parser.add_argument("--json", type=Path, help="file of all rows")
    asked = parser.parse_args(arguments)
    console, rows, rates, failures = Console(), [], {}, []
    for device in asked.devices:
        try:
            zoo.session(asked.models[0], device=device)
        except EngineError as error:
            failures.append(str(error))
            continue
        for name in asked.models:
            try:
                found = [check(name, device, batch, asked.repeats) for batch in asked.batches]
            except EngineError as error:
                failures.append(f"{name} on {device}: {error}")
                continue
            rows += found
            failures += [
                f"{name} on {device} differs from the CPU, batch {row.batch}" for row in found if not row.right
            ]
        rates[device] = follow(device, asked.people, asked.seconds)
        if rates[device] < RATE:
            failures.append(f"{asked.people} people get {rates[device]:.1f} steps a second on {device}, of {RATE:g}")
    show(rows, console)
    for device, rate in rates.items():
        console.print(f"{asked.people} people on {device}: {rate:.1f} steps a second each")
    for failure in failures:
        print(f"error: {failure}", file=sys.stderr)
    if asked.json is not None:
        content = {"rows": [asdict(row) for row in rows], "people": asked.people, "rates": rates, "failures": failures}
        asked.json.write_text(json.dumps(content, indent=2) + "\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
