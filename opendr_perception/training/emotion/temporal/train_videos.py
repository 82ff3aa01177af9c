"""Train NAC-TCN on videos.

`python -m opendr_perception.training.emotion.temporal.train_videos --data DIR --layout NAME`

For people with data: Aff-Wild2, AFEW-VA and EmoReact, as their authors deliver them. A network for single frames
(`--encoder`) turns frames into features, once; NAC-TCN learns from these. The last weights count; none are chosen by
their score in the evaluation. All is drawn from the seed, batch by batch, so that a run that was interrupted goes on
with `--resume` as if nothing had happened.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from rich.console import Console
from torch import Tensor
from torch.nn import functional as F

from opendr_perception import zoo
from opendr_perception.engine.export import export
from opendr_perception.networks.emotion.nac_tcn import CONFIGS, ConfigName, NacTcn
from opendr_perception.training.common.checkpoint import Resumable
from opendr_perception.training.common.command import Resume, Seed, Steps, Threads, run_command
from opendr_perception.training.common.loop import train
from opendr_perception.training.common.weights import save, versions
from opendr_perception.training.emotion.losses import concordance, concordance_loss
from opendr_perception.training.emotion.temporal.data import AFFECT, LAYOUTS, Encoder, FeatureTrack, read_clips

SHOWN = 50
"""Steps between two lines of progress, and two checkpoints."""

SIZES: dict[str, tuple[ConfigName, int]] = {
    "affwild2": ("affwild2-sm", 256),
    "afew-va": ("afew-sm", 32),
    "emoreact": ("emoreact-sm", 128),
}
"""The published network for each layout, and the frames of a clip in its training [Mehta 2023, sec. 4]."""


@dataclass(frozen=True)
class Settings:
    """Settings that decide the outcome of a training."""

    layout: str = "affwild2"
    steps: int = 2000
    batch: int = 16
    rate: float = 1e-3
    encoder: str = ""  # sha256 of the network for single frames, and its output
    seed: int = 1


@dataclass(frozen=True)
class Tracks:
    """Clips as the network sees them.

    Attributes:
        values: Names of what is said of a frame.
        train, evaluation: As in `ClipSet`.
    """

    values: tuple[str, ...]
    train: Sequence[FeatureTrack]
    evaluation: Sequence[FeatureTrack]


class Trainer(Resumable):
    """A training and its checkpoints.

    Args:
        settings: What to do.
        tracks: What to learn from.
        checkpoint: File of the checkpoint.

    Raises:
        ValueError: The settings are out of range.
    """

    network: NacTcn

    def __init__(self, settings: Settings, tracks: Tracks, checkpoint: Path) -> None:
        if min(settings.steps, settings.batch) < 1:
            raise ValueError("a training needs a step, and a clip in each")
        torch.manual_seed(settings.seed)
        self.settings, self.tracks, self.checkpoint = settings, tracks, checkpoint
        name, self.frames = SIZES[settings.layout]
        self.continuous = tracks.values == AFFECT
        features, outputs = tracks.train[0].features.shape[1], len(tracks.values)
        config = replace(CONFIGS[name], in_channels=features, outputs=outputs, squash=self.continuous)
        self.network = config.build()
        self.optimizer = torch.optim.Adam(self.network.parameters(), settings.rate)
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, settings.steps, settings.rate / 100)
        self.step = 0

    def run(self) -> Iterator[tuple[int, float]]:
        """Train to the end; gives after each step its number and loss."""
        self.network.train()
        while self.step < self.settings.steps:
            torch.manual_seed(self.settings.seed * 1_000_003 + self.step)  # of what is dropped out
            features, truth = self.batch(self.step)
            loss = self.loss(self.network(features), truth)
            self.descend(loss)
            yield self.step, loss.item()

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Features (B, c, T) and truth (B, values, T) of a step; the same whenever it is asked for.

        Short clips are filled up at their end, which a causal network does not see before.
        """
        rng = np.random.default_rng((self.settings.seed, step))
        features, truth = [], []
        for index in rng.integers(0, len(self.tracks.train), self.settings.batch):
            track = self.tracks.train[index]
            spare = max(0, len(track.features) - self.frames)
            start = int(rng.integers(0, spare + 1)) if self.continuous else spare  # the end has the answer
            piece = slice(start, start + self.frames)
            features.append(_filled(track.features[piece], self.frames, 0))
            truth.append(_filled(track.truth[piece], self.frames, np.nan))
        seen, said = (torch.from_numpy(np.stack(arrays)).transpose(1, 2) for arrays in (features, truth))
        return seen, said

    def loss(self, answer: Tensor, truth: Tensor) -> Tensor:
        """Concordance of valence and arousal, cross-entropy of emotions, over all annotated frames (B, values, T)."""
        answer, truth = (values.transpose(1, 2).flatten(0, 1) for values in (answer, truth))
        known = ~truth.isnan().any(1)
        if not known.any():
            return 0 * answer.sum()  # nothing of this batch was annotated
        answer, truth = answer[known], truth[known]
        return concordance_loss(answer, truth) if self.continuous else _cross_entropy(answer, truth)

    @torch.no_grad()
    def evaluate(self) -> dict[str, float]:
        """Concordance, or area under the ROC curve, of each value over all frames of the evaluation."""
        network = self.network.eval().for_inference()
        answers, truths = [], []
        for track in self.tracks.evaluation:
            answer = network(torch.from_numpy(track.features).T[None])[0].T
            known = ~np.isnan(track.truth).any(1)
            answers.append(answer[torch.from_numpy(known)])
            truths.append(torch.from_numpy(track.truth[known]))
        answer, truth = torch.cat(answers), torch.cat(truths)
        if self.continuous:
            figures = concordance(answer.double(), truth.double()).tolist()
        else:
            figures = [_roc_auc(answer[:, i].numpy(), truth[:, i].numpy()) for i in range(truth.shape[1])]
        return {name: round(figure, 4) for name, figure in zip(self.tracks.values, figures, strict=True)}


def _filled(array: np.ndarray, length: int, value: float) -> np.ndarray:
    return np.pad(array, ((0, length - len(array)), (0, 0)), constant_values=value)


def _cross_entropy(logits: Tensor, truth: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, (truth > 0).float())


def _roc_auc(scores: np.ndarray, truth: np.ndarray) -> float:
    """Area under the ROC curve: the share of pairs in which a clip with the emotion scores higher; NaN if all or none
    have it."""
    having, lacking = scores[truth > 0], scores[truth <= 0]
    if not len(having) or not len(lacking):
        return float("nan")
    difference = having[:, None] - lacking
    return float((difference > 0).mean() + (difference == 0).mean() / 2)


def main(
    data: Annotated[Path, typer.Option(help="Folder of the data set.")],
    layout: Annotated[str, typer.Option(help=f"Of the data set: {', '.join(LAYOUTS)}.")],
    encoder: Annotated[Path | None, typer.Option(help="ONNX of single frames; by default face-expression.")] = None,
    feature: Annotated[str, typer.Option(help="Which output of the encoder to take.")] = "probabilities",
    steps: Steps = Settings.steps,
    batch: Annotated[int, typer.Option(help="Clips per batch.")] = Settings.batch,
    rate: Annotated[float, typer.Option(help="Of learning.")] = Settings.rate,
    seed: Seed = Settings.seed,
    output: Annotated[Path, typer.Option(help="Directory of features, checkpoint and model.")] = Path("build/videos"),
    resume: Resume = False,
    threads: Threads = 1,
) -> None:
    """Encode, train, evaluate, and write `nac-tcn-<layout>.npz` with its card, and `.onnx`, one step of the network."""
    torch.set_num_threads(threads)
    clips = read_clips(data, layout)
    eyes = Encoder(encoder or zoo.require("face-expression").path, feature, output / "features")
    console = Console()
    with console.status(f"encoding {len(clips.train) + len(clips.evaluation)} clips ..."):
        tracks = Tracks(clips.values, [eyes(clip) for clip in clips.train], [eyes(clip) for clip in clips.evaluation])
    settings = Settings(layout, steps, batch, rate, f"{eyes.sha256} {feature}", seed)
    trainer = Trainer(settings, tracks, output / "checkpoint.pt")
    if resume and trainer.checkpoint.exists():
        trainer.resume()
    _train(trainer, output / f"nac-tcn-{layout}", console)


def _train(trainer: Trainer, output: Path, console: Console) -> None:
    """Train to the end with lines of progress, and write the files `output` with their suffixes."""
    train(trainer, console, SHOWN)
    figures = trainer.evaluate()
    console.print(", ".join(f"{name} {figure:.3f}" for name, figure in figures.items()))
    save(trainer.network, output.with_suffix(".npz"), _card(trainer, figures))
    texts = {"labels": json.dumps(trainer.tracks.values), "encoder": trainer.settings.encoder}
    export(trainer.network.eval(), output.with_suffix(".onnx"), metadata=texts)
    console.print(f"wrote {output}.npz, .yaml and .onnx")


def _card(trainer: Trainer, figures: dict[str, float]) -> dict[str, object]:
    return {
        "network": f"NAC-TCN, {SIZES[trainer.settings.layout][0]}, variant A",
        "values": list(trainer.tracks.values),
        "logits": not trainer.continuous,
        "features": trainer.tracks.train[0].features.shape[1],
        "receptive_field": trainer.network.receptive_field,
        "parameters": sum(parameter.numel() for parameter in trainer.network.parameters()),
        "settings": asdict(trainer.settings),
        "clips_for_training": len(trainer.tracks.train),
        "clips_for_evaluation": len(trainer.tracks.evaluation),
        **versions(),
        "concordance" if trainer.continuous else "area_under_roc": figures,
    }


if __name__ == "__main__":
    run_command(main)
