"""Teach a trained network labels that it does not know, from few examples, beside frozen weights.

What is labelled is learned; for the labels of its source the network goes on to say what its source says, of whatever
it is shown [Li 2016, Learning without forgetting].
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from opendr_perception.evaluate.report import DatasetError
from opendr_perception.training.common.adapters import LoRA, SPLoRA, adapt

AdapterName = Literal["head", "splora", "lora", "none"]
UNTAUGHT = -1
"""Label of what has none: all that is learned of it is what the source says."""
REMEMBERED = 2.0
"""Weight of what was known, over that of what is new."""


@dataclass(frozen=True)
class AdapterPlan:
    """Settings of a teaching.

    Attributes:
        adapter: 'head': new labels get a layer of their own, and nothing that is known changes; 'splora', 'lora', or
            'none': all weights are trained.
        rank: Of adapters.
        steps, batch, rate: Of the training.
        seed: Of all that is random.
    """

    adapter: AdapterName = "head"
    rank: int = 8
    steps: int = 200
    batch: int = 16
    rate: float = 3e-3
    seed: int = 0

    def __post_init__(self) -> None:
        if self.adapter not in get_args(AdapterName):
            raise ValueError(f"there is no adapter '{self.adapter}': {', '.join(get_args(AdapterName))}")
        if min(self.rank, self.steps, self.batch) < 1:
            raise ValueError("a rank, a step and an example are the least that can be learned with")


class Student:
    """A network that learns labels by a plan.

    Args:
        network: With a head that is grown already, see `grow`; it is changed in place.
        head: Name of that layer.
        plan: How to learn.

    Raises:
        ValueError: By the plan, the network does not change.
    """

    def __init__(self, network: nn.Module, head: str, plan: AdapterPlan) -> None:
        if plan.adapter == "head":
            raise ValueError(
                "a head of its own is learned over features, see `gating`, not by steps through the network"
            )
        self.network, self.plan = network, plan
        if plan.adapter != "none":
            kind = SPLoRA if plan.adapter == "splora" else LoRA
            adapt(network, lambda weight: kind(weight, plan.rank, "all"), head)
        network.train()
        for layer in network.modules():  # few examples say less about means and variances than what the source has seen
            if isinstance(layer, _BatchNorm):
                layer.eval()
        learned = [parameter for parameter in network.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.AdamW(learned, plan.rate, weight_decay=0.01)

    def descend(self, step: int, logits: Tensor, labels: Tensor, said: Tensor) -> float:
        """Take a step; returns the loss.

        Args:
            step: Its number, from 0.
            logits: (n, labels) of the student.
            labels: (n,), UNTAUGHT where there is none.
            said: (n, labels of the source) logits of the source.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = self.plan.rate * share_of_rate(step / self.plan.steps)
        loss = lesson_loss(logits, labels, said)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_([p for p in self.network.parameters() if p.requires_grad], 5.0)
        self.optimizer.step()
        return loss.item()


def lesson_loss(logits: Tensor, labels: Tensor, said: Tensor) -> Tensor:
    """Cross entropy of what is labelled, and of what the source says.

    Of what has no label the new labels shall not be said either; of what has one, only how the labels of the source
    compare with each other is kept.
    """
    answers, target = logits.log_softmax(1), said.softmax(1)
    named = labels != UNTAUGHT
    loss = logits.new_zeros(())
    if named.any():
        loss = loss - answers[named].gather(1, labels[named, None]).mean()
        new = named & (labels >= said.shape[1])
        if new.any():
            among = logits[new, : said.shape[1]].log_softmax(1)
            loss = loss - 0.25 * REMEMBERED * (target[new] * among).sum(1).mean()
    if (~named).any():
        loss = loss - REMEMBERED * (target[~named] * answers[~named, : said.shape[1]]).sum(1).mean()
    return loss


def grown(head: nn.Linear, count: int, like: int) -> nn.Linear:
    """A layer with the rows of another one and so many more, each of which begins like one of them."""
    rows = head.weight.detach()
    added = rows[like] + 0.01 * torch.randn(count, rows.shape[1])
    larger = nn.Linear(rows.shape[1], len(rows) + count)
    with torch.no_grad():
        larger.weight.copy_(torch.cat([rows, added]))
        larger.bias.copy_(torch.cat([head.bias, head.bias[like].expand(count)]))
    return larger


def taught_labels(labels: Iterable[str]) -> tuple[str, ...]:
    """Labels of examples, in their order, without '' of those that have none.

    Raises:
        DatasetError: Nothing is labelled.
    """
    taught = tuple(dict.fromkeys(label for label in labels if label))
    if not taught:
        raise DatasetError("nothing is labelled: there is nothing to learn")
    return taught


def new_labels(known: Sequence[str], labels: Sequence[str]) -> tuple[str, ...]:
    """Those of all labels, see `all_labels`, that a gate over a network can learn.

    Raises:
        DatasetError: There are none.
    """
    new = tuple(labels[len(known) :])
    if not new:
        raise DatasetError("all labels are known: to make them better, take another adapter, as 'splora'")
    return new


def all_labels(known: Sequence[str], taught: Sequence[str]) -> tuple[str, ...]:
    """Labels of the source, then the new ones."""
    return (*known, *(name for name in dict.fromkeys(taught) if name not in known))


def use_threads(count: int) -> None:
    """Let torch use so many cores."""
    torch.set_num_threads(count)


def check_output(path: Path) -> None:
    """Check that a model can be written there.

    Raises:
        DatasetError: It is not named as a model.
    """
    if path.suffix != ".onnx":
        raise DatasetError(f"{path}: what is written is an .onnx file")


def share_of_rate(done: float) -> float:
    """Warm up over a tenth of the steps, then follow a cosine to nearly zero."""
    return min(1.0, done / 0.1 + 0.05) * (0.5 + 0.5 * math.cos(math.pi * done) + 0.01)
