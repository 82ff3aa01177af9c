"""Train a network of facial expressions.

`python -m opendr_perception.training.emotion.expression.train --data DIR --layout NAME`

For people with data: AffectNet (`train_set`, `val_set`), FER+ (`FER2013Train`, `FER2013Test`), RAF-DB (`EmoLabel`,
`Image`) and FER2013, as their authors deliver them; FER2013 is kept and varied in the memory of the device. The last
weights count; none are chosen by their score in the evaluation. All is drawn from the seed, batch by batch, so that a
run that was interrupted goes on with `--resume` as if nothing had happened.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import accumulate
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from rich.console import Console
from torch import Tensor

from opendr_perception.networks.checkpoints import load_checkpoint
from opendr_perception.networks.emotion.esr import read_opendr_folder
from opendr_perception.training.common.checkpoint import read_checkpoint, write_checkpoint
from opendr_perception.training.common.command import Resume, Seed, run_command
from opendr_perception.training.common.weights import read, save, versions
from opendr_perception.training.emotion.expression.data import LAYOUT_NAMES, FaceSet, balanced, read_faces
from opendr_perception.training.emotion.expression.loading import loader
from opendr_perception.training.emotion.expression.recipes import MOMENTUM, Recipe, TrainingStage, recipe

SHOWN = 50
"""Steps between two lines of progress, and two checkpoints."""


@dataclass(frozen=True)
class Settings:
    """Settings that decide the outcome of a training."""

    network: str = "esr9"
    layout: str = "affectnet"
    width: int = 64  # channels of the first layer
    size: int | None = None  # of the images; None: that of the network
    epochs: int = 50  # of the first branch, or of all
    branch_epochs: int = 20  # of each further branch
    affect_epochs: int = 0  # of valence and arousal, when all else is learned
    batch: int = 32
    rate: float | None = None  # None: that of the network
    per_label: int = 5000  # most images of a label in a stage
    diversity: float = 1.0  # weight of the reward for branches that differ
    seed: int = 1


@dataclass(frozen=True)
class TrainingProgress:
    """After a step: its number, of how many, the branches that learn, and the loss, still on the device."""

    step: int
    steps: int
    branches: int
    loss: Tensor


class Trainer:
    """A training and its checkpoints.

    Args:
        settings: What to do.
        faces: What to learn from.
        checkpoint: File of the checkpoint.
        device: Where to compute, for torch.
        workers: Processes that read images; 0 reads them in this one.

    Raises:
        ValueError: The settings or the faces are not enough for a training.
    """

    def __init__(
        self, settings: Settings, faces: FaceSet, checkpoint: Path, device: str = "cpu", workers: int = 0
    ) -> None:
        if min(settings.epochs, settings.branch_epochs) < 1 or settings.batch < 2 or settings.per_label < 1:
            raise ValueError("a training needs an epoch for each branch, a batch of 2 and an image of each label")
        if settings.affect_epochs and not faces.has_affect:
            raise ValueError(f"'{settings.layout}' has no valence and arousal for all images")
        torch.manual_seed(settings.seed)
        epochs = (settings.epochs, settings.branch_epochs, settings.affect_epochs)
        classes = len(faces.labels)
        self.recipe: Recipe = recipe(
            settings.network, classes, settings.width, settings.rate, epochs, settings.diversity, settings.size
        )
        self.settings, self.faces, self.checkpoint = settings, faces, checkpoint
        self.device = torch.device(device)
        self.recipe.network.to(self.device)
        for parameter in self.recipe.network.parameters():  # in this order convolutions are fastest
            if parameter.ndim == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
        self.loaders = [
            loader(part, self.recipe.size, self.device, workers) for part in (faces.train, faces.evaluation)
        ]
        self.step = 0
        self.optimizer = self._optimizer(self.recipe.stages[0])
        self._restored: dict[str, Any] | None = None
        self._chosen = [self._choose(number) for number in range(len(self.recipe.stages))]
        if min(map(len, self._chosen)) < settings.batch:
            raise ValueError(f"a batch of {settings.batch} is more than the images that there are")

    @property
    def ends(self) -> list[int]:
        """Step at which each stage is over."""
        stages = zip(self.recipe.stages, self._chosen, strict=True)
        return list(accumulate(stage.epochs * (len(chosen) // self.settings.batch) for stage, chosen in stages))

    @property
    def steps(self) -> int:
        """Of the whole training."""
        return self.ends[-1]

    def run(self) -> Iterator[TrainingProgress]:
        """Train to the end, step by step."""
        begin = 0
        for number, (stage, end) in enumerate(zip(self.recipe.stages, self.ends, strict=True)):
            per_epoch = len(self._chosen[number]) // self.settings.batch
            if self.step < end:
                self.optimizer = self._optimizer(stage)
                if self._restored is not None and self.step > begin:
                    self.optimizer.load_state_dict(self._restored)
                self._restored = None
                for epoch in range((self.step - begin) // per_epoch, stage.epochs):
                    yield from self._epoch(number, stage, epoch, (self.step - begin) % per_epoch)
            begin = end

    def _epoch(self, number: int, stage: TrainingStage, epoch: int, done: int) -> Iterator[TrainingProgress]:
        """One epoch of a stage, but for the batches that are done."""
        every, factor = self.recipe.decay
        for group in self.optimizer.param_groups:
            group["lr"] = group["initial_lr"] * factor ** (epoch // every)
        rng = np.random.default_rng((self.settings.seed, number, epoch))
        order, size = rng.permutation(self._chosen[number]), self.settings.batch
        batches = [order[start : start + size] for start in range(0, len(order) - size + 1, size)]
        self.recipe.network.train(not stage.affect)
        for batch in self.loaders[0].batches(batches[done:], (self.settings.seed, number, epoch)):
            with self._computing():
                loss = self.recipe.loss(stage, batch)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            self.step += 1
            yield TrainingProgress(self.step, self.steps, stage.branches, loss.detach())

    def _computing(self) -> torch.autocast:
        """In half precision on a GPU."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda")

    def _choose(self, number: int) -> np.ndarray:
        """Images of a stage: each branch learns from others, as far as there are more than enough."""
        return balanced(self.faces.train, self.settings.per_label, np.random.default_rng((self.settings.seed, number)))

    def _optimizer(self, stage: TrainingStage) -> torch.optim.SGD:
        groups = [{**group, "params": list(group["params"])} for group in self.recipe.groups(stage)]
        learning = {parameter for group in groups for parameter in group["params"]}
        for parameter in self.recipe.network.parameters():
            parameter.requires_grad_(parameter in learning)
        optimizer = torch.optim.SGD(groups, momentum=MOMENTUM)
        for group in optimizer.param_groups:
            group["initial_lr"] = group["lr"]
        return optimizer

    @torch.no_grad()
    def evaluate(self) -> dict[str, float]:
        """Measure on the evaluation part.

        Returns:
            Accuracy of the mean of all branches, of their vote and of a single one, and how often two of them disagree.
        """
        self.recipe.network.eval()
        count, found = len(self.faces.evaluation), np.zeros(4)
        batches = np.array_split(np.arange(count), -(-count // self.settings.batch))
        for batch in self.loaders[1].batches(batches, None):
            with self._computing():
                logits, labels = self.recipe.answers(batch.images).float().cpu(), batch.labels.cpu()
            each = logits.argmax(2)
            votes = torch.nn.functional.one_hot(each, logits.shape[2]).sum(0)
            mean = logits.softmax(2).mean(0).argmax(1)
            pairs = torch.combinations(torch.arange(len(each)))
            found += [
                float((mean == labels).sum()),
                float((votes.argmax(1) == labels).sum()),
                float((each == labels).float().mean(0).sum()),
                float((each[pairs[:, 0]] != each[pairs[:, 1]]).sum()) / max(len(pairs), 1),
            ]
        names = ("accuracy", "accuracy_of_the_vote", "accuracy_of_a_branch", "disagreement_of_branches")
        return dict(zip(names, (found / count).round(4).tolist(), strict=True))

    def save(self) -> None:
        """Write the checkpoint as a whole."""
        parts = self.recipe.network, self.optimizer
        write_checkpoint(self.checkpoint, asdict(self.settings), self.step, network=parts[0], optimizer=parts[1])

    def resume(self) -> None:
        """Go on from the checkpoint.

        Raises:
            ValueError: It belongs to another training.
        """
        state = read_checkpoint(self.checkpoint, asdict(self.settings))
        self.recipe.network.load_state_dict(state["network"])
        self._restored = state["optimizer"]
        self.step = state["step"]

    def start_from(self, weights: Path) -> None:
        """Begin with the weights of an .npz, or of a folder of OpenDR."""
        state = read_opendr_folder(weights) if weights.is_dir() else read(weights)[0]
        load_checkpoint(self.recipe.network, state)


def main(
    data: Annotated[Path, typer.Option(help="Folder of the data set.")],
    layout: Annotated[str, typer.Option(help=f"Of the data set: {', '.join(LAYOUT_NAMES)}.")],
    network: Annotated[str, typer.Option(help="esr9, esr15, esr9-cbam, esr15-cbam or ma-net.")] = Settings.network,
    width: Annotated[int, typer.Option(help="Channels of the first layer.")] = Settings.width,
    size: Annotated[int | None, typer.Option(help="Of the images; that of the network by default.")] = None,
    epochs: Annotated[int, typer.Option(help="Of the first branch, or of all.")] = Settings.epochs,
    branch_epochs: Annotated[int, typer.Option(help="Of each further branch.")] = Settings.branch_epochs,
    affect_epochs: Annotated[int, typer.Option(help="Of valence and arousal.")] = Settings.affect_epochs,
    batch: Annotated[int, typer.Option(help="Images per step.")] = Settings.batch,
    rate: Annotated[float | None, typer.Option(help="Of learning; that of the network by default.")] = None,
    per_label: Annotated[int, typer.Option(help="Most images of a label in a stage.")] = Settings.per_label,
    diversity: Annotated[float, typer.Option(help="Reward for branches that differ.")] = Settings.diversity,
    seed: Seed = Settings.seed,
    start: Annotated[Path | None, typer.Option(help="Weights to begin with: .npz, or a folder of OpenDR.")] = None,
    output: Annotated[Path, typer.Option(help="Directory of checkpoint, weights and model.")] = Path("build/faces"),
    resume: Resume = False,
    early_exit: Annotated[bool, typer.Option(help="Let the model stop when the label is certain.")] = False,
    device: Annotated[str, typer.Option(help="Of torch: cpu or cuda.")] = "cpu",
    workers: Annotated[int, typer.Option(help="Processes that read images.")] = 0,
) -> None:
    """Train, evaluate, and write `<network>.npz` with its card, and `<network>.onnx` for the emotion node."""
    settings = Settings(
        network, layout, width, size, epochs, branch_epochs, affect_epochs, batch, rate, per_label, diversity, seed
    )
    if early_exit and network == "ma-net":
        raise ValueError("ma-net is no ensemble, the branches of which could be left out")
    trainer = Trainer(settings, read_faces(data, layout), output / "checkpoint.pt", device, workers)
    if start is not None:
        trainer.start_from(start)
    if resume and trainer.checkpoint.exists():
        trainer.resume()
    _train(trainer, output / network, early_exit)


def _train(trainer: Trainer, output: Path, early_exit: bool) -> None:
    """Train to the end with lines of progress, and write the files `output` with their suffixes."""
    console, begun, losses = Console(), time.monotonic(), deque[torch.Tensor](maxlen=SHOWN)
    every, first = SHOWN if trainer.device.type == "cpu" else 10 * SHOWN, trainer.step
    if trainer.step:
        console.print(f"going on after step {trainer.step}")
    for at in trainer.run():
        losses.append(at.loss)
        if at.step % every == 0 or at.step == at.steps:
            spent = time.monotonic() - begun
            left = spent / (at.step - first) * (at.steps - at.step)
            loss = np.mean([float(loss) for loss in losses])
            console.print(
                f"step {at.step}/{at.steps}  branches {at.branches}  loss {loss:.3f}  "
                f"{spent / 60:.1f} min, {left / 60:.1f} to go"
            )
            trainer.save()
    figures = trainer.evaluate()
    console.print(", ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in figures.items()))
    save(trainer.recipe.network.cpu(), output.with_suffix(".npz"), _card(trainer, figures))
    trainer.recipe.export(output.with_suffix(".onnx"), trainer.faces.labels, early_exit)
    console.print(f"wrote {output}.npz, .yaml and .onnx")


def _card(trainer: Trainer, figures: dict[str, float]) -> dict[str, object]:
    return {
        "network": trainer.settings.network,
        "labels": list(trainer.faces.labels),
        "size": trainer.recipe.size,
        "images": "RGB, divided by 255",
        "parameters": sum(parameter.numel() for parameter in trainer.recipe.network.parameters()),
        "settings": asdict(trainer.settings),
        "images_for_training": len(trainer.faces.train),
        "images_for_evaluation": len(trainer.faces.evaluation),
        **versions(),
        "evaluation": figures,
    }


if __name__ == "__main__":
    run_command(main)
