"""Precision of suppression networks on scenes that they were not trained on, beside that of formulas.

`python -m opendr_perception.training.nms.evaluate WEIGHTS... --images DIR` compares trainings of the same kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from rich.console import Console
from rich.table import Table

from opendr_perception.networks.nms.seq2seq import FSeq2Nms
from opendr_perception.training.common.command import run_command
from opendr_perception.training.nms.aerial import SEEN, UNSEEN, aerial_scenes
from opendr_perception.training.nms.average_precision import average_precision
from opendr_perception.training.nms.data import SHIFTED, TEST, TRAIN, VALIDATION, ImageSet
from opendr_perception.training.nms.examples import Example, NmsNetwork
from opendr_perception.training.nms.formulas import FORMULAS, best_formula, precision
from opendr_perception.training.nms.simulate import HARD, STANDARD, CrowdModel, CrowdScene, make_scene
from opendr_perception.training.nms.weights import load

TUNING, CHOICE, HELD_OUT = 21, 14, 12
"""Seeds of the crowds on which formulas are tuned, by which a network is chosen, and with which all is measured."""
TUNING_IMAGES = 100
"""Of those that are learned from, on which formulas are tuned."""
CROWDS = {"standard": STANDARD, "hard": HARD}
PLACES = {"aerial, seen places": SEEN, "aerial, unseen places": UNSEEN}


def scenes(seed: int, count: int, crowds: Sequence[CrowdModel]) -> list[CrowdScene]:
    """So many scenes, of the crowds in turn; each is the same whenever it is asked for."""
    return [make_scene(np.random.default_rng((seed, k)), crowds[k % len(crowds)]) for k in range(count)]


def crowd_sets() -> dict[str, Sequence[CrowdScene]]:
    """Crowds without images: for the choice of a network, and held out."""
    parts = {"validation": (CHOICE, 100), "held out": (HELD_OUT, 200)}
    sets: dict[str, Sequence[CrowdScene]] = {
        f"{name}, {part}": scenes(seed, count, [crowd])
        for part, (seed, count) in parts.items()
        for name, crowd in CROWDS.items()
    }
    return sets | {f"{name}, held out": aerial_scenes(HELD_OUT, 210, places) for name, places in PLACES.items()}


def image_sets(folder: Path, features: bool) -> dict[str, Sequence[CrowdScene]]:
    """Images that were made: for the choice of a network, held out, and others, unlike those that are learned from."""
    parts = {"validation": VALIDATION, "held out": TEST, "shifted": SHIFTED}
    there = {name: part for name, part in parts.items() if part is not SHIFTED or (folder / part.name).is_dir()}
    return {f"images, {name}": ImageSet.of(folder / part.name, features) for name, part in there.items()}


@torch.no_grad()
def rescore(network: NmsNetwork, data: Iterable[CrowdScene]) -> list[tuple[np.ndarray, np.ndarray]]:
    """The candidates of scenes with the network's scores."""
    network.eval()
    return [(s.boxes, Example.of(s).logits(network).sigmoid().numpy()) for s in data]


def evaluate(network: NmsNetwork, sets: Mapping[str, Sequence[CrowdScene]]) -> dict[str, list[float]]:
    """AP0.5 and AP0.5:0.95, in percent, of each set of scenes."""
    result = {}
    for name, data in sets.items():
        precision = 100 * average_precision(rescore(network, data), [s.people for s in data])
        result[name] = [round(float(precision[0]), 2), round(float(precision.mean()), 2)]
    return result


def formulas(images: Path | None, crowds: bool = True) -> dict[str, tuple[str, float]]:
    """The best formula for each set that is measured with, tuned on other scenes of its kind, and its AP0.5.

    Args:
        images: folder of scenes of images, which are measured with too.
        crowds: simulated crowds are measured with.
    """
    sets: dict[str, Sequence[CrowdScene]] = {}
    best: dict[str, str] = {}
    if crowds:
        sets |= crowd_sets()
        best |= {f"{name}, held out": best_formula(scenes(TUNING, 200, [crowd])) for name, crowd in CROWDS.items()}
        from_above = best_formula(aerial_scenes(TUNING, 140, SEEN))  # nothing is tuned where nobody has been
        best |= {f"{name}, held out": from_above for name in PLACES}
    if images is not None:
        sets |= image_sets(images, features=False)
        files = ImageSet.of(images / TRAIN.name).files[:TUNING_IMAGES]
        tuned = best_formula(list(ImageSet(files)))
        best |= {name: tuned for name in ("images, held out", "images, shifted") if name in sets}
    return {name: (formula, round(precision(FORMULAS[formula], sets[name]), 2)) for name, formula in best.items()}


def main(
    weights: Annotated[
        list[Path],
        typer.Argument(exists=True, dir_okay=False, help="Trainings (.npz), all geometric or all with features."),
    ],
    images: Annotated[Path | None, typer.Option(help="Folder that training.nms.data has made.")] = None,
) -> None:
    """Print AP0.5 of each training, their mean and spread, and the gain over the best formula."""
    torch.set_num_threads(1)
    networks = [load(path) for path in weights]
    features = isinstance(networks[0], FSeq2Nms)
    sets = {} if features else crowd_sets()
    if images is not None:
        sets |= image_sets(images, features)
    found = [evaluate(network, sets) for network in networks]
    best = formulas(images, crowds=not features)
    table = Table("scenes", *(str(path) for path in weights), "mean", "deviation", "best formula", "", "gain")
    for name in sets:
        values = np.array([result[name][0] for result in found])
        formula, peer = best.get(name, ("", np.nan))
        numbers = [*values, values.mean(), values.std(ddof=min(1, len(values) - 1))]
        table.add_row(name, *(f"{v:.2f}" for v in numbers), formula, f"{peer:.2f}", f"{values.mean() - peer:+.2f}")
    Console(width=200).print(table)


if __name__ == "__main__":
    run_command(main)
