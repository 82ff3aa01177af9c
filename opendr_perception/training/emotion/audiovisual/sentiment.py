"""Learn sentiment from the features of CMU-MOSEI: `python -m opendr_perception.training.emotion.audiovisual.sentiment`.

As in [Chumachenko 2022, sec. IV]: a sentence is 74 numbers of sound and 35 of a face for each step of time, without
words; what is said is a number from -3 to 3, of which the sign is judged, the mean error and the correlation. The
network begins with its convolutions; modality dropout is as for faces and voices.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import torch
import typer
from rich.console import Console
from torch.nn import functional as F

from opendr_perception.arrays import open_arrays
from opendr_perception.evaluate.report import DatasetError
from opendr_perception.files import write_text
from opendr_perception.networks.emotion.audiovisual import AudiovisualNetwork
from opendr_perception.training.common.checkpoint import Resumable
from opendr_perception.training.common.command import Seed, Steps, Threads, run_command
from opendr_perception.training.common.loop import train
from opendr_perception.training.emotion.audiovisual.data import Dropout, with_dropout

Floats = npt.NDArray[np.float32]
PARTS = ("train", "valid", "test")
SHOWN = 50
"""Steps between two lines of progress, and two checkpoints."""
FURTHEST = 5.0
"""Standard deviations at which features are cut off: a few of MOSEI's are huge."""


@dataclass(frozen=True, eq=False)
class Sentences:
    """Sentences of one part.

    Attributes:
        audio: (n, features, steps) float32.
        video: (n, features, steps) float32.
        scores: (n,) float32, from -3 (negative) to 3.
    """

    audio: Floats
    video: Floats
    scores: Floats


def read_mosei(path: Path) -> dict[str, Sentences]:
    """Read the features of [Tsai 2019, Multimodal Transformer] from an .npz.

    They were published as a pickle, `mosei_senti_data.pkl`, aligned or not. A pickle is a program, so that it is not
    read here: whoever trusts the file writes its arrays, `np.savez(path, train_audio=found["train"]["audio"], ...)`.

    Args:
        path: of a file with `train_audio` (n, steps, 74), `train_vision` (n, steps, 35) and `train_labels` (n, 1, 1),
            and the same of `valid` and `test`.

    Raises:
        DatasetError: it is no such file.
    """
    try:
        with open_arrays(path) as found:
            return {
                part: _sentences({name: found[f"{part}_{name}"] for name in ("audio", "vision", "labels")})
                for part in PARTS
            }
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise DatasetError(f"{path}: no features of MOSEI, with train, valid and test: {error}") from error


def _sentences(part: Mapping[str, np.ndarray]) -> Sentences:
    audio, video = (
        np.nan_to_num(np.asarray(part[name], np.float32), nan=0.0, posinf=0.0, neginf=0.0).transpose(0, 2, 1)
        for name in ("audio", "vision")
    )
    scores = np.asarray(part["labels"], np.float32).reshape(len(audio), -1)[:, 0]
    if not len(audio) == len(video) > 0 or not np.isfinite(scores).all():
        raise ValueError(f"{len(audio)} sounds, {len(video)} faces, and scores that are numbers for each are wanted")
    return Sentences(audio, video, scores)


def scaled(parts: Mapping[str, Sentences]) -> dict[str, Sentences]:
    """All parts, with features of mean 0 and spread 1 over the training part: zeros, for what is missing, are usual."""
    known = parts["train"]
    scales = [(x.mean((0, 2), keepdims=True), x.std((0, 2), keepdims=True) + 1e-6) for x in (known.audio, known.video)]

    def scale(x: Floats, place: int) -> Floats:
        mean, spread = scales[place]
        return np.clip((x - mean) / spread, -FURTHEST, FURTHEST).astype(np.float32)

    return {name: Sentences(scale(part.audio, 0), scale(part.video, 1), part.scores) for name, part in parts.items()}


@dataclass(frozen=True)
class Settings:
    """Settings that decide the outcome of a training."""

    steps: int
    fusion: str
    heads: int
    dropout: Dropout
    seed: int
    batch: int = 16
    rate: float = 2e-3


class Trainer(Resumable):
    """A training and its checkpoints.

    Args:
        settings: what to do.
        known: sentences to learn from.
        checkpoint: its file.
    """

    network: AudiovisualNetwork

    def __init__(self, settings: Settings, known: Sentences, checkpoint: Path) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self.known, self.checkpoint, self.step = settings, known, checkpoint, 0
        self.network = AudiovisualNetwork(
            1,
            settings.fusion,  # type: ignore[arg-type]  # the network itself says so if there is none of this name
            heads=settings.heads,
            audio_features=known.audio.shape[1],
            video_features=known.video.shape[1],
            dropout=0.1,
        )
        self.begin(settings.rate, settings.steps, decay=0.01, warm_up=0.2)

    def run(self) -> Iterator[tuple[int, float]]:
        """Train to the end; gives after each step its number and mean error."""
        self.network.train()
        while self.step < self.settings.steps:
            rng = np.random.default_rng((self.settings.seed, self.step))
            torch.manual_seed(self.settings.seed * 1_000_003 + self.step)  # as if it had not been interrupted
            drawn = rng.integers(len(self.known.scores), size=self.settings.batch)
            clips = self.known.audio[drawn], self.known.video[drawn], self.known.scores[drawn]
            audio, video, scores = map(torch.from_numpy, with_dropout(*clips, self.settings.dropout, rng))
            loss = F.l1_loss(self.network(audio, video)[:, 0], scores)
            self.descend(loss, clip=1.0)
            yield self.step, loss.item()


@torch.inference_mode()
def measure(network: AudiovisualNetwork, part: Sentences) -> dict[str, dict[str, float]]:
    """Figures with both modalities (`av`), without the face (`a`), and without the voice (`v`).

    Returns:
        For each: `accuracy` of the sign among scores that are not 0, mean `error`, and `correlation`.
    """
    figures = {}
    for name, (heard, seen) in {"av": (1, 1), "a": (1, 0), "v": (0, 1)}.items():
        said = np.concatenate(
            [
                network(
                    torch.from_numpy(part.audio[k : k + 64] * heard), torch.from_numpy(part.video[k : k + 64] * seen)
                )
                .numpy()
                .reshape(-1)
                for k in range(0, len(part.scores), 64)
            ]
        )
        signed = part.scores != 0
        right = (said[signed] > 0) == (part.scores[signed] > 0)
        apart = said.std() > 0 and part.scores.std() > 0
        figures[name] = {
            "accuracy": round(float(right.mean()), 4),
            "error": round(float(np.abs(said - part.scores).mean()), 4),
            "correlation": round(float(np.corrcoef(said, part.scores)[0, 1]), 4) if apart else 0.0,
        }
    return figures


def main(
    data: Annotated[Path, typer.Argument(help="An .npz of the features, see `read_mosei`.")],
    fusion: Annotated[str, typer.Option(help="lt, it or ia.")] = "ia",
    heads: Annotated[int, typer.Option(help="Of the attention.")] = 1,
    dropout: Annotated[str, typer.Option(help="Of modalities: none, softhard or noise.")] = "softhard",
    steps: Steps = 4000,
    seed: Seed = 1,
    output: Annotated[Path, typer.Option(help="Directory of the checkpoint and the figures.")] = Path("build/mosei"),
    threads: Threads = 1,
) -> None:
    """Train on the training part, measure the test part, and write `figures.json`. No weights are shipped from it."""
    torch.set_num_threads(threads)
    if dropout not in ("none", "softhard", "noise"):
        raise typer.BadParameter("dropout must be none, softhard or noise")
    parts = scaled(read_mosei(data))
    output.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(Settings(steps, fusion, heads, dropout, seed), parts["train"], output / "checkpoint.pt")  # type: ignore[arg-type]  # checked above
    if trainer.checkpoint.exists():
        trainer.resume()
    train(trainer, Console(), SHOWN)
    figures = measure(trainer.network.eval(), parts["test"])
    write_text(output / "figures.json", json.dumps(figures, indent=1) + "\n")
    Console().print(figures)


if __name__ == "__main__":
    run_command(main)
