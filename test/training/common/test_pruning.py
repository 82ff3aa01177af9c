"""Channels are chosen by what they are worth, and what remains computes what the masked network did."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
import torch
from torch import nn

from opendr_perception.engine.export import export
from opendr_perception.networks.action.co_st_gcn import CoStGcn
from opendr_perception.networks.action.tcn import ActionTcn
from opendr_perception.training.common import pruning
from opendr_perception.training.common.adapters import SPLoPA, SPLoRA, adapt, fuse, learned_parameters, places
from opendr_perception.training.common.pruning import CRITERIA, best, narrow, score, scores_of, weights_of

NETWORKS = [lambda: ActionTcn(4, 12, (1, 2, 4)), lambda: CoStGcn("coco17", 4, persons=1, width=8, frames=90)]

SHORT = [
    lambda: ActionTcn(4, 12, (1, 2, 4)),
    lambda: CoStGcn("coco17", 4, persons=1, width=8, frames=90, stages=(1, 1, 2)),
]
"""An export takes a second for each block."""


@pytest.fixture(params=NETWORKS, ids=["tcn", "st-gcn"])
def network(request: pytest.FixtureRequest) -> nn.Module:
    return lively(request.param)


def lively(make: Callable[[], nn.Module]) -> nn.Module:
    """A network whose norms are not neutral."""
    torch.manual_seed(0)
    made = make()
    for layer in made.modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            layer.running_mean.normal_(0, 0.1)
            layer.running_var.uniform_(0.5, 1.5)
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.normal_(layer.bias, 0, 0.1)
    return made.eval()


def clip_of(network: nn.Module, frames: int = 90) -> torch.Tensor:
    shape = network.frame_shape
    return torch.rand(2, shape[0], frames, *shape[1:])  # type: ignore[index, misc]


def kept_of(network: nn.Module, density: float) -> dict[str, torch.Tensor]:
    groups = network.channel_groups()  # type: ignore[operator]
    return best(scores_of(groups, weights_of(network), "weight"), density, "group")


@pytest.mark.parametrize("adapted", [False, True])
def test_a_narrow_network_computes_what_is_left_of_the_masked_one(network: nn.Module, adapted: bool) -> None:
    head = "layers.fc" if isinstance(network, ActionTcn) else "fc"
    adapt(network, lambda weight: SPLoRA(weight, 3), head=head)
    for place in places(network):
        if place.adapter is not None:
            nn.init.normal_(place.adapter.up, 0, 0.1)  # type: ignore[union-attr, arg-type]
    if not adapted:
        network = fuse(network)
    kept, clip = kept_of(network, 0.5), clip_of(network)
    small = narrow(network, kept)  # type: ignore[type-var]
    groups = network.channel_groups()  # type: ignore[operator]
    if adapted:
        pruning.mask(network, groups, kept)
    else:
        with torch.no_grad():
            for group in groups:
                gone = sorted({*range(group.size)} - {*kept[group.name].tolist()})
                for name, axis in group.inputs:
                    network.get_parameter(name).index_fill_(axis, torch.tensor(gone), 0.0)
    # The head is no adapted layer: it takes what is pruned unless its weights there are zero.
    with torch.no_grad():
        weight = network.get_submodule(head).weight
        weight[:, sorted({*range(weight.shape[1])} - {*kept[groups[-1].name].tolist()})] = 0.0
    torch.testing.assert_close(small(clip), network(clip), atol=1e-5, rtol=1e-5)
    if adapted:
        assert learned_parameters(small) < learned_parameters(network)
        assert {n for n, p in small.named_parameters() if p.requires_grad} == {
            n for n, p in network.named_parameters() if p.requires_grad
        }


@pytest.mark.parametrize("make", SHORT, ids=["tcn", "st-gcn"])
def test_what_is_pruned_is_really_smaller_after_export(make: Callable[[], nn.Module], tmp_path: Path) -> None:
    network = lively(make)
    small = narrow(network, kept_of(network, 0.3))  # type: ignore[type-var]
    before, after = (sum(p.numel() for p in each.parameters()) for each in (network, small))
    assert after < 0.3 * before
    export(small, tmp_path / "small.onnx")  # type: ignore[arg-type]
    weights = onnx.load(tmp_path / "small.onnx").graph.initializer
    assert sum(math.prod(weight.dims) for weight in weights if weight.data_type == onnx.TensorProto.FLOAT) < 1.3 * after


@pytest.mark.parametrize("criterion", CRITERIA)
def test_a_channel_that_does_nothing_is_pruned_first(criterion: pruning.Criterion) -> None:
    torch.manual_seed(0)
    network = ActionTcn(4, 12).eval()
    with torch.no_grad():
        for number in range(1, 8):
            network.get_parameter(f"layers.block{number}.body.conv.weight")[5] = 0.0
            network.get_parameter(f"layers.block{number}.body.norm.weight")[5] = 0.0
            network.get_parameter(f"layers.block{number}.body.conv.weight")[:, 5] = 0.0
        network.get_parameter("layers.stem.weight")[5] = 0.0
        network.get_parameter("layers.stem_norm.weight")[5] = 0.0
        network.get_parameter("layers.fc.weight")[:, 5] = 0.0
    clip = torch.rand(2, 5, 20, 17, 1)
    weights = weights_of(network, [lambda: network(clip).square().mean()] * 2)
    kept = best(scores_of(network.channel_groups(), weights, criterion), 11 / 12)
    assert kept["trunk"].tolist() == [k for k in range(12) if k != 5]


def test_scores_are_those_of_the_fused_weight() -> None:
    torch.manual_seed(0)
    network = adapt(ActionTcn(4, 12).eval(), lambda weight: SPLoRA(weight, 2), head="layers.fc")
    for place in places(network):
        if place.adapter is not None:
            nn.init.normal_(place.adapter.up)  # type: ignore[union-attr, arg-type]
    clip = torch.rand(1, 5, 12, 17, 1)
    before = {n: p.requires_grad for n, p in network.named_parameters()}
    adapted = weights_of(network, [lambda: network(clip).square().mean()])
    assert {n: p.requires_grad for n, p in network.named_parameters()} == before
    fused = weights_of(fuse(network), [lambda: network(clip).square().mean()])
    for name, (weight, gradient) in adapted.items():
        torch.testing.assert_close(weight, fused[name][0])
        torch.testing.assert_close(gradient, fused[name][1])


def test_criteria_are_what_they_say() -> None:
    weight, gradient = torch.tensor([[3.0, 4.0], [0.0, 1.0]]), torch.tensor([[1.0, -1.0], [2.0, 4.0]])
    lengths = torch.tensor([5.0, 1.0])
    torch.testing.assert_close(score(weight, gradient, "weight"), lengths / lengths.norm())
    sizes = torch.tensor([1.0, 3.0])
    torch.testing.assert_close(score(weight, gradient, "gradient"), sizes / sizes.norm())
    changes = torch.tensor([1.0, 4.0])
    torch.testing.assert_close(score(weight, gradient, "taylor"), changes / changes.norm())


def test_groups_compete_or_do_not() -> None:
    scores = {"a": torch.tensor([0.9, 0.8, 0.7, 0.6]), "b": torch.tensor([0.1, 0.5, 0.2, 0.3])}
    assert {name: kept.tolist() for name, kept in best(scores, 0.75).items()} == {"a": [0, 1, 2, 3], "b": [1, 3]}
    assert {name: kept.tolist() for name, kept in best(scores, 0.5, "group").items()} == {"a": [0, 1], "b": [1, 3]}
    for wrong in (0.0, 1.1, float("nan")):
        with pytest.raises(ValueError, match="density"):
            best(scores, wrong)


def test_blocks_are_pruned_layer_by_layer() -> None:
    torch.manual_seed(0)
    layer = nn.Linear(8, 8, bias=False)
    with torch.no_grad():
        layer.weight[:4, :4] = 0.01
    adapt(layer, lambda weight: SPLoPA(weight, (4, 4), prototypes=3))
    pruning.keep_blocks(layer, weights_of(layer), 0.75)
    assert layer.parametrizations["weight"][0].kept.tolist() == [[0.0, 1.0], [1.0, 1.0]]
    assert learned_parameters(layer) == 3 * 3 + 3 * (4 + 4)
    assert layer(torch.eye(8))[:4, :4].abs().sum() == 0
    with pytest.raises(TypeError, match="cannot be removed"):
        narrow(adapt(ActionTcn(4, 12), lambda w: SPLoPA(w, (1, 1), 2), head="layers.fc"), {"trunk": torch.arange(6)})


def test_gradual_pruning_begins_fast_and_ends_slowly() -> None:
    densities = [pruning.cubic(step, 10, 100, 0.2) for step in (0, 10, 60, 110, 500)]
    assert densities == pytest.approx([1.0, 1.0, 0.2 + 0.8 / 8, 0.2, 0.2])


def test_stages_of_equal_width_are_refused() -> None:
    with pytest.raises(ValueError, match="different widths"):
        CoStGcn("coco17", 4, width=8).narrowed({"stage1": 8, "stage2": 8, "stage3": 9})
