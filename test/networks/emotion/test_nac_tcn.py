"""NAC-TCN streams as it answers for clips, at the published sizes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from opendr_perception.networks.checkpoints import load_checkpoint
from opendr_perception.networks.emotion.nac_tcn import CONFIGS, NacTcn
from opendr_perception.streaming import State, parameter_count, step_macs

SIZES = [((16, 16, 24), 5, 2), ((8, 8, 8), 3, 4), ((8, 8, 8, 8), 7, 2)]
FACTOR = {"A": 2.0, "M": 2.0, "B": 2.5}


def _network(channels, kernel, base, variant="A", dtype=torch.float64) -> NacTcn:
    network = NacTcn(6, channels, kernel, base, variant=variant)
    for name, parameter in network.named_parameters():
        if "conv" in name or "downsample" in name or name.endswith("bias"):
            nn.init.normal_(parameter, 0, 0.3)
    return network.to(dtype).eval()


@pytest.mark.parametrize("variant", "AMB")
@pytest.mark.parametrize(("channels", "kernel", "base"), SIZES)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
def test_step_equals_clip_from_the_first_frame(channels, kernel, base, variant, dtype, tolerance) -> None:
    network = _network(channels, kernel, base, variant, dtype)
    assert network.delay == 0
    assert network.receptive_field == 1 + FACTOR[variant] * sum((kernel - 1) * base**i for i in range(len(channels)))
    clip = torch.randn(2, 6, network.receptive_field + 20, dtype=dtype)
    outputs, state = network.steps(clip, network.initial_state(2))
    assert (outputs - network(clip)).abs().max() <= tolerance
    assert network.warm(state).all()
    window = clip[:, :, -network.receptive_field :]
    if variant != "B":  # only then do all frames of the window count as seen
        assert (outputs[:, :, -1] - network(window)[:, :, -1]).abs().max() <= tolerance


@pytest.mark.parametrize("variant", "AMB")
def test_staggered_streams_batch(variant) -> None:
    network = _network(*SIZES[0], variant)
    clip = torch.randn(2, 6, 80, dtype=torch.float64)
    alone = [network.steps(clip[i : i + 1], network.initial_state(1))[0] for i in (0, 1)]
    _, early = network.steps(clip[:1, :, :11], network.initial_state(1))
    batch = State.cat([early, network.initial_state(1)])
    together, _ = network.steps(torch.stack((clip[0, :, 11:], clip[1, :, :69])), batch)
    assert (together[0] - alone[0][0, :, 11:]).abs().max() <= 1e-12
    assert (together[1] - alone[1][0, :, :69]).abs().max() <= 1e-12


@pytest.mark.parametrize("variant", "AMB")
def test_nothing_depends_on_the_future(variant) -> None:
    network = _network(*SIZES[0], variant)
    clip = torch.randn(1, 6, 60, dtype=torch.float64, requires_grad=True)
    network(clip)[0, :, 30].sum().backward()
    assert clip.grad[0, :, 31:].abs().sum() == 0 and clip.grad[0, :, 30].abs().sum() > 0


@pytest.mark.parametrize(
    ("name", "parameters", "macs"),
    [
        ("affwild2-sm", 1_241_090, 1.246e6),
        ("affwild2-lg", 10_126_950, 10.14e6),
        ("emoreact-sm", 1_497_523, 1.502e6),
        ("emoreact-lg", 7_801_679, 7.812e6),
        ("afew-sm", 204_447, 0.206e6),
        ("afew-lg", 988_842, 0.993e6),
    ],
)
def test_published_sizes(name, parameters, macs) -> None:
    """Without the head, as they are published."""
    network = CONFIGS[name].build().eval().fold_weight_norm()
    head = parameter_count(network.head)
    weight_norms = sum(block.out_channels for block in network.network)
    assert parameter_count(network) - head + weight_norms == parameters
    assert step_macs(network) - network.head.weight.numel() == pytest.approx(macs, rel=2e-3)
    assert parameter_count(CONFIGS[name].build()) - head == parameters


def test_state_is_that_of_the_receptive_field() -> None:
    state = CONFIGS["afew-sm"].build().initial_state(1)
    frames = [10, 20, 40]
    expected = sum(past * (before + 2 * 32) for past, before in zip(frames, (440, 32, 32), strict=True))
    assert sum(tensor.numel() for tensor in state) == 1 + expected


def test_folding_changes_nothing() -> None:
    network = _network(*SIZES[0])
    clip = torch.randn(1, 6, 30, dtype=torch.float64)
    before = network(clip)
    assert torch.allclose(network.fold_weight_norm()(clip), before, rtol=0, atol=1e-12)


def test_a_network_outlives_its_form_for_inference() -> None:
    network = _network(*SIZES[0]).train()
    network.for_inference()
    network(torch.randn(1, 6, 30, dtype=torch.float64)).sum().backward()
    gradients = [parameter.grad for name, parameter in network.named_parameters() if "original" in name]
    assert gradients and all(gradient is not None for gradient in gradients)
    assert "network.0.conv.parametrizations.weight.original0" in network.state_dict()


def test_published_names_load() -> None:
    """The published blocks hold each layer twice, and call it by its place."""
    network = _network(*SIZES[0])
    names = {"original0": "weight_g", "original1": "weight_v"}
    published = {"backbone.stem.weight": torch.zeros(1)}
    for name, tensor in network.state_dict().items():
        for ours, theirs in names.items():
            name = name.replace(f"conv.parametrizations.weight.{ours}", f"conv1.{theirs}")
        name = name.replace(".conv.bias", ".conv1.bias").replace("attention.", "conv2.")
        published[f"fc_gru.1.{name[5:]}" if name.startswith("head.") else f"tcn.0.{name}"] = tensor
    published["tcn.0.network.0.net_1.0.bias"] = published["tcn.0.network.0.conv1.bias"]
    other = NacTcn(6, *SIZES[0]).double().eval()
    load_checkpoint(other, published)
    clip = torch.randn(1, 6, 30, dtype=torch.float64)
    assert torch.equal(other(clip), network(clip))


def test_clips_train() -> None:
    network = NacTcn(6, (8, 12), 3, always_project=True)
    network(torch.randn(2, 6, 20)).square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())
    assert network(torch.randn(2, 6, 20)).abs().max() <= 1
