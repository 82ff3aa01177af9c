"""Train a judge of heart signals: `python -m opendr_perception.training.signals.train DATA`.

The set in DATA tells which one: `heart-rhythm` of CinC 2017, `heart-beats` of MIT-BIH, `heart-sound` of CinC 2016,
`heart-valves` of Yaseen et al. Each group of recordings is left out once and measured by the network that has not
learnt from it; the one that is kept has not learnt from the group that `evaluate.signals.heart.HELD_OUT` names.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from rich.console import Console
from torch.nn import functional as F

from opendr_perception.evaluate.signals.heart import HELD_OUT, confusion, f1
from opendr_perception.evaluate.signals.sets import RHYTHMS, VALVES, read_heart_set
from opendr_perception.files import write_text
from opendr_perception.networks.signals.continual import BeatNetwork, HeartSoundNetwork, parameters_of
from opendr_perception.tasks.signals import MelConfig
from opendr_perception.training.common.checkpoint import Resumable
from opendr_perception.training.common.command import Seed, Threads, run_command
from opendr_perception.training.common.loop import train
from opendr_perception.training.common.weights import save, versions
from opendr_perception.training.signals.data import HeartExample, beats_batch, chances, examples_of, frames_batch
from opendr_perception.training.signals.export import load

Network = BeatNetwork | HeartSoundNetwork
SOUND = MelConfig(rate=1000, window=25, hop=10, fft=64, bands=24, lowest=20.0, highest=490.0)
SHOWN = 50
"""Steps between two lines of progress, and two checkpoints."""


@dataclass(frozen=True)
class HeartTask:
    """Task to learn, and the network for it.

    Args:
        labels: answers.
        shape: of the network, see `networks.signals.continual`.
        mel: of heart sound; None for an electrocardiogram.
        batch: examples of a step.
        steps: of a training.
        length: frames of an example of sound.
        by_group: draw labels alike within each group.
        measured: groups that are left out in turn.
        balanced: draw all labels alike, else by their square roots.
    """

    labels: tuple[str, ...]
    shape: dict[str, Any]
    mel: MelConfig | None
    batch: int
    steps: int
    measured: tuple[str, ...]
    length: int = 0
    by_group: bool = False
    balanced: bool = False

    def network(self) -> Network:
        build = HeartSoundNetwork if self.mel else BeatNetwork
        return build(len(self.labels), **self.shape)


FOLDS = ("0", "1", "2", "3", "4")
KINDS = {
    "heart-rhythm": HeartTask(tuple(RHYTHMS.values()), {"window": 32}, None, 32, 1000, FOLDS, balanced=True),
    "heart-beats": HeartTask(
        ("normal", "supraventricular", "ventricular", "fusion"), {"window": 1}, None, 256, 400, ("DS2",)
    ),
    "heart-sound": HeartTask(
        ("normal", "abnormal"), {"window": 64}, SOUND, 32, 250, ("a", "b", "e", "f"), length=400, by_group=True
    ),
    "heart-valves": HeartTask(tuple(VALVES.values())[:4], {"window": 64}, SOUND, 32, 200, FOLDS, length=220),
}


@dataclass(frozen=True)
class Settings:
    """Settings that decide the outcome of a training; `begin_with`: weights of the front-end, '' for random ones."""

    model: str
    left_out: str
    steps: int
    rate: float = 4e-3
    seed: int = 1
    begin_with: str = ""


class Trainer(Resumable):
    """A training and its checkpoints.

    Args:
        settings: what to do.
        examples: to learn from.
        checkpoint: its file.
    """

    network: Network

    def __init__(self, settings: Settings, examples: Sequence[HeartExample], checkpoint: Path) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self.examples, self.checkpoint = settings, examples, checkpoint
        self.kind = KINDS[settings.model]
        self.network = self.kind.network()
        if settings.begin_with:
            taught, _ = load(Path(settings.begin_with))
            self.network.encoder.load_state_dict(taught.encoder.state_dict())
        self.begin(settings.rate, settings.steps, decay=0.03, warm_up=0.2)
        self._chances = chances(examples, balanced=self.kind.balanced, by_group=self.kind.by_group)

    def run(self) -> Iterator[tuple[int, float, float]]:
        """Train to the end; gives after each step its number, loss and accuracy."""
        self.network.train()
        while self.step < self.settings.steps:
            rng = np.random.default_rng([self.settings.seed, self.step])
            drawn = rng.choice(len(self.examples), self.kind.batch, p=self._chances)
            chosen = [self.examples[place] for place in drawn.tolist()]
            labels = torch.tensor([each.label for each in chosen])
            logits = self._forward(chosen, rng)
            loss = F.cross_entropy(logits, labels, label_smoothing=0.05)
            self.descend(loss, clip=5.0)
            yield self.step, loss.item(), (logits.argmax(1) == labels).float().mean().item()

    def _forward(self, chosen: Sequence[HeartExample], rng: np.random.Generator) -> torch.Tensor:
        if isinstance(self.network, HeartSoundNetwork):
            return self.network.recordings(torch.from_numpy(frames_batch(chosen, self.kind.length, rng)))
        beats, seen = beats_batch(chosen, self.kind.shape["window"], rng)
        return self.network.recordings(torch.from_numpy(beats), torch.from_numpy(seen) > 0)


@torch.inference_mode()
def judged(network: Network, example: HeartExample) -> int:
    """Classify a recording by its full windows, or as a whole if it is shorter than one, as in `evaluate`; an index."""
    tokens = torch.from_numpy(example.tokens)
    window = network.bag.window
    if isinstance(network, HeartSoundNetwork):
        if len(tokens) < network.encoder.field:
            return 0
        codes = network.encoder.spread(tokens[None])
        step = round(1000 / 10 / network.encoder.hop)  # a second
    else:
        codes, step = network.encoder(tokens.T[None]), 1
    ends = range(min(window, codes.shape[2]), codes.shape[2] + 1, step)
    said = [network.bag.forward_window(codes[:, :, max(end - window, 0) : end]).softmax(1) for end in ends]
    return int(torch.cat(said).mean(0).argmax())


def measure(network: Network, examples: Sequence[HeartExample], labels: Sequence[str]) -> dict[str, object]:
    """Macro F1, balanced accuracy and F1 by label, in [0, 1]."""
    network.eval()
    table = confusion(
        [labels[each.label] for each in examples], [labels[judged(network, each)] for each in examples], labels
    )
    there = table.sum(1) > 0
    recall = np.diag(table)[there] / table.sum(1)[there]
    return {
        "examples": len(examples),
        "macro F1": round(float(f1(table)[there].mean()), 4),
        "balanced accuracy": round(float(recall.mean()), 4),
        "F1": {label: round(float(value), 3) for label, value in zip(labels, f1(table), strict=True)},
        "confusion": table.tolist(),
    }


def main(
    data: Annotated[Path, typer.Argument(help="Folder of a set of heart signals, see docs/evaluation.md.")],
    output: Annotated[Path, typer.Option(help="Directory of checkpoints and weights.")] = Path("build/signals"),
    steps: Annotated[int, typer.Option(help="Batches to learn from; 0 takes as many as the shipped one.")] = 0,
    seed: Seed = 1,
    only: Annotated[str, typer.Option(help="Leave out this group alone, and keep that network.")] = "",
    begin_with: Annotated[
        Path | None, typer.Option(help="Weights whose front-end to begin with, an .npz of this training.")
    ] = None,
    threads: Threads = 1,
) -> None:
    """Train with each group left out, measure, and write `MODEL.npz` with its card."""
    torch.set_num_threads(threads)
    found, console = read_heart_set(data), Console()
    model, kind = found.model, KINDS[found.model]
    output = output / model / str(seed)
    output.mkdir(parents=True, exist_ok=True)
    recordings = [each for each in found.recordings if each.group != "paced"]
    examples = examples_of(recordings, kind.labels, kind.mel, output.parent / "tokens.npz")
    kept = only or HELD_OUT[model]
    figures: dict[str, object] = {}
    for group in [only] if only else kind.measured:
        settings = Settings(model, group, steps or kind.steps, seed=seed, begin_with=str(begin_with or ""))
        known = [each for each in examples if each.group != group]
        trainer = Trainer(settings, known, output / f"checkpoint-{group}.pt")
        if trainer.checkpoint.exists():
            trainer.resume()
        train(trainer, console, SHOWN)
        figures[group] = measure(trainer.network, [each for each in examples if each.group == group], kind.labels)
        write_text(output / f"figures-{group}.json", json.dumps(figures[group], indent=1))
        console.print(f"{group} left out: {figures[group]}")
        if group == kept:
            path = output / f"{model}.npz"
            save(trainer.network, path, _card(settings, trainer.network, len(known), figures))
    if kept in figures:
        path = output / f"{model}.yaml"
        console.print(f"wrote {path.with_suffix('.npz')}")


def _card(settings: Settings, network: Network, examples: int, figures: dict[str, Any]) -> dict[str, object]:
    kind = KINDS[settings.model]
    card = {
        "network": "tokens, neural bag-of-features with temporal self-attention",
        "labels": list(kind.labels),
        "kind": "pcg" if kind.mel else "ecg",
        "by_beat": network.bag.window == 1,
        "shape": kind.shape,
        "parameters": parameters_of(network),
        "examples": examples,
        "left out": settings.left_out,
        "command": f"python -m opendr_perception.training.signals.train DATA --steps {settings.steps} "
        f"--seed {settings.seed} --only {settings.left_out}"
        + (f" --begin-with {Path(settings.begin_with).name}" if settings.begin_with else ""),
        **versions(),
        "macro F1 of what was left out": figures[settings.left_out]["macro F1"],
    }
    if kind.mel and isinstance(network, HeartSoundNetwork):
        card |= {"mel": asdict(kind.mel), "field": network.encoder.field, "hop": network.encoder.hop}
    return card


if __name__ == "__main__":
    run_command(main)
