"""Make a network for clips continual: it sees each frame once, and answers as it does for clips. Needs torch.

python examples/02_own_network.py [network.onnx]
"""

import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

import opendr_perception as op
from opendr_perception.engine.export import export
from opendr_perception.engine.stateful import StateBank
from opendr_perception.streaming import convert


def main(path: str = "network.onnx") -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv1d(34, 64, 5), nn.ReLU(), nn.Conv1d(64, 4, 5)).eval()  # train it as ever
    export(convert(network).eval(), Path(path), frame_shape=(34,))

    clip = np.random.default_rng(0).random((1, 34, 20), np.float32)
    bank = StateBank(op.zoo.session(path))
    steps = [bank.step(["anna"], clip[..., t]) for t in range(clip.shape[-1])]
    answers = np.stack([step.output[0] for step in steps if step.valid.all()], axis=-1)
    whole = network(torch.from_numpy(clip)).detach().numpy()[0]
    print(f"{answers.shape[-1]} answers; the largest difference from the clip's is {np.abs(answers - whole).max():.1e}")
    assert np.allclose(answers, whole, atol=1e-5)


if __name__ == "__main__":
    main(*sys.argv[1:])
