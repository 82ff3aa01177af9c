"""Cost of a step of sound classification, against its whole window.

Weights do not change the time, so the encoder is that of the paper, with random ones.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from opendr_perception.bench.harness.figure import Figure, smaller_is_better
from opendr_perception.bench.harness.timing import Run, alternating
from opendr_perception.bench.peers.pytorch import torch_is_there, torch_threads
from opendr_perception.engine.session import Session
from opendr_perception.engine.stateful import StateBank

CASE = "sound"
TOKENS, CHANNELS, HEADS, FEATURES = 120, 192, 16, 128
"""Of the encoder for 30 s of sound [Hedegaard 2022, Continual Transformers, sec. 4.3]."""


def step(rounds: int) -> list[Figure]:
    """A step of the encoder against its window done again, and how many microphones one core serves."""
    if not torch_is_there("the window is done again in torch"):
        return []
    import torch

    from opendr_perception.engine.export import export
    from opendr_perception.networks.co_transformer import CoTransformer
    from opendr_perception.networks.sound import SoundNetwork

    with tempfile.TemporaryDirectory() as folder, torch_threads(), torch.inference_mode():
        path = Path(folder) / "encoder.onnx"
        encoder = CoTransformer(FEATURES, 10, channels=CHANNELS, heads=HEADS, hidden=CHANNELS, window=TOKENS).eval()
        export(encoder, path)
        bank = StateBank(Session(path, threads=1))
        frame, window = np.zeros((1, FEATURES), np.float32), torch.zeros(1, FEATURES, TOKENS)
        runs: dict[str, tuple[Run, int]] = {
            "step": (lambda: bank.step((0,), frame), 32),
            "window": (lambda: encoder(window), 1),
        }
        times = alternating(runs, rounds, clock=time.thread_time)
        network = SoundNetwork(11, bands=32, widths=(8, 16, 32, 64)).eval()
        export(network, path)
        banks = [StateBank(Session(path, threads=1)) for _ in range(8)]
        patch = np.zeros((1, network.patches.field, network.patches.bands), np.float32)
        eight: dict[str, tuple[Run, int]] = {"eight": (lambda: [each.step((0,), patch) for each in banks], 1)}
        second = 4 * alternating(eight, rounds)["eight"]
    metric = f"encoder step, window of {TOKENS} tokens"
    return [
        smaller_is_better(
            CASE, metric, "ms", times["step"], times["window"] / 40, times["window"], "its window again, torch"
        ),
        smaller_is_better(CASE, "sound classification, 8 microphones at 4 Hz, one second", "ms", second, 1000.0),
    ]
