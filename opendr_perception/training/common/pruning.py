"""Choice of the channels or blocks that are pruned, and the removal of channels for good.

Scores are those of the fused weights, so that the same criteria serve plain networks and networks with adapters
[Hedegaard 2023, Structured pruning adapters, sec. 3.3].
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, TypeVar, cast

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from opendr_perception.networks.channels import ChannelGroup, Narrowable, sliced
from opendr_perception.training.common.adapters import LoRA, SPLoPA, SPLoRA, places

Criterion = Literal["weight", "gradient", "taylor"]
CRITERIA: tuple[Criterion, ...] = ("weight", "gradient", "taylor")
Ranking = Literal["global", "group"]

Kept = Mapping[str, Tensor]
"""Indices of the channels that are kept, by group, in their order."""

LEAST = 2
"""Channels that any group keeps."""


Network = TypeVar("Network", bound=nn.Module)

Weights = Mapping[str, tuple[Tensor, Tensor]]
"""Weights of the task and their gradients, by name."""


def weights_of(network: nn.Module, losses: Iterable[Callable[[], Tensor]] = ()) -> Weights:
    """Return the weights of the task, and their mean gradients: zeros where there are no losses.

    Args:
        network: Plain, or with adapters; it is left as it was.
        losses: Each computes the loss of a batch.
    """
    with parametrize.cached():
        found = {place.full_name: place.weight for place in places(network)}
        frozen = [weight for weight in found.values() if not weight.requires_grad]
        for weight in frozen:
            weight.requires_grad_(True)
        gradients = {name: torch.zeros_like(weight) for name, weight in found.items()}
        values = [loss() for loss in losses]
        if values:
            mean = torch.stack(values).mean()
            parts = torch.autograd.grad(mean, list(found.values()), allow_unused=True)
            gradients |= {name: part for name, part in zip(found, parts, strict=True) if part is not None}
        for weight in frozen:
            weight.requires_grad_(False)
    return {name: (weight.detach(), gradients[name]) for name, weight in found.items()}


def score(weight: Tensor, gradient: Tensor, criterion: Criterion) -> Tensor:
    """Score the rows of a weight (out, ...): (out,), the larger the more important, of length 1.

    `weight`: Euclidean length; `gradient`: mean size of the gradient; `taylor`: |sum w g|, by which the loss would
    change to first order [Molchanov 2019].
    """
    if criterion == "weight":
        scores = weight.flatten(1).norm(dim=1)
    elif criterion == "gradient":
        scores = gradient.flatten(1).abs().mean(1)
    else:
        scores = (weight * gradient).flatten(1).sum(1).abs()
    return scores / scores.norm().clamp(min=1e-12)


def scores_of(groups: Sequence[ChannelGroup], weights: Weights, criterion: Criterion) -> dict[str, Tensor]:
    """Score the channels of each group: the mean score in the layers that make them."""
    return {
        group.name: torch.stack([score(*weights[name], criterion) for name in group.weights]).mean(0)
        for group in groups
    }


def best(scores: Mapping[str, Tensor], density: float, ranking: Ranking = "global") -> dict[str, Tensor]:
    """Choose the channels to keep.

    Args:
        scores: (channels,) by group.
        density: Share of the channels that is kept, in (0, 1].
        ranking: Compare channels of all groups, or keep the same share of each.

    Raises:
        ValueError: The density is no such share.
    """
    if not 0.0 < density <= 1.0:
        raise ValueError(f"a density lies in (0, 1], not {density}")
    together = torch.cat(list(scores.values()))
    bar = together.sort(descending=True).values[max(round(density * len(together)), 1) - 1]
    kept = {}
    for name, values in scores.items():
        count = int((values >= bar).sum()) if ranking == "global" else round(density * len(values))
        chosen = values.topk(min(max(count, LEAST), len(values))).indices
        kept[name] = chosen.sort().values
    return kept


def narrow(network: Network, kept: Kept) -> Network:
    """Remove channels for good; what remains computes what the masked network does.

    Args:
        network: A `Narrowable`, plain or with LoRA or SPLoRA; it is not changed.
        kept: Of each of its groups.

    Returns:
        A smaller network of the same kind, with the same adapters in smaller, in the same mode.

    Raises:
        TypeError: It has adapters whose channels cannot be removed.
    """
    narrowable = cast(Narrowable, network)
    groups = narrowable.channel_groups()
    new = narrowable.narrowed({group.name: len(kept[group.name]) for group in groups})
    state = sliced(_plain(network), groups, kept)
    new.load_state_dict(state)
    adapters = {place.full_name: place.adapter for place in places(network) if place.adapter is not None}
    if adapters:
        _carry(adapters, new, groups, kept)
        trained = {name: parameter.requires_grad for name, parameter in network.named_parameters()}
        for name, parameter in new.named_parameters():
            parameter.requires_grad_(trained[name])
    reference = next(network.parameters())
    new.to(reference).train(network.training)
    assert isinstance(new, type(network))
    return new


def mask(network: nn.Module, groups: Sequence[ChannelGroup], kept: Kept) -> None:
    """Let SPLoRA take channels as pruned, which stay where they are; norms and biases are not touched."""
    adapters = {place.full_name: place.adapter for place in places(network)}
    for group in groups:
        ones = torch.zeros(group.size).index_fill(0, kept[group.name].cpu(), 1.0)
        for names, axis in ((group.outputs, 0), (group.inputs, 1)):
            for adapter in (adapters.get(name) for name, _ in names):
                if isinstance(adapter, SPLoRA):
                    (adapter.rows if axis == 0 else adapter.columns).copy_(ones)


def keep_blocks(network: nn.Module, weights: Weights, density: float, criterion: Criterion = "weight") -> None:
    """Let each SPLoPA keep the best share of its blocks, judged layer by layer."""
    if not 0.0 < density <= 1.0:
        raise ValueError(f"a density lies in (0, 1], not {density}")
    for place in places(network):
        if isinstance(place.adapter, SPLoPA):
            weight, gradient = weights[place.full_name]
            block = place.adapter.block
            scores = score(_in_blocks(weight, block), _in_blocks(gradient, block), criterion)
            chosen = scores.topk(max(round(density * len(scores)), 1)).indices
            place.adapter.kept.copy_(torch.zeros_like(scores).index_fill(0, chosen, 1.0).view_as(place.adapter.kept))


def cubic(step: int, first: int, steps: int, last: float, begun: float = 1.0) -> float:
    """Return the density at a step of gradual pruning [Zhu 2017]: from `begun` at `first` to `last`, `steps` later."""
    left = 1.0 - min(max((step - first) / steps, 0.0), 1.0)
    return last + (begun - last) * left**3


def _plain(network: nn.Module) -> dict[str, Tensor]:
    """The state of the network without its adapters."""
    plain = {}
    for name, value in network.state_dict().items():
        path, inside, rest = name.partition(".parametrizations.")
        if not inside:
            plain[name] = value
        elif rest.endswith(".original"):
            plain[f"{path}.{rest.removesuffix('.original')}"] = value
    return plain


def _carry(adapters: Mapping[str, nn.Module], new: nn.Module, groups: Sequence[ChannelGroup], kept: Kept) -> None:
    """Give a new network what is left of adapters."""
    rows = {name: kept[group.name] for group in groups for name, _ in group.outputs}
    columns = {name: kept[group.name] for group in groups for name, _ in group.inputs}
    for place in list(places(new)):
        name, old = place.full_name, adapters.get(place.full_name)
        if old is None:
            continue
        if not isinstance(old, LoRA):
            raise TypeError(f"the channels of {type(old).__name__} cannot be removed, only its blocks can be masked")
        made = type(old)(place.weight.detach(), old.rank, old.tap)
        up = old.up[rows[name]] if name in rows else old.up
        down = old.down[:, columns[name]] if name in columns else old.down
        made.up, made.down = _copied(up), _copied(down)
        parametrize.register_parametrization(place.layer, place.name, made)


def _copied(values: Tensor) -> nn.Parameter:
    return nn.Parameter(values.detach().clone())


def _in_blocks(weight: Tensor, block: tuple[int, int]) -> Tensor:
    """A weight (out, in, ...) by blocks, row after row: (blocks, p q)."""
    matrix = weight.flatten(1)
    grid = matrix.reshape(matrix.shape[0] // block[0], block[0], matrix.shape[1] // block[1], block[1])
    return grid.transpose(1, 2).flatten(2).flatten(0, 1)
