"""Learn actions from a few recordings beside those that a network knows, and prune it in the same go.

What is labelled is learned; in everything else, the network shall go on to say what its source says: in pieces of the
recordings without labels, and in simulated people who do what the source knows [Li 2016, Learning without forgetting].
As that alone forgets, the source stays beside it to tell apart what it knows, unless it shall be pruned.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from opendr_perception.evaluate.action.recordings import UNJUDGED, ActionRecording
from opendr_perception.evaluate.report import DatasetError
from opendr_perception.networks.action.taught import ActionNetwork, TaughtTcn, members_of
from opendr_perception.networks.action.tcn import ActionTcn
from opendr_perception.training.action.pool import augment
from opendr_perception.training.action.teaching.examples import (
    AS_BEFORE,
    Arrays,
    LabelledSequences,
    Variation,
    replayed,
)
from opendr_perception.training.action.teaching.source import SourceModel
from opendr_perception.training.common.adapters import LoRA, SPLoRA, Tap, adapt, fuse, learned_parameters
from opendr_perception.training.common.pruning import Criterion, best, narrow, scores_of, weights_of

AdapterName = Literal["splora", "lora", "none"]
HEAD = "layers.fc"
STAGES = 4
"""In so many, channels are pruned."""
PRUNED_AT = (0.25, 0.65)
"""Shares of the steps between which channels are pruned."""
JUDGED = 4
"""Batches that channels are judged by, and what is taken for new."""
UNKNOWN = "unknown"
REMEMBERED = 4.0
"""Weight of what was known, over that of what is new."""


@dataclass(frozen=True)
class TeachingPlan:
    """Settings of a teaching.

    Attributes:
        adapter: 'splora', 'lora' (nothing is pruned), or 'none': all weights are trained.
        keep: Share of the channels that are kept.
        rank: Of adapters.
        tap: Of convolutions, that has the adapter.
        criterion: By which channels are pruned.
        steps, batch, rate: Of the training.
        seed: Of all that is random.
        mirror: Share of sequences in a mirror.
        taken: Share of the frames without a label that may be taken for something new, see `GatePlan` for sounds.
    """

    adapter: AdapterName = "splora"
    keep: float = 1.0
    rank: int = 8
    tap: Tap = "all"
    criterion: Criterion = "taylor"
    steps: int = 300
    batch: int = 16
    rate: float = 4e-3
    seed: int = 0
    mirror: float = 0.0
    taken: float = 0.1

    def __post_init__(self) -> None:
        if self.adapter not in get_args(AdapterName):
            raise ValueError(f"there is no adapter '{self.adapter}': {', '.join(get_args(AdapterName))}")
        if not 0.0 < self.keep <= 1.0:
            raise ValueError(f"keep is a share of the channels, in (0, 1], not {self.keep}")
        if self.adapter == "lora" and self.keep < 1.0:
            raise ValueError("lora prunes nothing: take splora to keep a share of the channels")


@dataclass(frozen=True)
class Lesson:
    """Network that has learned.

    Attributes:
        network: In evaluation mode; beside its source, unless that was pruned or has learned more of what it knew.
        labels: Of its scores: those of the source, then new ones.
        taught: Those that were learned.
        learned: Parameters that were learned; the others are the source's.
    """

    network: ActionNetwork
    labels: tuple[str, ...]
    taught: tuple[str, ...]
    learned: int


Tell = Callable[[int, float], None]


def learn(
    source: SourceModel,
    recordings: Sequence[ActionRecording],
    plan: TeachingPlan = TeachingPlan(),
    tell: Tell = lambda step, loss: None,
    replay: Arrays | None = None,
) -> Lesson:
    """Learn from recordings.

    Args:
        source: To begin with.
        recordings: Of actions, in the image; pieces with the action UNJUDGED show what has no label.
        plan: How.
        tell: Is told each step and its loss.
        replay: As of `replayed`, made by the seed if not given.

    Raises:
        DatasetError: Nothing is labelled.
    """
    taught = tuple(dict.fromkeys(one.action for one in recordings if one.action != UNJUDGED))
    if not taught:
        raise DatasetError("nothing is labelled: there is nothing to learn")
    labels = (*source.labels, *(name for name in taught if name not in source.labels))
    torch.manual_seed(plan.seed)
    student = _Student(source, labels, plan)
    examples = LabelledSequences(recordings, labels, Variation(mirror=plan.mirror))
    batches = _Batches(examples, replay if replay is not None else replayed(plan.seed), plan)
    stages = _stages(plan)
    for step in range(plan.steps):
        if density := stages.get(step):
            student.prune(density, [batches.draw() for _ in range(JUDGED)])
        tell(step, student.descend(step, *batches.draw()))
    learned = learned_parameters(student.network)
    fused = fuse(student.network)
    plain = ActionTcn(len(labels), fused.width)
    plain.load_state_dict(fused.state_dict())
    network: ActionNetwork = plain.eval()
    if plan.keep == 1.0 and not {*taught} & {*source.labels}:  # what is known shall not be learned better
        _raise_threshold(plain, len(source.labels), *batches.unlabelled(), plan.taken)
        network = TaughtTcn([*copy.deepcopy(members_of(source.network)), plain]).eval()
    return Lesson(network, labels, taught, learned)


@torch.no_grad()
def _raise_threshold(network: ActionTcn, known: int, frames: Tensor, labels: Tensor, taken: float) -> None:
    """Lower the scores of new labels until so few frames without a label are taken for one of them."""
    scores = network(frames)
    ahead = scores[:, known:].amax(1) - scores[:, :known].logsumexp(1)
    network.layers.get_parameter("fc.bias")[known:] -= torch.quantile(ahead[labels == AS_BEFORE], 1 - taken).clamp(
        min=0
    )


class _Student:
    """A network that learns from a teacher and from labels."""

    def __init__(self, source: SourceModel, labels: Sequence[str], plan: TeachingPlan) -> None:
        self.teacher, self.plan = source.network, plan
        self.network = _with_labels(source, labels)
        if plan.adapter != "none":
            kind = SPLoRA if plan.adapter == "splora" else LoRA
            adapt(self.network, lambda weight: kind(weight, plan.rank, plan.tap), HEAD)
        self.groups = {group.name: group.size for group in self.network.channel_groups()}
        self._begin()

    def descend(self, step: int, frames: Tensor, labels: Tensor) -> float:
        """Take a step; returns the loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.plan.rate * _share_of_rate(step / self.plan.steps)
        loss = self.loss(frames, labels)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_([p for p in self.network.parameters() if p.requires_grad], 5.0)
        self.optimizer.step()
        return loss.item()

    def loss(self, frames: Tensor, labels: Tensor) -> Tensor:
        """Cross entropy of the labels, and of the teacher's answers where it is right."""
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.network(frames)
        answers = logits.float().log_softmax(1).movedim(1, -1)
        loss = answers.new_zeros(())
        named, before = labels >= 0, labels == AS_BEFORE
        if named.any():
            loss = loss + F.nll_loss(answers[named], labels[named])
        if before.any():
            with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
                said = self.teacher(frames[before.any(1)]).float().softmax(1).movedim(1, -1)
            kept = answers[before.any(1)][before[before.any(1)]][:, : said.shape[-1]]
            loss = loss - REMEMBERED * (said[before[before.any(1)]] * kept).sum(1).mean()
        return loss

    def prune(self, density: float, batches: Sequence[tuple[Tensor, Tensor]]) -> None:
        """Keep a share of the channels of the source."""
        groups = self.network.channel_groups()
        scores = scores_of(
            groups, weights_of(self.network, [partial(self.loss, *batch) for batch in batches]), self.plan.criterion
        )
        left = density * sum(self.groups.values()) / sum(group.size for group in groups)
        self.network = narrow(self.network, best(scores, min(left, 1.0)))
        self._begin()

    def _begin(self) -> None:
        self.network.train()
        if self.plan.keep == 1.0:  # a few recordings say less about means and variances than what the source has seen
            for layer in self.network.modules():
                if isinstance(layer, nn.BatchNorm1d):
                    layer.eval()
        learned = [parameter for parameter in self.network.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.AdamW(learned, self.plan.rate, weight_decay=0.01)


class _Batches:
    """Draws batches, half of recordings and half of what is replayed."""

    def __init__(self, examples: LabelledSequences, replay: Arrays, plan: TeachingPlan) -> None:
        self.examples, self.replay, self.plan = examples, replay, plan
        self.rng = np.random.default_rng(plan.seed)

    def draw(self) -> tuple[Tensor, Tensor]:
        """Frames (batch, 5, T, 17, 1) and labels (batch, T)."""
        fresh = self.examples.batch(self.rng, self.plan.batch - self.plan.batch // 2)
        rows = self.rng.integers(len(self.replay[0]), size=self.plan.batch // 2)
        known = augment(self.rng, self.replay[0][rows], self.replay[1][rows])
        frames, labels = np.concatenate([fresh[0], known[0]]), np.concatenate([fresh[1], known[1]])
        return torch.from_numpy(frames)[..., None], torch.from_numpy(labels)

    def unlabelled(self) -> tuple[Tensor, Tensor]:
        """Draw sequences of recordings that have pieces without a label, or replayed ones where there are none."""
        frames, labels = self.examples.batch(self.rng, JUDGED * self.plan.batch)
        rows = (labels == AS_BEFORE).any(1)
        if not rows.any():
            frames, labels = self.replay
            rows = np.ones(len(labels), bool)
        return torch.from_numpy(frames[rows])[..., None], torch.from_numpy(labels[rows])


def _with_labels(source: SourceModel, labels: Sequence[str]) -> ActionTcn:
    """The source with more labels, each of which begins like what was unknown."""
    network = copy.deepcopy(members_of(source.network)[-1])
    head, grown = network.layers.get_submodule("fc"), ActionTcn(len(labels), network.width)
    state = network.state_dict()
    like = source.labels.index(UNKNOWN) if UNKNOWN in source.labels else 0
    for name, values in head.state_dict().items():
        added = [values[like] + 0.01 * torch.randn_like(values[like]) for _ in range(len(labels) - len(values))]
        state[f"{HEAD}.{name}"] = torch.stack([*values, *added])
    grown.load_state_dict(state)
    return grown


def _stages(plan: TeachingPlan) -> dict[int, float]:
    """Steps before which channels are pruned, and the shares that are kept from then on."""
    if plan.keep == 1.0:
        return {}
    shares = np.linspace(*PRUNED_AT, STAGES)
    return {round(share * plan.steps): plan.keep ** ((k + 1) / STAGES) for k, share in enumerate(shares.tolist())}


def _share_of_rate(done: float) -> float:
    """Warm up over a tenth of the steps, then follow a cosine to nearly zero."""
    return min(1.0, done / 0.1 + 0.05) * (0.5 + 0.5 * float(np.cos(np.pi * done)) + 0.01)
