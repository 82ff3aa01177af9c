"""Adapters compute the formulas of the paper, and learn as many parameters as it prints."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from opendr_perception.networks.action.co_st_gcn import CoStGcn
from opendr_perception.networks.action.tcn import ActionTcn
from opendr_perception.streaming import Conv1d, TransformerEncoder
from opendr_perception.training.common.adapters import LoRA, SPLoPA, SPLoRA, adapt, fuse, learned_parameters, places

EXACT = {"atol": 1e-12, "rtol": 0.0}


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def filled(adapter: nn.Module) -> nn.Module:
    """An adapter that has learned something."""
    for parameter in adapter.double().parameters():
        nn.init.normal_(parameter)
    return adapter


def random_mask(size: int) -> Tensor:
    return (torch.rand(size) > 0.5).double()


def test_a_masked_sum_is_the_sum_of_what_is_masked() -> None:
    """Equation 4, and the weight without the pruned channels."""
    source = torch.randn(24, 40).double()
    adapter = filled(SPLoRA(source, 5))
    assert isinstance(adapter, SPLoRA)
    adapter.rows, adapter.columns = random_mask(24), random_mask(40)
    found = adapter(source)
    masked = (source + adapter.up @ adapter.down) * torch.outer(adapter.rows, adapter.columns)
    torch.testing.assert_close(found, masked, **EXACT)
    rows, columns = adapter.rows.bool(), adapter.columns.bool()
    small = source[rows][:, columns] + adapter.up[rows] @ adapter.down[:, columns]
    torch.testing.assert_close(found[rows][:, columns], small, **EXACT)
    assert adapter.learned == 5 * int(rows.sum() + columns.sum())


@pytest.mark.parametrize("stride", [1, 2])
def test_the_centre_of_a_kernel_is_a_convolution_of_one_pixel_beside_it(stride: int) -> None:
    image, kernel = torch.randn(2, 8, 9, 11).double(), torch.randn(12, 8, 3, 3).double()
    adapter = filled(LoRA(kernel, 3))
    assert isinstance(adapter, LoRA)
    beside = (adapter.up @ adapter.down)[:, :, None, None]
    expected = F.conv2d(image, kernel, stride=stride, padding=1) + F.conv2d(image, beside, stride=stride)
    torch.testing.assert_close(F.conv2d(image, adapter(kernel), stride=stride, padding=1), expected, **EXACT)


def test_each_tap_can_have_the_adapter() -> None:
    kernel = torch.zeros(6, 4, 5, 1)
    places_of_taps = {"centre": [2], "newest": [4], "all": [0, 1, 2, 3, 4]}
    for tap, places_ in places_of_taps.items():
        adapter = filled(LoRA(kernel, 2, tap)).float()  # type: ignore[arg-type]
        used = adapter(kernel).abs().sum((0, 1, 3))
        assert used.nonzero().flatten().tolist() == places_


def test_a_kernel_without_a_centre_is_refused() -> None:
    with pytest.raises(ValueError, match="has no centre"):
        LoRA(torch.zeros(2, 2, 4), 1)
    with pytest.raises(ValueError, match="at least 1"):
        LoRA(torch.zeros(2, 2), 0)


def test_each_block_mixes_all_prototypes() -> None:
    """Equation 6, as a sum of Kronecker products and block by block."""
    source = torch.randn(32, 32).double()
    adapter = filled(SPLoPA(source, (4, 4), prototypes=6, rank=2))
    assert isinstance(adapter, SPLoPA)
    adapter.kept = (torch.rand(8, 8) > 0.5).double()
    shapes = adapter.left @ adapter.right
    products = [torch.kron(adapter.kept * adapter.mixing[k], shapes[k]) for k in range(6)]
    expected = source * torch.kron(adapter.kept, torch.ones(4, 4).double()) + sum(products)
    found = adapter(source)
    torch.testing.assert_close(found, expected, **EXACT)
    block = source[4:8, 20:24] + torch.einsum("i,ipq->pq", adapter.mixing[:, 1, 5], shapes)
    torch.testing.assert_close(found[4:8, 20:24], block * adapter.kept[1, 5], **EXACT)
    with pytest.raises(ValueError, match="do not divide"):
        SPLoPA(source, (5, 4))


def resnet50() -> nn.Module:
    """The layers of a ResNet-50 with ten classes, without their connections: only their sizes matter."""
    convs = [(3, 64, 3)]
    into = 64
    for width, count in ((64, 3), (128, 4), (256, 6), (512, 3)):
        for block in range(count):
            convs += [(into, width, 1), (width, width, 3), (width, 4 * width, 1)]
            convs += [(into, 4 * width, 1)] if block == 0 else []
            into = 4 * width
    with torch.device("meta"):
        layers = [nn.Conv2d(a, b, k, padding=k // 2, bias=False) for a, b, k in convs]
        norms = [nn.BatchNorm2d(b) for _, b, _ in convs]
        return nn.ModuleDict({"convs": nn.ModuleList(layers), "norms": nn.ModuleList(norms), "fc": nn.Linear(2048, 10)})


@pytest.mark.parametrize(("rank", "learned"), [(32, 1_644_522), (8, 466_338)])
def test_a_resnet50_learns_as_many_parameters_as_printed(rank: int, learned: int) -> None:
    network = resnet50()
    assert sum(p.numel() for p in network.parameters()) == 23_520_842
    adapt(network, lambda weight: LoRA(weight, rank), head="fc")
    assert learned_parameters(network) == learned


@pytest.mark.parametrize(
    ("prototypes", "rank", "kept", "printed"),
    [(128, 1, 0.60, 6.96), (128, 2, 0.295, 4.30), (128, 2, 0.107, 2.30), (64, 2, 0.303, 2.19)],
)
def test_a_bert_learns_as_many_parameters_as_printed(prototypes: int, rank: int, kept: float, printed: float) -> None:
    """72 linear layers, blocks of 32 x 32, without norms and head."""
    learned = 0
    for out, into, count in ((768, 768, 48), (3072, 768, 12), (768, 3072, 12)):
        with torch.device("meta"):
            adapter = SPLoPA(torch.empty(out, into), prototypes=prototypes, rank=rank)
        blocks = adapter.kept.numel()
        adapter.kept = torch.ones(blocks).index_fill(0, torch.arange(round(kept * blocks), blocks), 0.0)
        learned += count * adapter.learned
    assert learned / 1e6 == pytest.approx(printed, abs=0.02)


def test_what_is_adapted_begins_as_its_source_and_keeps_its_weights() -> None:
    network = ActionTcn(4, 12).eval()
    clip = torch.rand(2, 5, 20, 17, 1)
    before, source = network(clip), {k: v.clone() for k, v in network.state_dict().items()}
    adapt(network, lambda weight: SPLoRA(weight, 3), head="layers.fc")
    torch.testing.assert_close(network(clip), before, atol=1e-3, rtol=0)
    optimizer = torch.optim.SGD([p for p in network.parameters() if p.requires_grad], 0.1, weight_decay=0.1)
    network.train()(clip).square().mean().backward()
    optimizer.step()
    for place in places(network):
        if place.adapter is not None:
            original = place.layer.get_parameter(f"parametrizations.{place.name}.original")
            torch.testing.assert_close(original, source[place.full_name])
            assert place.adapter.up.grad.abs().sum() > 0  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "network",
    [
        ActionTcn(4, 12),
        CoStGcn("coco17", 4, persons=1, width=8, frames=90),
        TransformerEncoder(16, 2, 6, 32, 1),
        Conv1d(6, 6, 3, causal=True),
    ],
    ids=lambda network: type(network).__name__,
)
def test_streams_and_fused_networks_answer_like_the_adapted_one(network: nn.Module) -> None:
    adapt(network, lambda weight: filled(LoRA(weight, 2)).float()).eval()  # type: ignore[arg-type, return-value]
    shape = getattr(network, "frame_shape", None) or ((16,) if isinstance(network, TransformerEncoder) else (6,))
    chunk = torch.rand(1, shape[0], 12, *shape[1:])
    answers, _ = network.steps(chunk, network.initial_state(1, shape))  # type: ignore[operator]
    plain = fuse(network)
    assert not any("parametrizations" in name for name in plain.state_dict())
    again, _ = plain.steps(chunk, plain.initial_state(1, shape))  # type: ignore[operator]
    torch.testing.assert_close(answers, again)


def test_nothing_to_adapt_is_said() -> None:
    with pytest.raises(ValueError, match="nothing of ReLU"):
        adapt(nn.ReLU(), lambda weight: LoRA(weight, 1))
    with pytest.raises(ValueError, match="no layer fc"):
        adapt(nn.Linear(2, 2), lambda weight: LoRA(weight, 1), head="fc")
