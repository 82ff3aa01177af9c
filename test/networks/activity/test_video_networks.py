"""Video networks have the counts of the paper, stream as they see clips, and lose nothing in two dimensions."""

from __future__ import annotations

import math

import pytest
import torch

from opendr_perception.networks.action.online import OnlineDetector, head
from opendr_perception.networks.activity import trunk
from opendr_perception.networks.activity.head import HorizonPool
from opendr_perception.networks.activity.resnet import CoVideoResNet, Layout, VideoResNet
from opendr_perception.networks.activity.x3d import X3D, CoX3D, Size
from opendr_perception.networks.checkpoints import load_checkpoint
from opendr_perception.streaming import State, Streaming, parameter_count, step_macs

TINY = Size(4, 32, 0.3, 0.5, 16)
"""Two blocks at the most in a stage, and few channels, some of them no multiple of 8."""
SMALL_I3D = Layout(5, ((3,), (3, 1)), pooled=True, channels=8, depths=(1, 2))
SMALL_SLOW = Layout(1, ((1,), (3,)), pooled=False, channels=8, depths=(1, 1))


@pytest.fixture(scope="module")
def sizes() -> dict[str, CoX3D]:
    return {name: CoX3D(name).eval() for name in ("s", "m", "l")}


@pytest.mark.parametrize(
    ("name", "parameters", "field", "delay", "side", "state"),
    [
        # Without the improvement that shortcuts wait behind their convolutions the paper's items are 2,695,584,
        # 5,279,664 and 17,802,480: each first block of a stage would keep four times the pixels.
        ("s", 3_794_274, 69, 40, 160, 2_546_784),
        ("m", 3_794_274, 72, 43, 224, 4_988_016),
        ("l", 6_153_384, 130, 72, 312, 17_237_616),
    ],
)
def test_co_x3d_has_the_counts_of_the_paper(sizes, name, parameters, field, delay, side, state) -> None:
    network = sizes[name]
    assert parameter_count(network) == parameters
    assert (network.receptive_field, network.delay) == (field, delay)
    assert sum(math.prod(slot.shape) for slot in network.slots((3, side, side))) == state


def test_co_x3d_s_costs_what_a_frame_costs(sizes) -> None:
    small, larger = (step_macs(sizes["s"], (3, side, side)) for side in (32, 64))
    macs = small + (larger - small) / 3 * 24  # what grows with the pixels, of 160 x 160
    assert macs == pytest.approx(152.6e6, rel=1e-3)
    assert 1962.7e6 / macs == pytest.approx(12.86, abs=0.02)


def test_longer_horizons_grow_the_field_and_one_queue_serves_all(sizes) -> None:
    for window, field in ((13, 69), (16, 72), (32, 88), (64, 120), (96, 152)):
        pool = HorizonPool((window,))
        assert sizes["s"].receptive_field - 13 + pool.receptive_field == field
    several = CoX3D(TINY, 3, (13, 16, 32, 64, 96)).eval()
    assert several.output_shape((3, 32, 32)) == (3, 5)
    [ring] = [slot for slot in several.slots((3, 32, 32)) if "pool" in slot.name]
    assert ring.shape[-1] == 95


@pytest.mark.parametrize(("layout", "parameters", "stride"), [("slow", 32_454_096, 1), ("i3d", 28_043_472, 2)])
def test_networks_on_a_resnet_have_the_published_size(layout, parameters, stride) -> None:
    with torch.device("meta"):
        network = CoVideoResNet(layout)
    assert parameter_count(network) == parameters
    assert network.stride == stride


CONVERSIONS = [("keep_p", False), ("keep_p", True), ("no_p", False), ("causal", True)]


@pytest.mark.parametrize(("mode", "partial"), CONVERSIONS)
def test_steps_clip_and_planar_form_agree(randomise, mode, partial) -> None:
    network = randomise(CoX3D(TINY, 5, (2, 4), mode, partial=partial)).double()
    _agree(network, 32)


@pytest.mark.parametrize("every_frame", [False, True])
def test_co_i3d_streams_with_and_without_its_stride(randomise, every_frame) -> None:
    network = randomise(CoVideoResNet(SMALL_I3D, 3, (2,), every_frame=every_frame)).double()
    assert network.stride == (1 if every_frame else 2)
    _agree(network, 16, extra=4)


def test_our_own_network_looks_back_only_and_answers_at_once(randomise) -> None:
    network = randomise(CoVideoResNet("small", 3, (2, 4), "causal", partial=True)).double()
    assert network.horizons == (2, 4)
    assert (network.delay, network.receptive_field) == (0, 16)
    _agree(network, 16)


def test_i3d_without_its_stride_looks_as_far_back(randomise) -> None:
    strided = randomise(CoVideoResNet(SMALL_I3D, 3, (2,), mode="no_p")).double()
    dense = CoVideoResNet(SMALL_I3D, 3, (2,), mode="no_p", every_frame=True).double().eval()
    dense.load_state_dict(strided.state_dict())
    assert dense.receptive_field == strided.receptive_field
    clip = torch.randn(1, 3, strided.receptive_field, 16, 16, dtype=torch.float64)
    with torch.no_grad():
        assert torch.allclose(strided(clip), dense(clip), rtol=0, atol=1e-10)


def test_only_the_shortcut_behind_its_convolution_is_kept(sizes) -> None:
    kept = {slot.name: slot.shape for slot in sizes["m"].slots((3, 224, 224))}
    assert kept["blocks.2.res_blocks.0.branch1.inputs"] == (48, 1, 28, 28)


@pytest.mark.parametrize(("mode", "partial"), CONVERSIONS)
def test_a_replicated_start_is_a_film_of_one_image(randomise, mode, partial) -> None:
    network = randomise(CoX3D(TINY, 3, (2, 5), mode, partial=partial)).double()
    frame = torch.randn(2, 3, 32, 32, dtype=torch.float64)
    begun = network.replicated_state(frame)
    still = torch.stack([frame] * (network.receptive_field + 1), 2)
    settled, _ = network.steps(still, network.initial_state(2, (3, 32, 32)))
    output, after = network.step(frame, begun)
    assert network.valid(after).all()
    assert network.warm(after).all() == (network.padding == 0)
    assert torch.allclose(output, settled[:, :, -1], rtol=0, atol=1e-12)


def test_the_past_beyond_the_field_is_forgotten() -> None:
    torch.manual_seed(1)
    network = CoX3D(Size(4, 32, 0.1, 0.5, 8), 3, (4,)).eval().for_inference()
    frames = torch.randn(7, 3, 32, 32)
    state: State = network.initial_state(1, (3, 32, 32))
    seen = {}
    for turn in range(110):
        output, state = network.step(frames[turn % 7 : turn % 7 + 1], state)
        if turn > 60:
            assert torch.equal(output, seen.setdefault(turn % 7, output))
    assert state.nbytes == network.initial_state(1, (3, 32, 32)).nbytes


def test_a_clip_network_gives_what_its_blocks_give(randomise) -> None:
    clip = torch.randn(1, 3, 4, 32, 32)
    for network in (X3D(TINY, 3), VideoResNet(SMALL_SLOW, 3)):
        assert randomise(network)(clip).shape == (1, 3)


def test_a_trunk_and_what_follows_it_are_the_network(randomise) -> None:
    network = randomise(CoX3D(TINY, 3, (3, 2), "causal", partial=True)).double().eval()
    clip = torch.randn(1, 3, 6, 32, 32, dtype=torch.float64)
    lower, rest = trunk.VideoTrunk(network.blocks).eval(), trunk.AfterTrunk(network.blocks)
    with torch.no_grad():
        torch.testing.assert_close(rest(lower(clip)), network(clip)[..., 1])
    slow = randomise(CoVideoResNet(SMALL_SLOW, 3)).double()
    _agree(trunk.VideoTrunk(slow.blocks).eval(), 32)


def test_a_detector_over_a_trunk_steps_as_it_sees_a_clip(randomise) -> None:
    network = randomise(CoX3D(TINY, 3, (2,), "causal", partial=True)).double().eval()
    lower = trunk.VideoTrunk(network.blocks).eval()
    channels = lower.output_shape((3, 32, 32))[0]
    over = randomise(head("co-oadtr-b1-local", channels, 3, window=4)).double().eval()
    _agree(OnlineDetector(lower, over).eval(), 32)


def test_names_of_slowfast_load(randomise) -> None:
    network = randomise(CoX3D(TINY, 3))
    published = {}
    for name, tensor in network.state_dict().items():
        for ours, theirs in (
            ("blocks.0.conv.conv_t.", "s1.pathway0_stem.conv_xy."),
            ("blocks.0.conv.conv_xy.", "s1.pathway0_stem.conv."),
            ("blocks.0.norm.", "s1.pathway0_stem.bn."),
            ("norm_b.0.", "b_bn."),
            ("norm_b.1.block.0.", "se.fc1."),
            ("norm_b.1.block.2.", "se.fc2."),
            ("branch1_conv.", "branch1."),
            ("branch1_norm.", "branch1_bn."),
            ("norm_a.", "a_bn."),
            ("norm_c.", "c_bn."),
            ("blocks.5.pool.pre_conv.", "head.conv_5."),
            ("blocks.5.pool.pre_norm.", "head.conv_5_bn."),
            ("blocks.5.pool.post_conv.", "head.lin_5."),
            ("blocks.5.proj.", "head.projection."),
            *((f"blocks.{n}.res_blocks.", f"s{n + 1}.pathway0_res") for n in range(1, 5)),
            *((f"branch2.conv_{c}.", f"branch2.{c}.") for c in "abc"),
        ):
            name = name.replace(ours, theirs)
        published[name] = tensor
    other = CoX3D(TINY, 3)
    load_checkpoint(other, published)
    assert all(
        torch.equal(a, b) for a, b in zip(network.state_dict().values(), other.state_dict().values(), strict=True)
    )


def test_weights_of_another_network_are_refused() -> None:
    with pytest.raises(ValueError, match="the weights lack"):
        load_checkpoint(CoX3D(TINY, 3), CoVideoResNet(SMALL_SLOW, 3).state_dict())
    with pytest.raises(ValueError, match=r"has shape \(4, 16\), not \(3, 16\)"):
        load_checkpoint(CoX3D(TINY, 3), CoX3D(TINY, 4).state_dict())


@pytest.mark.parametrize("wrong", [(), (0,), (3, 3)])
def test_horizons_are_different_numbers_of_frames(wrong) -> None:
    with pytest.raises(ValueError, match="horizons"):
        HorizonPool(wrong)


def test_unknown_members_are_named() -> None:
    with pytest.raises(ValueError, match="there are s, m, l"):
        CoX3D("xl")
    with pytest.raises(ValueError, match="there are slow, i3d"):
        CoVideoResNet("r21d")
    with pytest.raises(ValueError, match="there are keep_p, no_p, causal"):
        CoX3D(TINY, 3, mode="same")  # type: ignore[arg-type]


def _agree(network: Streaming, side: int, extra: int = 6) -> None:
    """Steps give the first outputs of the network for clips, in both forms."""
    clip = torch.randn(2, 3, network.receptive_field + extra, side, side, dtype=torch.float64)
    with torch.no_grad():
        expected = network(clip)
    scale = float(expected.abs().max())
    assert scale > 0
    for form in (network, network.for_inference()):
        outputs, state = form.steps(clip, form.initial_state(2, (3, side, side)))
        outputs = outputs[:, :, form.valid(state, steps=clip.shape[2])[0]]
        assert outputs.shape[2] > 0
        assert (outputs - expected[:, :, : outputs.shape[2]]).abs().max() <= 1e-10 * scale


def test_what_is_filled_up_is_not_remembered(sizes) -> None:
    slots = sizes["m"].for_inference().slots((3, 224, 224))
    assert sum(4 * math.prod(slot.shape) for slot in slots) < 20e6  # a camera's state, bytes
    assert {slot.shape[0] for slot in slots} >= {54, 108}  # not 56 and 112
