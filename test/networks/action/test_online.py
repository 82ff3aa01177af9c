"""Networks for online detection: the trunk is the trained network's, and a stream has the answers of a clip."""

from __future__ import annotations

import pytest
import torch

from opendr_perception.networks.action.co_oad_tr import CoOadTr
from opendr_perception.networks.action.online import HEADS, STREAMED, OnlineDetector, head, parted, rest, trunk
from opendr_perception.networks.action.tcn import ActionTcn
from opendr_perception.streaming import Streaming

FRAMES = 70


@pytest.fixture(scope="module")
def network() -> ActionTcn:
    torch.manual_seed(0)
    return ActionTcn(4, width=8, dilations=(1, 2)).eval()


def test_a_trunk_is_the_first_part_of_the_network(network: ActionTcn) -> None:
    clip = torch.randn(1, 5, 12, 17, 1)
    whole = trunk(network, 2)
    with torch.no_grad():
        for blocks in (0, 1, 2):
            torch.testing.assert_close(rest(network, blocks)(trunk(network, blocks)(clip)), network(clip))
    assert trunk(network, 1).receptive_field < whole.receptive_field
    with pytest.raises(ValueError, match="2 blocks, not 3"):
        trunk(network, 3)


@pytest.mark.parametrize("name", STREAMED)
def test_a_stream_has_the_answers_of_a_clip(name: str, network: ActionTcn) -> None:
    over = head(name, 8, 4)
    detector = OnlineDetector(trunk(network, 1), over).eval()  # type: ignore[arg-type]
    clip = torch.randn(1, 5, FRAMES, 17, 1)
    state = detector.initial_state(1)
    with torch.no_grad():
        for frame in range(FRAMES):
            answer, state = detector.step(clip[:, :, frame], state)
        assert answer is not None
        torch.testing.assert_close(answer, detector(clip)[:, :, -1], atol=1e-5, rtol=1e-4)
    assert answer.shape == (1, 8)


@pytest.mark.parametrize("name", HEADS)
def test_no_network_looks_ahead(name: str) -> None:
    over = head(name, 8, 4).eval()
    clip = torch.randn(2, 8, 20)
    later = clip.clone()
    later[:, :, 12:] += 1
    with torch.no_grad():
        torch.testing.assert_close(over(later)[:, :, :12], over(clip)[:, :, :12])


def test_convolutions_see_nearly_a_window() -> None:
    for window in (8, 32, 64):
        network = head("tcn", 8, 4, window)
        assert isinstance(network, Streaming)
        assert network.receptive_field == window - 1


def test_one_block_learns_dense_answers_as_those_of_windows() -> None:
    over = head("co-oadtr-b1", 8, 4).eval()
    assert isinstance(over, CoOadTr)
    clip = torch.randn(1, 8, 40)
    with torch.no_grad():
        torch.testing.assert_close(over(clip)[:, :, -1], over.forward_window(clip), atol=1e-5, rtol=1e-4)


def test_probabilities_are_parted() -> None:
    going, begins = parted(torch.tensor([[0.1, 0.2, 0.3, 0.4]]))
    torch.testing.assert_close(going, torch.tensor([[0.4, 0.6]]))
    torch.testing.assert_close(begins, torch.tensor([[0.3, 0.4]]))
    with pytest.raises(ValueError, match="no network 'rnn'"):
        head("rnn", 8, 4)
