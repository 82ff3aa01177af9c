"""Worth of teaching and pruning: accuracy on people whom nothing was learned from, and the time of a step.

Accuracy is measured where the data are (UTD-MHAD below `$OPENDR_DATA`, by default `../shared/data`); times everywhere.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import mean

import numpy as np

from opendr_perception.bench.harness.extent import Extent
from opendr_perception.bench.harness.figure import Figure, larger_is_better, smaller_is_better
from opendr_perception.bench.harness.timing import Run, alternating
from opendr_perception.bench.peers.pytorch import torch_is_there, torch_threads
from opendr_perception.engine.session import Session
from opendr_perception.engine.stateful import StateBank
from opendr_perception.zoo import require

CASE = "adapt"
SOURCE = "action-open"
PEOPLE = 20
"""People who are watched at once, as many as the node takes."""
KEPT, FEWEST = 0.3, 0.1
"""Shares of channels that the paper reports."""
POINTS = 100.0


def adapt(extent: Extent) -> list[Figure]:
    """The case `adapt`."""
    if not torch_is_there("adapters are trained with torch"):
        return []
    with torch_threads():
        return _figures(extent)


def _figures(extent: Extent) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        figures = [*_times(Path(folder), extent.pick(40, 10, 1), both=extent is not Extent.SMOKE)]
    data = Path(os.environ.get("OPENDR_DATA", "../shared/data"))
    if extent is Extent.SMOKE:
        pass  # the figures of so little would say nothing; the trials have tests of their own
    elif not (data / "skeletons" / "utd_mhad.npz").is_file():
        print(f"accuracy is left out: there is no UTD-MHAD in {data}", file=sys.stderr)
    else:
        figures += [*_third_person(data, extent.pick(10, 1, 0)), *_densities(data, extent.pick(3, 1, 0), extent)]
    return figures


def _times(workspace: Path, rounds: int, *, both: bool) -> Iterator[Figure]:
    """Steps of both networks as exported, whole and with 30 % of their channels; or of one that is cut short."""
    import torch

    from opendr_perception.networks.action.co_st_gcn import CoStGcn
    from opendr_perception.networks.action.tcn import ActionTcn

    torch.manual_seed(0)
    whole = (ActionTcn(17) if both else ActionTcn(17, dilations=(1,))).eval()
    yield _time(workspace, f"action network (TCN) step, {PEOPLE} people", whole, (5, 17, 1), PEOPLE, rounds)
    if not both:
        return
    graphs = CoStGcn("coco17", 17, persons=1, in_channels=5, width=64, frames=90).eval()
    for layer in graphs.modules():  # new ones begin with numbers that are too small to be normal, and slow
        if isinstance(layer, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(layer.weight, 0.5, 1.5)
    yield _time(workspace, "CoST-GCN* step, one person", graphs, (5, 17, 1), 1, rounds)


def _time(workspace: Path, metric: str, whole: object, shape: tuple[int, ...], people: int, rounds: int) -> Figure:
    from opendr_perception.engine.export import export
    from opendr_perception.training.common.pruning import best, narrow, scores_of, weights_of

    kept = best(scores_of(whole.channel_groups(), weights_of(whole), "weight"), KEPT, "group")  # type: ignore[attr-defined, arg-type]
    frames = np.random.default_rng(0).random((people, *shape), np.float32)
    runs: dict[str, tuple[Run, int]] = {}
    for name, network in (("small", narrow(whole, kept)), ("whole", whole)):  # type: ignore[type-var]
        export(network, workspace / f"{name}.onnx")  # type: ignore[arg-type]
        bank = StateBank(Session(workspace / f"{name}.onnx", threads=1))
        runs[name] = (lambda bank=bank: bank.step(range(people), frames), 5)  # type: ignore[misc]
    times = alternating(runs, rounds)
    metric = f"{metric}, {KEPT:.0%} of the channels, exported"
    return smaller_is_better(CASE, metric, "ms", times["small"], times["whole"] / 2, times["whole"], "all channels")


def _third_person(data: Path, draws: int) -> Iterator[Figure]:
    """Three new actions from five recordings of two people."""

    from opendr_perception.training.action.teaching import TeachingPlan, read_source, third_person

    source = read_source(require(SOURCE).path, SOURCE)
    found = list(third_person(data, source, TeachingPlan(), range(draws)))
    new = POINTS * mean(outcome.new for outcome in found)
    known = POINTS * mean(outcome.known for outcome in found)
    before = POINTS * mean(outcome.before for outcome in found)
    what = f"third person, UTD-MHAD, mean of {draws} draws"
    yield larger_is_better(CASE, f"taught actions right, {what}", "%", new, 85.0)
    metric = f"known actions right after teaching, {what}"
    yield larger_is_better(CASE, metric, "%", known, before - 5.0, before, "before teaching")


def _densities(data: Path, seeds: int, extent: Extent) -> Iterator[Figure]:
    """All actions of UTD-MHAD with a share of the channels, against fine-pruning."""
    rights = {name: _rights(data, name, seeds, extent) for name in ("splora", "none")}
    whole, some, few = (rights["splora"][keep] for keep in (1.0, KEPT, FEWEST))
    what = f"UTD-MHAD, 27 actions, SPLoRA rank 8, {seeds} seeds"
    peer = rights["none"]
    yield larger_is_better(
        CASE, f"{what}, {KEPT:.0%} of the channels", "%", some, whole - 1.0, peer[KEPT], "fine-pruning"
    )
    yield larger_is_better(
        CASE, f"{what}, {FEWEST:.0%} of the channels", "%", few, peer[FEWEST] + 5.0, peer[FEWEST], "fine-pruning"
    )


def _rights(data: Path, adapter: str, seeds: int, extent: Extent) -> Mapping[float, float]:

    from opendr_perception.training.action.teaching import TeachingPlan, densities, read_source

    source, keeps = read_source(require(SOURCE).path, SOURCE), (1.0, KEPT, FEWEST)
    steps = extent.pick(400, 60, 2)
    rows = [
        [right for right, _ in densities(data, source, TeachingPlan(adapter=adapter, steps=steps, seed=seed), keeps)]  # type: ignore[arg-type]
        for seed in range(seeds)
    ]
    return dict(zip(keeps, (POINTS * np.mean(rows, 0)).tolist(), strict=True))
