"""Compare attentions of the neural bag-of-features: `python -m opendr_perception.training.signals.compare ECG5000`.

As the tables of [Chumachenko 2022]: self-attention of codewords, times and both (`csa`, `tsa`, `ctsa`) with one, two
and four heads against the masks of 2DA and no attention, here on the beats of ECG5000. For each seed the beats are
halved at random, label by label; all networks learn from either half, see the same batches, and are measured on the
other one. So they can be compared seed by seed, and what is within the noise of the seeds is said.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import torch
import typer
from rich.console import Console
from torch import Tensor, nn
from torch.nn import functional as F

from opendr_perception.evaluate.measures import over_seeds
from opendr_perception.evaluate.signals.heart import confusion, f1
from opendr_perception.files import write_text
from opendr_perception.networks.bag_of_features import Attention, BagOfFeatures
from opendr_perception.training.common.command import Steps, Threads, run_command

BASELINES: tuple[Attention, ...] = ("2da-ca", "2da-ta", "2da-ia")
VARIANTS: dict[str, tuple[Attention, int]] = {
    "none": ("none", 1),
    **{kind: (kind, 1) for kind in BASELINES},
    **{f"{kind}, h = {heads}": (kind, heads) for kind in ("csa", "tsa", "ctsa") for heads in (1, 2, 4)},
}
"""Attention and heads, by name."""
FEATURES, CODEWORDS, LATENT, POOLED = 24, 48, 16, 4
BATCH, RATE = 32, 1e-2
FEWEST = 10
"""Beats of a label that is compared: with fewer, its F1 is chance."""
LEVEL = 0.05
"""Chance that any difference beyond the noise is none, over all comparisons [Bonferroni]."""


@dataclass(frozen=True, eq=False)
class Beats:
    """Labelled beats.

    Attributes:
        waves: (n, length) float32, each of mean 0 and standard deviation 1.
        labels: (n,) int64, places in `names`.
        names: of the labels.
    """

    waves: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    names: tuple[str, ...]

    def halves(self, seed: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Places of either half, label by label."""
        rng, half = np.random.default_rng(seed), np.zeros(len(self.labels), np.int64)
        for label in range(len(self.names)):
            places = rng.permutation(np.flatnonzero(self.labels == label))
            half[places[(label + seed) % 2 :: 2]] = 1
        return np.flatnonzero(half == 0), np.flatnonzero(half == 1)


def read_beats_file(path: Path) -> Beats:
    """Read a UCR file `.ts`: a beat a line, its samples with commas between them, a colon, its label.

    Labels of fewer than `FEWEST` beats are left out.

    Raises:
        ValueError: it is none; the text says which line is wrong.
    """
    waves: list[npt.NDArray[np.float32]] = []
    texts: list[str] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line[0] in "#@":
            continue
        values, _, label = line.rpartition(":")
        try:
            wave = np.array(values.split(","), np.float32)
        except ValueError as error:
            raise ValueError(f"{path}, line {number}: {error}") from error
        if not label.strip() or not np.isfinite(wave).all() or (waves and len(wave) != len(waves[0])):
            raise ValueError(f"{path}, line {number}: as many numbers as before, a colon and a label are wanted")
        waves.append(wave)
        texts.append(label.strip())
    names = tuple(name for name in sorted(set(texts)) if texts.count(name) >= FEWEST)
    kept = [place for place, text in enumerate(texts) if text in names]
    if len(names) < 2:
        raise ValueError(f"{path}: two labels of {FEWEST} beats each are wanted, it has {len(names)}")
    chosen = np.stack([waves[place] for place in kept])
    chosen = (chosen - chosen.mean(1, keepdims=True)) / np.maximum(chosen.std(1, keepdims=True), 1e-6)
    return Beats(chosen, np.array([names.index(texts[place]) for place in kept]), names)


def beat_network(classes: int, length: int, attention: Attention, heads: int) -> nn.Module:
    """A small front-end of 1D convolutions, one token for `POOLED` samples, and the bag: (B, 1, length) -> logits."""
    convolutions = [nn.Conv1d(1, 12, 7, padding=3), nn.BatchNorm1d(12), nn.ReLU(), nn.MaxPool1d(2)]
    convolutions += [nn.Conv1d(12, FEATURES, 5, padding=2), nn.BatchNorm1d(FEATURES), nn.ReLU(), nn.MaxPool1d(2)]
    tokens = length // POOLED
    bag = BagOfFeatures(
        FEATURES, classes, codewords=CODEWORDS, tokens=tokens, attention=attention, latent=LATENT, heads=heads
    )
    return nn.Sequential(*convolutions, bag)


def learn(
    beats: Beats, known: npt.NDArray[np.int64], variant: tuple[Attention, int], steps: int, seed: int
) -> nn.Module:
    """Train on these beats."""
    torch.manual_seed(seed)
    network = beat_network(len(beats.names), beats.waves.shape[1], *variant).train()
    optimizer = torch.optim.Adam(network.parameters(), RATE, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps, RATE / 20)
    for waves, labels in _batches(beats, known, steps, seed):
        loss = F.cross_entropy(network(waves), labels)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 0.5)
        optimizer.step()
        schedule.step()
    return network.eval()


def _batches(beats: Beats, known: npt.NDArray[np.int64], steps: int, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Varied beats: louder, noisier, a little early or late; rare labels more often. The same for every network."""
    rng = np.random.default_rng(seed)
    labels = beats.labels[known]
    chances = np.bincount(labels)[labels] ** -0.5
    for _ in range(steps):
        chosen = rng.choice(known, BATCH, p=chances / chances.sum())
        waves = np.roll(beats.waves[chosen], int(rng.integers(-4, 5)), 1)
        waves = waves * np.exp(rng.normal(0, 0.1, (BATCH, 1))) + rng.normal(0, 0.1, waves.shape)
        yield torch.from_numpy(waves.astype(np.float32))[:, None], torch.from_numpy(beats.labels[chosen])


def score(beats: Beats, variant: tuple[Attention, int], steps: int, seed: int) -> float:
    """Macro F1 over all beats, either half judged by the network that has learnt from the other one."""
    said = np.zeros(len(beats.labels), np.int64)
    one, other = beats.halves(seed)
    for known, unknown in ((one, other), (other, one)):
        network = learn(beats, known, variant, steps, seed)
        with torch.inference_mode():
            said[unknown] = network(torch.from_numpy(beats.waves[unknown])[:, None]).argmax(1).numpy()
    truth, found = ([beats.names[place] for place in places.tolist()] for places in (beats.labels, said))
    return float(f1(confusion(truth, found, beats.names)).mean())


def compare(scores: Mapping[str, Sequence[float]]) -> list[dict[str, object]]:
    """Each variant's mean and standard deviation over seeds, and its difference from the best baseline, seed by seed.

    The best baseline is the one of highest mean. A difference is beyond the noise where 0 is outside its interval of
    Student's t, widened for the number of comparisons.
    """
    best = max(BASELINES, key=lambda name: float(np.mean(scores[name])))
    rows: list[dict[str, object]] = []
    for name, found in scores.items():
        mean, half = over_seeds(np.subtract(found, scores[best]), LEVEL / (len(scores) - 1))
        rows.append(
            {
                "variant": name,
                "mean": round(float(np.mean(found)), 4),
                "deviation": round(float(np.std(found, ddof=1)), 4),
                "difference": round(mean, 4) if name != best else None,
                "noise": round(half, 4) if name != best else None,
                "beyond noise": abs(mean) > half if name != best else None,
                "parameters": _parameters(name),
            }
        )
    return rows


def _parameters(name: str) -> int:
    """Of the attention."""
    kind, heads = VARIANTS[name]
    bag = BagOfFeatures(FEATURES, 4, codewords=CODEWORDS, tokens=35, attention=kind, latent=LATENT, heads=heads)
    return sum(each.numel() for part in (bag.attentions, bag.inputs) for each in part.parameters())


def main(
    data: Annotated[Path, typer.Argument(help="ECG5000_TRAIN.ts of the UCR archive, or its folder.")],
    seeds: Annotated[int, typer.Option(help="How often everything is done.", min=2)] = 6,
    steps: Steps = 300,
    json_file: Annotated[Path | None, typer.Option("--json", help="File of the figures.")] = None,
    threads: Threads = 1,
) -> None:
    """Train every variant for every seed, and print and write the table."""
    torch.set_num_threads(threads)
    path = data / "ECG5000_TRAIN.ts" if data.is_dir() else data
    beats = read_beats_file(path)
    console, scores = Console(), {name: [0.0] * seeds for name in VARIANTS}
    for seed, name in itertools.product(range(seeds), VARIANTS):
        scores[name][seed] = score(beats, VARIANTS[name], steps, seed)
        console.print(f"seed {seed}, {name}: {scores[name][seed]:.3f}")
    table = {
        "data": path.name,
        "beats": {name: int((beats.labels == place).sum()) for place, name in enumerate(beats.names)},
        "seeds": seeds,
        "steps": steps,
        "rows": compare(scores),
        "scores": {name: [round(value, 4) for value in found] for name, found in scores.items()},
    }
    if json_file is not None:
        write_text(json_file, json.dumps(table, indent=1) + "\n")
    for row in compare(scores):
        console.print(row)


if __name__ == "__main__":
    run_command(main)
