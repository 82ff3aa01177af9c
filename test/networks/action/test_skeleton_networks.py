"""CoST-GCN, CoAGCN and CoS-TR stream as they answer for clips, at the published size and cost."""

from __future__ import annotations

import pytest
import torch

from opendr_perception.networks.action.co_a_gcn import AGcn, CoAGcn
from opendr_perception.networks.action.co_s_tr import CoSTr
from opendr_perception.networks.action.co_st_gcn import CoStGcn
from opendr_perception.networks.action.skeleton_network import SkeletonNetwork
from opendr_perception.networks.action.skeletons import SKELETONS
from opendr_perception.networks.checkpoints import load_checkpoint
from opendr_perception.streaming import State, parameter_count, step_macs

NETWORKS = [CoStGcn, CoAGcn, CoSTr]


def _small(kind: type[SkeletonNetwork], star: bool, frames: int, skeleton: str = "coco17") -> SkeletonNetwork:
    return kind(skeleton, 7, width=32, star=star, frames=frames)


def _clip(network: SkeletonNetwork, streams: int, frames: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    channels, joints, persons = network.frame_shape
    return torch.randn(streams, channels, frames, joints, persons, dtype=dtype)


@pytest.mark.parametrize(
    ("kind", "dtype", "tolerance", "length"),
    [(CoStGcn, torch.float64, 1e-12, 270), (CoStGcn, torch.float32, 1e-5, 110)]
    + [(kind, torch.float64, 1e-12, 110) for kind in (CoAGcn, CoSTr)]
    + [(kind, torch.float32, 1e-5, 92) for kind in (CoAGcn, CoSTr)],
)
def test_star_equals_the_sliding_clip(randomise, kind, dtype, tolerance, length) -> None:
    frames = 90
    network = randomise(_small(kind, True, frames)).to(dtype)
    clip = _clip(network, 1, length, dtype)
    outputs, state = network.steps(clip, network.initial_state(1))
    valid = network.valid(state, steps=length)[0]
    assert valid.nonzero().flatten().tolist() == list(range(80, length))
    whole = network(clip).detach()
    scale = max(1.0, float(whole.abs().max()))
    assert (outputs[:, :, valid] - whole).abs().max() <= tolerance * scale
    for t in (frames - 1, frames, length - 1):
        expected = network(clip[:, :, t + 1 - frames : t + 1])[:, :, -1]
        assert (outputs[:, :, t] - expected).abs().max() <= tolerance * scale


@pytest.mark.parametrize("kind", NETWORKS)
def test_strided_equals_the_start_of_the_padded_clip(randomise, kind) -> None:
    network = randomise(_small(kind, False, 300)).double()
    clip = _clip(network, 1, 100)
    outputs, state = network.steps(clip, network.initial_state(1))
    valid = network.valid(state, steps=100)[0]
    assert valid.nonzero().flatten().tolist() == list(range(76, 100, 4))
    expected = network(clip).detach()
    assert expected.shape[2] == 25
    tolerance = 1e-12 * max(1.0, float(expected.abs().max()))
    assert (outputs[:, :, valid] - expected[:, :, : int(valid.sum())]).abs().max() <= tolerance
    state = network.initial_state(1)
    for t, frame in enumerate(clip.unbind(2)):
        output, state = network.step(frame, state, phase=t % 4)
        if valid[t]:
            assert (output - outputs[:, :, t]).abs().max() <= tolerance


@pytest.mark.parametrize("star", [True, False])
@pytest.mark.parametrize("kind", NETWORKS)
def test_a_causal_network_answers_about_now_from_the_first_frame_on(randomise, kind, star) -> None:
    network = randomise(kind("coco17", 7, width=8, star=star, stages=(4, 1, 1), causal=True)).double()
    clip = _clip(network, 2, 30)
    outputs, state = network.steps(clip, network.initial_state(2))
    valid = network.valid(state, steps=30)[0]
    assert valid.nonzero().flatten().tolist() == list(range(0, 30, 1 if star else 4))
    whole = network(clip).detach()
    tolerance = 1e-12 * max(1.0, float(whole.abs().max()))
    assert (outputs[:, :, valid] - whole).abs().max() <= tolerance
    other = clip.clone()
    other[:, :, 28] += 1.0
    assert torch.equal(network(other)[:, :, :7], whole[:, :, :7]), "it has looked ahead"
    seen = (network(other) - whole).abs().amax((0, 1))
    assert seen[28 if star else 7] > tolerance


@pytest.mark.parametrize(("kind", "star"), [(CoStGcn, True), (CoAGcn, False), (CoSTr, True)])
def test_persons_and_streams_do_not_touch(randomise, kind, star) -> None:
    """Streams that started at different times share a batch, and interleave bit for bit."""
    network = randomise(_small(kind, star, 90)).double()
    a, b = _clip(network, 2, 88).split(1)
    _, early = network.steps(a[:, :, :65], network.initial_state(1))
    _, late = network.steps(b[:, :, :60], network.initial_state(1))
    alone_a, _ = network.steps(a[:, :, 65:], early)
    alone_b, _ = network.steps(b[:, :, 60:83], late)
    states = [early, late]
    batch = State.cat(states)
    for t in range(23):
        frames = [a[:, :, 65 + t], b[:, :, 60 + t]]
        single_a, states[0] = network.step(frames[0], states[0])
        single_b, states[1] = network.step(frames[1], states[1])
        assert torch.equal(single_a, alone_a[:, :, t]) and torch.equal(single_b, alone_b[:, :, t])
        both, batch = network.step(torch.cat(frames), batch)
        error = (both - torch.cat((single_a, single_b)))[network.valid(batch)].abs()
        assert error.sum() <= 1e-12 * max(1.0, float(both.abs().max())) * both.shape[1]


@pytest.mark.parametrize(("star", "values"), [(True, (300, 80, 1)), (False, (449, 76, 4))])
def test_timing_is_as_published(star, values) -> None:
    network = CoStGcn("ntu25", 60, star=star)
    assert (network.receptive_field, network.delay, network.stride) == values
    assert network.pool.receptive_field == (220 if star else 75)


@pytest.mark.parametrize(
    ("kind", "sizes"),
    [
        (CoStGcn, (3_141_478, 3_156_898, 3_219_744)),
        (CoAGcn, (3_469_510, 3_484_930, 3_547_776)),
        (CoSTr, (3_073_345, 3_088_765, 3_143_596)),
    ],
)
def test_parameter_counts_are_as_published(kind, sizes) -> None:
    """NTU RGB+D 60 and 120, Kinetics-Skeleton."""
    networks = (kind("ntu25", 60), kind("ntu25", 120), kind("openpose18", 400))
    assert tuple(parameter_count(network) for network in networks) == sizes


@pytest.mark.parametrize(
    ("kind", "star", "strided"),
    [
        (CoStGcn, 159_009_010, 230_037_960),
        (CoAGcn, 176_625_010, 258_780_360),
        (CoSTr, 151_846_610, 219_135_560),
    ],
)
def test_cost_per_prediction_is_as_derived(kind, star, strided) -> None:
    """Per prediction of two skeletons, i.e. per frame with star and per four frames without."""
    assert step_macs(kind("ntu25", 60).eval()) == star
    assert step_macs(kind("ntu25", 60, star=False).eval()) * 4 == strided


def test_state_is_small() -> None:
    network = CoStGcn("ntu25", 60)
    assert network.initial_state(1).nbytes <= 3.5e6
    assert all(len(tensor) == 5 for tensor in network.initial_state(5))


@pytest.mark.parametrize("kind", [*NETWORKS, AGcn])
@pytest.mark.parametrize("skeleton", SKELETONS)
def test_clips_train(kind, skeleton) -> None:
    network = _small(kind, True, 85, skeleton)
    network(_clip(network, 2, 85, torch.float32))[:, :, -1].square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())


def test_original_adaptive_network_refuses_to_stream() -> None:
    network = AGcn("coco17", 7, width=32)
    with pytest.raises(TypeError, match="use CoAGcn"):
        network.initial_state(1)
    load_checkpoint(CoAGcn("coco17", 7, width=32), network.state_dict())


def test_what_does_not_fit_is_refused() -> None:
    network = _small(CoStGcn, True, 90)
    with pytest.raises(ValueError, match=r"\(3, 17, 2\)"):
        network(torch.zeros(1, 3, 100, 18, 2))
    with pytest.raises(ValueError, match="T >= 81"):
        network(torch.zeros(1, 3, 80, 17, 2))
    with pytest.raises(ValueError, match="17, 2"):
        network.eval().step(torch.zeros(1, 3, 18, 2), network.initial_state(1))
    with pytest.raises(ValueError, match="coco17"):
        CoStGcn("coco19", 7)
    with pytest.raises(ValueError, match="81 frames or more"):
        CoStGcn("coco17", 7, frames=60)
