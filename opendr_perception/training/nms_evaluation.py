"""How precise suppression networks are on scenes that they were not trained on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from opendr_perception.networks.seq2seq_nms import Seq2SeqNms
from opendr_perception.training.average_precision import average_precision
from opendr_perception.training.crowds import HARD, STANDARD, Crowd, Scene, make_scene
from opendr_perception.training.nms_examples import Example
from opendr_perception.training.picture_sets import SHIFTED, TEST, VALIDATION, PictureSet

CHOICE, HELD_OUT = 14, 12
"""Seeds of the crowds by which a network is chosen, and with which it is measured."""
CROWDS = {"standard": STANDARD, "hard": HARD}


def scenes(seed: int, count: int, crowds: Sequence[Crowd]) -> list[Scene]:
    """So many scenes, of the crowds in turn; each is the same whenever it is asked for."""
    return [make_scene(np.random.default_rng((seed, k)), crowds[k % len(crowds)]) for k in range(count)]


def crowd_sets() -> dict[str, Sequence[Scene]]:
    """Crowds without pictures: for the choice of a network, and held out."""
    parts = {"validation": (CHOICE, 100), "held out": (HELD_OUT, 200)}
    return {
        f"{name}, {part}": scenes(seed, count, [crowd])
        for part, (seed, count) in parts.items()
        for name, crowd in CROWDS.items()
    }


def picture_sets(folder: Path, features: bool) -> dict[str, Sequence[Scene]]:
    """Pictures that `picture_sets` has made: for the choice of a network, held out, and these under another light."""
    parts = {"validation": VALIDATION, "held out": TEST, "shifted": SHIFTED}
    return {f"pictures, {name}": PictureSet.of(folder / part.name, features) for name, part in parts.items()}


@torch.no_grad()
def rescore(network: Seq2SeqNms, data: Iterable[Scene]) -> list[tuple[np.ndarray, np.ndarray]]:
    """The candidates of scenes with the network's scores."""
    network.eval()
    return [(s.boxes, Example.of(s).logits(network).sigmoid().numpy()) for s in data]


def evaluate(network: Seq2SeqNms, sets: Mapping[str, Sequence[Scene]]) -> dict[str, list[float]]:
    """AP0.5 and AP0.5:0.95, in percent, of each set of scenes."""
    result = {}
    for name, data in sets.items():
        precision = 100 * average_precision(rescore(network, data), [s.people for s in data])
        result[name] = [round(float(precision[0]), 2), round(float(precision.mean()), 2)]
    return result
