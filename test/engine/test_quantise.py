"""Models in 8 bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from torch import nn

from opendr_perception.engine.quantise import quantise
from opendr_perception.engine.session import Session
from opendr_perception.engine.stateful import StateBank


def test_a_skeleton_network_in_8_bits_answers_nearly_the_same(
    skeletons: tuple[nn.Module, Path], tmp_path: Path
) -> None:
    _, whole = skeletons
    small = tmp_path / "network-int8.onnx"
    quantise(whole, small)
    assert small.stat().st_size < 0.7 * whole.stat().st_size
    kinds = {node.op_type for node in onnx.load(small).graph.node}
    assert "MatMulInteger" in kinds

    sessions = [Session(path) for path in (whole, small)]
    assert sessions[0].metadata.items() <= sessions[1].metadata.items()
    banks = [StateBank(session) for session in sessions]
    rng = np.random.default_rng(0)
    for _ in range(100):
        frame = rng.normal(size=(2, 3, 17, 2)).astype(np.float32)
        exact, near = (bank.step(["a", "b"], frame) for bank in banks)
    assert near.valid.all()
    error = np.abs(near.output - exact.output).max()
    assert 0 < error < 0.1 * np.abs(exact.output).max()
