"""CoOadTR in all its variants: as published, and in each step what the whole window says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from opendr_perception.engine.export import export
from opendr_perception.engine.session import Session
from opendr_perception.engine.stateful import StateBank
from opendr_perception.networks.action.co_oad_tr import CoOadTr
from opendr_perception.streaming import parameter_count, step_macs


def _tiny(blocks: int = 1, **options: Any) -> CoOadTr:
    return CoOadTr(5, 3, blocks, window=4, channels=8, heads=2, hidden=12, **options)


@pytest.mark.parametrize(
    ("blocks", "positions", "period", "thousands"),
    [
        (1, "fixed", "n", 9469), (1, "fixed", "2n-1", 9469),
        (1, "learned", "n", 9535), (1, "learned", "2n-1", 9600),
        (2, "fixed", "n", 15768), (2, "fixed", "2n-1", 15768),
        (2, "learned", "n", 15834), (2, "learned", "2n-1", 15898),
    ],
)  # fmt: skip
def test_parameters_are_as_published(blocks, positions, period, thousands) -> None:
    """Table 1b; of b1 with 2n-1 learned positions and of b2 it prints one thousand, or two, less."""
    with torch.device("meta"):
        network = CoOadTr(3072, 22, blocks, positions=positions, period=period)
    assert parameter_count(network) // 1000 == thousands


def test_a_step_costs_what_is_published_and_less_where_only_the_newest_asks() -> None:
    assert step_macs(CoOadTr(3072, 22, 1).eval()) == pytest.approx(9.6e6, rel=0.01)
    assert step_macs(CoOadTr(4096, 22, 1).eval()) == pytest.approx(10.6e6, rel=0.01)
    assert step_macs(CoOadTr(3072, 22, 2).eval()) <= 346.6e6 < 410.9e6


@pytest.mark.parametrize("period", ["n", "2n-1"])
@pytest.mark.parametrize("positions", ["fixed", "learned"])
@pytest.mark.parametrize(("blocks", "class_token"), [(1, 0), (2, 0), (2, 2), (3, 0), (3, 2), (3, 3)])
@torch.no_grad()
def test_a_step_says_what_the_whole_window_says(blocks, positions, period, class_token) -> None:
    network = _tiny(blocks, positions=positions, period=period, class_token=class_token)
    network = network.double().eval()
    clip = torch.randn(2, 5, 13, dtype=torch.float64)
    outputs, _ = network.steps(clip, network.initial_state(2))
    assert (outputs - network(clip)).abs().max() <= 1e-12
    assert outputs.shape[2] == 13, "each frame has an answer, also while the window fills"
    for newest in range(13):
        first = max(0, newest - 3)
        expected = network.forward_window(clip[:, :, first : newest + 1], first)
        assert (outputs[:, :, newest] - expected).abs().max() <= 1e-12


@pytest.mark.parametrize("blocks", [1, 2])
@torch.no_grad()
def test_convolutions_before_the_encoder_see_the_frames_before_the_window(blocks, randomise) -> None:
    network = randomise(_tiny(blocks, local=(1, 2))).double().eval()
    assert (network.before, network.receptive_field) == (6, 10)
    clip = torch.randn(2, 5, 13, dtype=torch.float64)
    outputs, _ = network.steps(clip, network.initial_state(2))
    assert (outputs - network(clip)).abs().max() <= 1e-12
    for newest in range(13):
        first = max(0, newest - 3)
        window = clip[:, :, max(0, first - network.before) : newest + 1]
        assert (outputs[:, :, newest] - network.forward_window(window, first)).abs().max() <= 1e-12


@torch.no_grad()
def test_positions_recycle_after_n_or_2n_minus_1_frames() -> None:
    clip = torch.randn(1, 5, 4).repeat(1, 1, 8)
    for period, length in (("n", 4), ("2n-1", 7)):
        network = _tiny(period=period).eval()
        same = network.forward_window(clip[:, :, :4], 2)
        assert torch.equal(same, network.forward_window(clip[:, :, :4], 2 + length))
        moved = network.positions.table.roll(1, 0)
        assert moved.shape == (length, 8) and not torch.equal(moved, network.positions.table)


def test_a_class_token_learns_and_may_join_any_block_but_the_first() -> None:
    network = _tiny(3, class_token=2)
    network.forward_window(torch.randn(2, 5, 4), 1).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())
    for blocks, class_token in ((1, 1), (2, 1), (2, 3)):
        with pytest.raises(ValueError, match="a class token joins one of the layers 2 to"):
            _tiny(blocks, class_token=class_token)
    with pytest.raises(ValueError, match="the period is one of n, 2n-1, not '3n'"):
        _tiny(period="3n")
    with pytest.raises(ValueError, match="positions are fixed or learned, not 'none'"):
        _tiny(positions="none")


@torch.no_grad()
def test_the_exported_step_follows_each_film_by_itself(tmp_path: Path) -> None:
    network = _tiny(2, class_token=2).eval()
    export(network, tmp_path / "oad.onnx")
    bank = StateBank(Session(tmp_path / "oad.onnx", threads=1))
    films = torch.randn(2, 5, 9)
    for frame in range(9):
        late = frame - 3
        keys = ["a", "b"] if late >= 0 else ["a"]
        inputs = torch.stack([films[0, :, frame], films[1, :, late]][: len(keys)])
        answer = bank.step(keys, inputs.numpy())
        assert answer.valid.all()
        for row, newest in enumerate((frame, late)[: len(keys)]):
            expected = network(films[row : row + 1])[0, :, newest]
            assert (torch.from_numpy(answer.output[row]) - expected).abs().max() <= 1e-5
