"""Cost of temporal self-attention token by token, against its window recomputed, and whether results stay the same.

Weights do not change the time, so networks have random ones. Of the paper's network for electrocardiograms nothing can
be used again: each second it does 30 s of signal. Times are those of one thread's processor.
"""

from __future__ import annotations

import time

import numpy as np

from opendr_perception.bench.harness.figure import Figure, smaller_is_better
from opendr_perception.bench.harness.timing import Run, alternating
from opendr_perception.bench.peers.pytorch import torch_is_there, torch_workspace
from opendr_perception.engine.session import Session
from opendr_perception.engine.stateful import StateBank

CASE = "signals"
FEATURES, CODEWORDS, LATENT, TOKENS = 256, 256, 64, 35
"""Of the bag of features for electrocardiograms [Chumachenko 2022, sec. IV]."""
TOGETHER = 64
"""Streams of one call, such as the patients of a hospital: it costs some 40 us by itself, most of a step."""
STREAMS = 50
"""That go beside each other while errors are looked for."""


def attention(tokens: int, rounds: int) -> list[Figure]:
    """A step against its window, the difference between them over many tokens, and a heart against the paper's network.

    Args:
        tokens: after which the difference is told.
        rounds: of timing.
    """
    if not torch_is_there("the window is done again in torch"):
        return []
    import torch

    from opendr_perception.engine.export import export
    from opendr_perception.networks.signals.continual import BeatNetwork
    from opendr_perception.networks.signals.continual_bag import ContinualAttention, ContinualBag
    from opendr_perception.networks.signals.residual import LENGTH, ResidualBag

    torch.manual_seed(0)
    with torch_workspace() as folder:
        bag = ContinualBag(FEATURES, 4, codewords=CODEWORDS, latent=LATENT, window=TOKENS, hidden=512).eval()
        alone = ContinualAttention(CODEWORDS, latent=LATENT, window=TOKENS).eval()
        whole, heart = ResidualBag(attention="tsa", latent=LATENT).eval(), BeatNetwork(4).eval()
        export(bag, folder / "bag.onnx")
        export(alone, folder / "alone.onnx")
        export(heart, folder / "heart.onnx")
        steps = StateBank(Session(folder / "bag.onnx", threads=1))
        beats = StateBank(Session(folder / "heart.onnx", threads=1))
        frame, beat = np.zeros((1, FEATURES), np.float32), np.zeros((1, *(heart.frame_shape or ())), np.float32)
        window, signal = torch.zeros(1, FEATURES, TOKENS), torch.zeros(1, 1, LENGTH)
        many, keys = StateBank(Session(folder / "bag.onnx", threads=1)), tuple(range(TOGETHER))
        frames, windows = frame.repeat(TOGETHER, 0), window.repeat(TOGETHER, 1, 1)
        relating, codes = StateBank(Session(folder / "alone.onnx", threads=1)), windows.transpose(1, 2)
        runs: dict[str, tuple[Run, int]] = {
            "step": (lambda: steps.step((0,), frame), 32),
            "window": (lambda: bag.forward_window(window), 4),
            "steps": (lambda: many.step(keys, frames), 12),
            "windows": (lambda: bag.forward_window(windows), 1),
            "relating": (lambda: relating.step(keys, frames), 12),
            "relations": (lambda: alone.of_window(codes), 1),
            "beat": (lambda: beats.step((0,), beat), 4),
            "paper": (lambda: whole(signal), 1),
        }
        times = alternating(runs, rounds, clock=time.thread_time)
        error = _difference(bag, tokens)
    size = f"temporal self-attention over {TOKENS} tokens"
    return [
        smaller_is_better(
            CASE, f"{size}, step", "ms", times["step"], times["window"] / 15, times["window"], "its window again, torch"
        ),
        smaller_is_better(
            CASE,
            f"{size}, steps of {TOGETHER} streams in one call",
            "ms",
            times["steps"],
            times["windows"] / 15,
            times["windows"],
            "their windows again, torch",
        ),
        smaller_is_better(
            CASE,
            f"{size}, steps of {TOGETHER} streams without codes and classifier",
            "ms",
            times["relating"],
            times["relations"] / 15,
            times["relations"],
            "their windows again, torch",
        ),
        smaller_is_better(CASE, f"{size}, step against window after {tokens} tokens", "", error, 1e-5),
        smaller_is_better(
            CASE,
            "a beat of an electrocardiogram",
            "ms",
            times["beat"],
            times["paper"] / 15,
            times["paper"],
            "30 s again by the residual network, torch",
        ),
    ]


def _difference(bag: object, tokens: int) -> float:
    """The largest difference of logits, looked at a hundred times."""
    import torch

    from opendr_perception.networks.signals.continual_bag import ContinualBag

    assert isinstance(bag, ContinualBag)
    count = max(tokens // STREAMS, TOKENS + 1)
    state, worst = bag.initial_state(STREAMS), 0.0
    recent = torch.zeros(STREAMS, FEATURES, 0)
    for step in range(count):
        token = torch.randn(STREAMS, FEATURES)
        recent = torch.cat([recent[:, :, -TOKENS + 1 :], token.unsqueeze(2)], 2)
        output, state = bag.step(token, state)
        if step % max(count // 100, 1) == 0 or step == count - 1:
            worst = max(worst, float((output - bag.forward_window(recent)).abs().max()))
    return worst
