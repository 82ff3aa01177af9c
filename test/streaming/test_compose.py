"""Networks of blocks keep their outputs aligned."""

from __future__ import annotations

from collections import OrderedDict

import pytest
import torch
from torch import nn

from opendr_perception.streaming import (
    AvgPool,
    Conditional,
    Conv1d,
    Conv2d,
    Conv3d,
    Delay,
    MaxPool,
    Parallel,
    Residual,
    Sequential,
)
from opendr_perception.streaming.channel import SqueezeExcitation

CHAINS = {
    "padded": [Conv1d(2, 3, 3, padding=1), nn.ReLU(), Conv1d(3, 4, 5, padding=2)],
    "unpadded": [Conv1d(2, 3, 3), nn.BatchNorm1d(3), Conv1d(3, 4, 3, dilation=3)],
    "strided": [Conv1d(2, 3, 3, stride=2, padding=1), Conv1d(3, 3, 3, padding=1), Conv1d(3, 2, 2, stride=3)],
    "fully padded": [Conv1d(2, 3, 3, stride=2, padding=2), Conv1d(3, 4, 3, padding=2), AvgPool(3, partial=True)],
    "nested": [Sequential(Conv1d(2, 3, 3), nn.Tanh()), Sequential(Conv1d(3, 3, 3, padding=2), Delay(3))],
}


@pytest.mark.parametrize("name", CHAINS)
def test_chain(check, name) -> None:
    check(Sequential(*CHAINS[name]), (2,), frames=60)


@pytest.mark.parametrize("frames", [0, 1, 4])
def test_delay(check, frames) -> None:
    check(Delay(frames), (2, 3), frames=12)
    delay = Delay(frames).eval()
    assert (delay.delay, delay.padding) == (frames, 0)
    clip = torch.randn(1, 2, 12, 3)
    outputs, _ = delay.steps(clip, delay.initial_state(1, (2, 3)))
    assert torch.equal(outputs[:, :, frames:], clip[:, :, : 12 - frames])


@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("kernel", [5])
def test_residual_is_centred_with_and_without_padding(check, kernel, padding) -> None:
    block = Residual(Conv1d(3, 3, kernel, padding=padding))
    check(block, (3,))
    assert (block.receptive_field, block.delay) == (kernel, kernel - 1 - padding)
    assert block.initial_state(1, (3,))["shortcut.delay.inputs"].shape == (1, 3, kernel // 2)
    padded = Residual(Conv1d(3, 3, kernel, padding=kernel // 2)).double().eval()
    padded.load_state_dict(block.state_dict())
    clip = torch.randn(1, 3, 20, dtype=torch.float64)
    cut = kernel // 2 - padding  # the same weights mean the same thing in the interior
    assert torch.allclose(
        block(clip)[:, :, padding : -padding or None], padded(clip)[:, :, kernel // 2 : -(kernel // 2)]
    )
    assert block(clip).shape[2] == 20 - 2 * cut


@pytest.mark.parametrize("padding", [0, 4])
def test_residual_with_strided_shortcut(check, padding) -> None:
    shortcut = nn.Sequential(nn.Conv2d(3, 4, 1, (2, 1)), nn.BatchNorm2d(4))
    check(Residual(Conv2d(3, 4, (9, 1), (2, 1), (padding, 0)), shortcut), (3, 5), frames=40)
    check(Residual(Conv2d(3, 3, (9, 1), (2, 1), (padding, 0))), (3, 5), frames=40)


def test_causal_residual_adds_the_newest_frame(check) -> None:
    block = Residual(Conv1d(3, 3, 3, dilation=4, causal=True), align="newest")
    check(block, (3,))
    assert block.delay == 0


@pytest.mark.parametrize("reduction", ["sum", "concat", "mul", "max"])
def test_inception(check, reduction) -> None:
    branches = OrderedDict(
        point=nn.Conv3d(2, 3, 1),
        three=Sequential(nn.Conv3d(2, 2, 1), Conv3d(2, 3, 3, padding=1)),
        five=Conv3d(2, 3, 5, padding=2),
        pooled=Sequential(nn.MaxPool3d((1, 3, 3), 1, (0, 1, 1)), MaxPool(3, padding=1), nn.Conv3d(2, 3, 1)),
    )
    block = Parallel(branches, reduction)
    check(block, (2, 4, 4))
    assert (block.delay, block.receptive_field, block.padding) == (2, 5, 2)
    assert block.output_shape((2, 4, 4)) == (12 if reduction == "concat" else 3, 4, 4)


def test_branches_without_padding_meet_at_their_centres(check) -> None:
    block = Parallel(OrderedDict(a=Conv1d(2, 2, 3), b=Conv1d(2, 2, 7), c=Conv1d(2, 2, 5, padding=2)))
    check(block, (2,), frames=30)


def test_branches_that_never_meet_are_refused() -> None:
    with pytest.raises(ValueError, match="strides"):
        Parallel(OrderedDict(a=Conv1d(2, 2, 3, stride=2), b=Conv1d(2, 2, 3)))
    with pytest.raises(ValueError, match="centre"):
        Parallel(OrderedDict(a=Conv1d(2, 2, 2), b=Conv1d(2, 2, 3)))


def test_names_are_those_of_the_ordinary_network() -> None:
    layers = [nn.Conv1d(2, 3, 3), nn.BatchNorm1d(3), nn.ReLU()]
    ordinary = nn.Sequential(*layers)
    continual = Sequential(Conv1d(2, 3, 3), nn.BatchNorm1d(3), nn.ReLU())
    assert continual.state_dict().keys() == ordinary.state_dict().keys()


@pytest.mark.parametrize(
    "layer", [nn.Conv1d(2, 2, 3), nn.Conv1d(2, 2, 1, stride=2), nn.LSTM(2, 2), nn.AvgPool1d(2), nn.GroupNorm(1, 2)]
)
def test_layers_that_mix_frames_are_refused(layer) -> None:
    with pytest.raises(TypeError, match="streaming counterpart"):
        Sequential(layer)


def test_the_memory_of_a_step_is_checked() -> None:
    chain = Sequential(Conv1d(2, 3, 3), Conv1d(3, 4, 3)).eval()
    state = chain.initial_state(2, (2,))
    with pytest.raises(ValueError, match="2 streams"):
        chain.step(torch.zeros(3, 2), state)
    with pytest.raises(ValueError, match="needs 2"):
        Conv1d(2, 3, 3).eval().step(torch.zeros(2, 2), state)
    with pytest.raises(ValueError, match="shape of a frame"):
        chain.initial_state(2)
    with pytest.raises(RuntimeError, match="eval"):
        chain.train().step(torch.zeros(2, 2), state)


def test_a_small_continual_3d_network(check) -> None:
    """Stem, residual blocks with depthwise kernels and gates, and a pool: delay and outputs as derived by hand."""

    def network(padding: int) -> Sequential:
        blocks = [
            Residual(
                Sequential(
                    nn.Conv3d(4, 6, 1),
                    nn.BatchNorm3d(6),
                    Conv3d(6, 6, 3, padding=(padding, 1, 1), groups=6),
                    SqueezeExcitation(6, 2),
                    nn.Conv3d(6, 4, 1),
                )
            )
            for _ in range(4)
        ]
        return Sequential(
            Conv3d(3, 4, (5, 1, 1), padding=(2 * padding, 0, 0)),
            *blocks,
            nn.AdaptiveAvgPool3d((None, 1, 1)),
            AvgPool(6),
        )

    padded, unpadded = network(1), network(0)
    check(padded, (3, 4, 4), frames=28)
    assert (padded.receptive_field, padded.padding, padded.delay) == (18, 6, 11)
    assert unpadded.delay == 17
    unpadded.double().eval().load_state_dict(padded.state_dict())
    clip = torch.randn(1, 3, 28, 4, 4, dtype=torch.float64)
    outputs, _ = padded.steps(clip, padded.initial_state(1, (3, 4, 4)))
    assert torch.allclose(outputs[:, :, 17:], unpadded(clip), rtol=0, atol=1e-12)


def _moved(frame: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
    return (frame - before).abs().flatten(1).amax(1) > 0.1


def test_what_stands_still_is_left_out_and_said_so() -> None:
    seen = []

    class Counted(Conv2d):
        def update(self, frame, memory, tick):  # type: ignore[no-untyped-def]
            seen.append(len(frame))
            return super().update(frame, memory, tick)

    block = Counted(2, 3, (3, 1)).eval()
    conditional = Conditional(block, _moved).eval()
    still, other = torch.randn(1, 2, 4), torch.randn(1, 2, 4)
    state, plain = conditional.initial_state(1, (2, 4)), block.initial_state(1, (2, 4))
    outputs, said = [], []
    for frame in [*[still] * 8, other, still]:
        output, state = conditional.step(frame, state)
        outputs.append(output)
        said.append(bool(state["skipped"]))
    assert said == [False] * 4 + [True] * 4 + [False] * 2
    assert len(seen) == 6
    seen.clear()
    for frame, output in zip([*[still] * 8, other, still], outputs, strict=True):
        expected, plain = block.step(frame, plain)
        assert torch.equal(output, expected), "nothing is lost"


def test_one_stream_that_moves_does_not_disturb_one_that_stands() -> None:
    conditional = Conditional(Conv2d(2, 3, (3, 1)), _moved, patience=0).eval()
    state = conditional.initial_state(2, (2, 4))
    frame = torch.randn(2, 2, 4)
    for _ in range(5):
        output, state = conditional.step(frame, state)
    moving = frame.clone()
    moving[1] += 1.0
    after, state = conditional.step(moving, state)
    assert state["skipped"].flatten().tolist() == [1.0, 0.0]
    assert torch.equal(after[0], output[0]) and not torch.equal(after[1], output[1])


def test_a_strided_block_cannot_be_left_out() -> None:
    with pytest.raises(ValueError, match="beat"):
        Conditional(Conv2d(2, 3, (3, 1), (2, 1)), _moved)
