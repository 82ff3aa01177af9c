"""Train the network that joins a voice and a face: `python -m opendr_perception.training.emotion.audiovisual.train`.

Speakers are left out in turn, a part of them each time, and measured by the network that has not heard them. The one
that is kept has heard all. Faces are those of FER2013 for training, and for measures those for validation; without
faces, the voice alone is learnt.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from rich.console import Console
from torch.nn import functional as F

from opendr_perception.evaluate.emotion.voices import read_voices
from opendr_perception.files import write_text
from opendr_perception.networks.emotion.audiovisual import FRAMES, AudiovisualNetwork
from opendr_perception.tasks.emotion import EXPRESSIONS
from opendr_perception.tasks.sound import MfccConfig
from opendr_perception.training.common.checkpoint import Resumable
from opendr_perception.training.common.command import run_command
from opendr_perception.training.common.loop import train
from opendr_perception.training.common.weights import save
from opendr_perception.training.emotion.audiovisual.data import (
    Clips,
    FaceFeatures,
    Scale,
    VoiceFeatures,
    voices_of,
    with_dropout,
)
from opendr_perception.training.emotion.audiovisual.evaluate import Measured, measure, summary
from opendr_perception.training.emotion.audiovisual.faces import face_features

SHOWN = 50
"""Steps between two lines of progress, and two checkpoints."""


@dataclass(frozen=True)
class Settings:
    """Settings that decide the outcome: `steps` in all, in the first `alone` of which there are voices alone."""

    steps: int
    alone: int = 0
    fusion: str = "ia"
    heads: int = 1
    dropout: str = "softhard"
    seed: int = 1
    coefficients: int = 40
    audio_widths: tuple[int, ...] = (48, 64, 96, 96)
    video_widths: tuple[int, ...] = (32, 32, 64, 64)
    batch: int = 8
    rate: float = 4e-3
    left_out: tuple[str, ...] = ()

    def network(self, classes: int, features: int) -> AudiovisualNetwork:
        """The network, with random weights."""
        return AudiovisualNetwork(
            classes,
            self.fusion,  # type: ignore[arg-type]  # the network itself says so if there is none of this name
            heads=self.heads,
            audio_features=self.coefficients,
            video_features=features,
            audio_widths=self.audio_widths,
            video_widths=self.video_widths,
            dropout=0.3,
        )


@dataclass(frozen=True, eq=False)
class AudiovisualMaterial:
    """All that is learnt from.

    Attributes:
        voices: of all sets.
        labels: emotions.
        train, test: faces; None where there are none.
    """

    voices: Sequence[VoiceFeatures]
    labels: tuple[str, ...]
    train: FaceFeatures | None
    test: FaceFeatures | None

    @property
    def features(self) -> int:
        """Numbers of a face."""
        return 1 if self.train is None else self.train.features.shape[2]


class Trainer(Resumable):
    """A training and its checkpoints.

    Args:
        settings: what to do.
        material: what to learn from.
        checkpoint: its file.
    """

    network: AudiovisualNetwork

    def __init__(self, settings: Settings, material: AudiovisualMaterial, checkpoint: Path) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self.checkpoint, self.step = settings, checkpoint, 0
        known = [voice for voice in material.voices if voice.speaker not in settings.left_out]
        config = MfccConfig(coefficients=settings.coefficients)
        self.scale = Scale.of(known, config)
        self.clips = Clips(known, material.train, config, self.scale, FRAMES, settings.seed)
        self.network = settings.network(len(material.labels), material.features)
        self.begin(settings.rate, settings.steps, decay=0.05, warm_up=0.2)

    def run(self) -> Iterator[tuple[int, float, float]]:
        """Train to the end; gives after each step its number, loss and accuracy."""
        self.network.train()
        settings = self.settings
        # Without dropout the batch is as large as with it, so that dropout alone makes the difference.
        size = settings.batch * {"none": 4, "softhard": 1, "noise": 1}[settings.dropout]
        while self.step < settings.steps:
            rng = np.random.default_rng((settings.seed, self.step, 1))
            torch.manual_seed(settings.seed * 1_000_003 + self.step)  # as if it had not been interrupted
            if self.step < settings.alone:
                sounds, films, truth = self.clips.batch(self.step, 4 * settings.batch)
                batch = sounds, np.zeros_like(films), truth
            else:
                batch = with_dropout(*self.clips.batch(self.step, size), settings.dropout, rng)
            audio, video, labels = map(torch.from_numpy, batch)
            logits = self.network(audio, video)
            loss = F.cross_entropy(logits, labels, label_smoothing=0.1)
            self.descend(loss, clip=5.0)
            yield self.step, loss.item(), (logits.argmax(1) == labels).float().mean().item()


def learn(settings: Settings, material: AudiovisualMaterial, output: Path, console: Console) -> Trainer:
    """Train, or go on, on all speakers but those that are left out."""
    name = "-".join(settings.left_out).replace(" ", "") or "all"
    trainer = Trainer(settings, material, output / f"checkpoint-{name}.pt")
    if trainer.checkpoint.exists():
        trainer.resume()
    train(trainer, console, SHOWN)
    trainer.network.eval()
    return trainer


def parts(speakers: Sequence[str], count: int) -> list[tuple[str, ...]]:
    """The speakers in so many parts, of each set as many in each."""
    sets = sorted({speaker.split()[0] for speaker in speakers})
    ordered = [sorted({each for each in speakers if each.split()[0] == name}) for name in sets]
    return [tuple(speaker for names in ordered for speaker in names[place::count]) for place in range(count)]


def main(
    voices: Annotated[list[Path], typer.Argument(help="Folders of EMO-DB, RAVDESS, CREMA-D.")],
    faces: Annotated[Path | None, typer.Option(help="FER2013; without, the voice alone is learnt.")] = None,
    describer: Annotated[str, typer.Option(help="Network for single faces, of the zoo.")] = "expression-research",
    measured: Annotated[
        list[Path] | None, typer.Option("--measured", help="Folders of voices that are measured and not learnt.")
    ] = None,
    folds: Annotated[int, typer.Option(help="Parts into which speakers are divided to be left out.", min=0)] = 8,
    only: Annotated[int, typer.Option(help="Leave out this part alone, counted from 0, and keep that network.")] = -1,
    fusion: Annotated[str, typer.Option(help="lt, it or ia.")] = "ia",
    heads: Annotated[int, typer.Option(help="Of the attention.")] = 1,
    dropout: Annotated[str, typer.Option(help="Of modalities: none, softhard or noise.")] = "softhard",
    steps: Annotated[int, typer.Option(help="Batches to learn from.")] = 1000,
    alone: Annotated[int, typer.Option(help="Of these, the first ones with voices alone.")] = 500,
    seed: Annotated[int, typer.Option(help="Of everything that is random.")] = 1,
    output: Annotated[Path, typer.Option(help="Directory of checkpoints and weights.")] = Path("build/audiovisual"),
    threads: Annotated[int, typer.Option(help="Of torch.")] = 1,
) -> None:
    """Train with each part of the speakers left out, measure, then train on all and write `emotion-av.npz`."""
    torch.set_num_threads(threads)
    output.mkdir(parents=True, exist_ok=True)
    console, sets = Console(), [read_voices(folder) for folder in voices]
    labels = EXPRESSIONS if faces else tuple(sorted({each.label for known in sets for each in known}))
    others = [read_voices(folder) for folder in measured or ()]
    test = [voice for known in others for voice in voices_of(known, labels)]
    material = AudiovisualMaterial(
        [voice for known in sets for voice in voices_of(known, labels)],
        labels,
        face_features(faces, "train", describer, seed) if faces else None,
        face_features(faces, "validation", describer, seed) if faces else None,
    )
    base = Settings(steps, alone if faces else 0, fusion, heads, dropout if faces else "none", seed)
    figures: dict[str, Any] = {}
    everybody = parts([voice.speaker for voice in material.voices], folds) if folds else []
    for place, speakers in enumerate(everybody):
        if only not in (-1, place):
            continue
        file = output / f"figures-{place}.json"
        if not file.exists():
            trainer = learn(replace(base, left_out=speakers), material, output, console)
            unheard = [voice for voice in material.voices if voice.speaker in speakers]
            found = measure(trainer.network, unheard, material.test, trainer.clips, seed)
            write_text(file, json.dumps([asdict(each) for each in found], indent=1))
        figures[str(place)] = json.loads(file.read_text())
    answers = [Measured(**each) for found in figures.values() for each in found]
    if answers:
        console.print(summary(answers))
    kept = replace(base, left_out=everybody[only]) if only >= 0 else base
    trainer = learn(kept, material, output, console)
    across = summary(measure(trainer.network, test, material.test, trainer.clips, seed)) if test else {}
    if across:
        console.print(across)
    card = _card(kept, material, trainer, summary(answers) if answers else {}, across)
    save(trainer.network, output / "emotion-av.npz", card)
    console.print(f"wrote {output / 'emotion-av.npz'}")


def _card(
    settings: Settings,
    material: AudiovisualMaterial,
    trainer: Trainer,
    unseen: Mapping[str, object],
    across: Mapping[str, object],
) -> dict[str, object]:
    shape = {name: value for name, value in asdict(settings).items() if name in ("fusion", "heads", "coefficients")}
    shape |= {name: list(getattr(settings, name)) for name in ("audio_widths", "video_widths")}
    scale = trainer.scale
    return {
        "network": "convolutions over time and cross attention (networks/emotion/audiovisual.py)",
        "terms": "research",
        "labels": list(material.labels),
        "shape": shape,
        "features": material.features,
        "mean": [round(float(value), 4) for value in scale.mean],
        "spread": [round(float(value), 4) for value in scale.spread],
        "parameters": sum(parameter.numel() for parameter in trainer.network.parameters()),
        "voices": sum(voice.speaker not in settings.left_out for voice in material.voices),
        "speakers left out": list(settings.left_out),
        "faces": 0 if material.train is None else len(material.train.labels),
        "command": " ".join(["python -m opendr_perception.training.emotion.audiovisual.train", *sys.argv[1:]]),
        "torch": str(torch.__version__),
        "unseen speakers": dict(unseen),
        "sets that were not learnt": dict(across),
    }


if __name__ == "__main__":
    run_command(main)
