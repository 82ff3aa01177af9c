"""Train the network that names sounds: `python -m opendr_perception.training.sound.classification`.

Kinds: `environment` learns ESC-10, fold by fold; `digits` learns spoken digits, speaker by speaker; `scenes` learns
TUT Acoustic Scenes and `genres` GTZAN, group by group. Each group of
recordings is left out once and measured by the network that has not heard it. The one that is kept has heard all,
unless one group alone was to be left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from rich.console import Console
from torch.nn import functional as F

from opendr_perception.evaluate.sound import groups
from opendr_perception.files import write_text
from opendr_perception.networks.sound import SoundNetwork
from opendr_perception.tasks.sound import MelConfig
from opendr_perception.training.common.checkpoint import Resumable
from opendr_perception.training.common.command import Seed, Steps, Threads, run_command
from opendr_perception.training.common.loop import train
from opendr_perception.training.common.weights import save, versions
from opendr_perception.training.sound.evaluation import evaluate, summary
from opendr_perception.training.sound.examples import (
    IGNORED,
    UNKNOWN,
    Distortion,
    Examples,
    SoundEvent,
    Timing,
    events_of,
    pseudo_words,
)
from opendr_perception.training.sound.material import Material, material

SHOWN = 25
"""Steps between two lines of progress, and two checkpoints."""


@dataclass(frozen=True)
class Kind:
    """Task to learn, and the network for it.

    Args:
        mel: features.
        shape: of the network: see `networks.sound.SoundNetwork`.
        frames, need, keep: see `examples.Timing`.
        speeds: at which recordings are played.
        other_speeds: at which those are played that are none of the classes. Speech of 8 kHz that is played faster
            reaches higher, so that its narrow band is not what it is known by.
        share: of examples that are none of the classes.
        distortion: how differently they are said and heard.
    """

    mel: MelConfig
    shape: dict[str, Any]
    frames: int
    need: int
    keep: int
    speeds: tuple[float, ...]
    other_speeds: tuple[float, ...]
    share: float
    distortion: Distortion

    def network(self, classes: int) -> SoundNetwork:
        return SoundNetwork(classes, bands=self.mel.bands, **self.shape)

    def timing(self, network: SoundNetwork) -> Timing:
        return Timing(network.patches.field, network.patches.hop, self.frames, self.need, self.keep)


LONG_SOUNDS = Kind(
    MelConfig(bands=32),
    {"widths": (8, 16, 32, 64), "pools": (2, 2, 2, 2), "channels": 96, "window": 20},
    frames=334,
    need=48,
    keep=0,
    speeds=(0.9, 1.0, 1.1),
    other_speeds=(1.0,),
    share=0.1,
    distortion=Distortion(0.4, warp=0.04, stretch=0.1),
)

KINDS = {
    "environment": LONG_SOUNDS,
    "scenes": LONG_SOUNDS,
    "genres": LONG_SOUNDS,
    "digits": Kind(
        MelConfig(bands=32, highest=3800.0),
        {"widths": (12, 24, 48, 64), "pools": (2, 2, 2, 1), "channels": 96, "window": 8},
        frames=110,
        need=0,
        keep=32,
        speeds=(0.85, 1.0, 1.18),
        other_speeds=(1.0,),
        share=0.2,
        distortion=Distortion(0.6, warp=0.05, stretch=0.1, echo=0.2, loudness=(-2.5, 0.7)),
    ),
}


@dataclass(frozen=True)
class Settings:
    """Settings that decide the outcome of a training."""

    kind: str
    left_out: str
    steps: int
    batch: int = 32
    rate: float = 4e-3
    seed: int = 1
    synthetic: int = 0


class Trainer(Resumable):
    """A training and its checkpoints.

    Args:
        settings: what to do.
        kind: of the network.
        examples: what to learn from.
        classes: number of answers.
        checkpoint: its file.
    """

    network: SoundNetwork

    def __init__(self, settings: Settings, kind: Kind, examples: Examples, classes: int, checkpoint: Path) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self.examples, self.checkpoint = settings, examples, checkpoint
        self.network = kind.network(classes)
        self.begin(settings.rate, settings.steps, decay=0.02, warm_up=0.2)

    def run(self) -> Iterator[tuple[int, float, float]]:
        """Train to the end; gives after each step its number, loss and accuracy."""
        self.network.train()
        while self.step < self.settings.steps:
            frames, labels = map(torch.from_numpy, self.examples.batch(self.step, self.settings.batch))
            logits = self.network.recordings(frames, offset=self.step * 7)
            loss = F.cross_entropy(logits, labels, ignore_index=IGNORED, label_smoothing=0.1)
            self.descend(loss, clip=5.0)
            judged = labels != IGNORED
            yield self.step, loss.item(), (logits.argmax(1) == labels)[judged].float().mean().item()


def learn(name: str, data: Material, left_out: str, settings: Settings, output: Path, console: Console) -> SoundNetwork:
    """Train on all groups but one ('' for all), and give the network."""
    kind = KINDS[name]
    known = [recording for recording in data.recordings if recording.group != left_out]
    others = [*data.others]
    if name == "digits":
        others += pseudo_words(known, 200, np.random.default_rng(settings.seed))
    unknown = data.labels.index(UNKNOWN)
    events = events_of([*known, *data.made], data.labels, kind.mel, kind.speeds)
    foreign = [
        SoundEvent(event.variants, unknown) for event in events_of(others, data.labels, kind.mel, kind.other_speeds)
    ]
    timing = kind.timing(kind.network(len(data.labels)))
    examples = Examples(events, foreign, timing, unknown, kind.share, kind.distortion, settings.seed)
    trainer = Trainer(settings, kind, examples, len(data.labels), output / f"checkpoint-{left_out or 'all'}.pt")
    if trainer.checkpoint.exists():
        trainer.resume()
    train(trainer, console, SHOWN)
    return trainer.network.eval()


def main(
    kind: Annotated[str, typer.Argument(help="environment, digits, scenes or genres.")],
    esc: Annotated[Path | None, typer.Option(help="Folder of ESC-50, or of ESC-10 by class.")] = None,
    digits: Annotated[Path | None, typer.Option(help="Folder of the Free Spoken Digit Dataset.")] = None,
    dataset: Annotated[
        Path | None, typer.Option("--data", help="Folder of TUT Acoustic Scenes (scenes) or GTZAN (genres).")
    ] = None,
    steps: Steps = 600,
    seed: Seed = 1,
    synthetic: Annotated[
        int, typer.Option(help="Digits that espeak-ng says, to learn beside the real ones.", min=0)
    ] = 0,
    output: Annotated[Path, typer.Option(help="Directory of checkpoints and weights.")] = Path("build/sound"),
    only: Annotated[
        str, typer.Option(help="Leave out this group alone, and keep that network; by default each in turn, then none.")
    ] = "",
    keep: Annotated[
        str, typer.Option(help="Leave out each group in turn, and keep the network that has not heard this one.")
    ] = "",
    threads: Threads = 1,
) -> None:
    """Train with each group left out, measure, then train on all and write `sound-KIND.npz` with its card."""
    if kind not in KINDS:
        raise typer.BadParameter(f"kind must be one of {', '.join(KINDS)}")
    torch.set_num_threads(threads)
    console, output = Console(), output / kind
    output.mkdir(parents=True, exist_ok=True)
    if synthetic and kind != "digits":
        raise typer.BadParameter("--synthetic is for digits")
    data = material(kind, esc, digits, seed, synthetic, dataset)
    for group in filter(None, (only, keep)):
        if group not in groups(data.recordings):
            raise typer.BadParameter(f"no group '{group}' among {', '.join(groups(data.recordings))}")
    base = Settings(kind, "", steps, seed=seed, synthetic=synthetic)
    figures: dict[str, Any] = {}
    for group in [only] if only else sorted(groups(data.recordings), key=lambda name: name != keep):
        measured = output / f"figures-{group}.json"
        if not measured.exists():
            network = learn(kind, data, group, replace(base, left_out=group), output, console)
            unheard = [recording for recording in data.recordings if recording.group == group]
            found = evaluate(network, unheard, data.labels, KINDS[kind].mel, word=kind == "digits")
            write_text(measured, json.dumps(found, indent=1))
        figures[group] = json.loads(measured.read_text())
        console.print(f"{group} left out: {figures[group]}")
    kept = replace(base, left_out=only or keep)
    network = learn(kind, data, kept.left_out, kept, output, console)
    save(network, output / f"sound-{kind}.npz", _card(kind, kept, data, network, summary(figures)))
    console.print(f"wrote {output / f'sound-{kind}.npz'}")


def _card(
    kind: str, settings: Settings, data: Material, network: SoundNetwork, figures: dict[str, Any]
) -> dict[str, Any]:
    shape = {key: list(value) if isinstance(value, tuple) else value for key, value in KINDS[kind].shape.items()}
    return {
        "network": "patches of log-mel frames, continual transformer encoder with recycled positions",
        "labels": list(data.labels),
        "mel": asdict(KINDS[kind].mel),
        "shape": shape,
        "field": network.patches.field,
        "hop": network.patches.hop,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "recordings": sum(each.group != settings.left_out for each in data.recordings),
        "command": f"python -m opendr_perception.training.sound.classification {kind} --steps {settings.steps} "
        f"--seed {settings.seed}"
        + (f" --synthetic {settings.synthetic}" if settings.synthetic else "")
        + (
            f" --{'keep' if len(figures['by group left out']) > 1 else 'only'} {settings.left_out}"
            if settings.left_out
            else ""
        ),
        **versions(),
        "figures": figures,
    }


if __name__ == "__main__":
    run_command(main)
