"""Attention over time, token by token, says what it says of a whole window, however long the stream is."""

from __future__ import annotations

import pytest
import torch

from opendr_perception.networks.bag_of_features import SelfAttention
from opendr_perception.networks.signals.continual import BeatNetwork, HeartSoundNetwork
from opendr_perception.networks.signals.continual_bag import ContinualBag


def bag(window: int = 7, seed: int = 0) -> ContinualBag:
    torch.manual_seed(seed)
    network = ContinualBag(5, 3, codewords=11, latent=4, window=window, hidden=8)
    with torch.no_grad():
        network.query.mul_(20), network.key.mul_(20)  # attention that is far from even
        network.alpha.fill_(0.2)
    return network.eval()


@torch.no_grad()
def test_a_step_gives_what_the_window_gives_also_while_it_fills() -> None:
    network, tokens = bag(), torch.randn(2, 5, 30)
    stepped, state = network.steps(tokens, network.initial_state(2))
    torch.testing.assert_close(stepped, network(tokens), atol=1e-6, rtol=0)
    assert bool(network.warm(state).all())
    assert not bool(network.warm(network.steps(tokens[:, :, :6], network.initial_state(2))[1]).any())


@torch.no_grad()
def test_the_bag_is_the_mean_of_the_papers_attention() -> None:
    network, tokens = bag(), torch.randn(2, 5, 7)
    head = SelfAttention("tsa", 11, 7, 4).eval()
    for mine, theirs in ((head.query, network.query), (head.key, network.key), (head.alpha, network.alpha)):
        mine.copy_(theirs)
    expected = network.classifier(head(network.codebook(tokens)).mean(2))
    torch.testing.assert_close(network.forward_window(tokens), expected, atol=1e-6, rtol=0)


@pytest.mark.slow
@torch.no_grad()
def test_no_error_grows_over_a_hundred_thousand_tokens() -> None:
    network = bag(window=16, seed=1)
    tokens = torch.randn(64, 5, 1600)  # 64 streams, so that the time is short
    state, worst = network.initial_state(64), 0.0
    for place in range(tokens.shape[2]):
        output, state = network.step(tokens[:, :, place], state)
        if place % 50 == 49:
            whole = network.forward_window(tokens[:, :, max(place - 15, 0) : place + 1])
            worst = max(worst, float((output - whole).abs().max()))
    assert worst < 1e-5


@torch.no_grad()
def test_the_order_of_tokens_does_not_matter_and_their_number_may_be_any() -> None:
    network, tokens = bag(), torch.randn(1, 5, 7)
    mixed = tokens[:, :, torch.tensor([3, 1, 6, 0, 5, 2, 4])]
    torch.testing.assert_close(network.forward_window(tokens), network.forward_window(mixed), atol=1e-6, rtol=0)
    padded = torch.cat([tokens, torch.full((1, 5, 4), 9.0)], 2)
    seen = torch.arange(11)[None] < 7
    torch.testing.assert_close(network.forward_window(padded, seen), network.forward_window(tokens), atol=1e-6, rtol=0)


def test_every_parameter_learns() -> None:
    for network, clip in (
        (BeatNetwork(3, window=4, wave=120), torch.randn(4, 6, 252)),
        (HeartSoundNetwork(2, window=4), torch.randn(4, 60, 24)),
    ):
        answer = network.recordings(clip, torch.rand(4, 6) < 0.9) if isinstance(network, BeatNetwork) else None
        logits = network.recordings(clip) if isinstance(network, HeartSoundNetwork) else answer
        assert logits is not None
        logits.square().sum().backward()
        assert [name for name, p in network.named_parameters() if p.grad is None or not bool(p.grad.any())] == []


@torch.no_grad()
def test_heart_sound_step_by_step_is_heart_sound_as_a_whole() -> None:
    torch.manual_seed(0)
    network = HeartSoundNetwork(2, window=9).eval()
    frames = torch.randn(1, 90, 24)
    field, hop = network.encoder.field, network.encoder.hop
    state, output = network.initial_state(1), torch.zeros(1, 2)
    for start in range(0, 90 - field + 1, hop):
        output, state = network.step(frames[:, start : start + field], state)
    tokens = network.encoder.spread(frames)
    torch.testing.assert_close(output, network.bag.forward_window(tokens[:, :, -9:]), atol=1e-5, rtol=0)
