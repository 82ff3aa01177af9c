"""States that the graph takes as it computes with them: merged rows, and rings that are written in place."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from opendr_perception.engine.export import export
from opendr_perception.engine.session import Session
from opendr_perception.engine.stateful import StateBank
from opendr_perception.streaming import Conv1d, Sequential, SingleOutputAttention, Streaming

FRAMES = 14


def attention() -> tuple[Streaming, tuple[int, ...]]:
    return SingleOutputAttention(6, 2, 5), (6,)


def attention_behind_a_convolution() -> tuple[Streaming, tuple[int, ...]]:
    return Sequential(Conv1d(3, 6, 3), SingleOutputAttention(6, 2, 5)), (3,)


NETWORKS = (attention, attention_behind_a_convolution, None)


@pytest.fixture(scope="module", params=NETWORKS, ids=lambda make: make.__name__ if make else "skeletons")
def exported(
    request: pytest.FixtureRequest,
    skeletons: tuple[Streaming, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Session, np.ndarray]:
    """A network, and frames for three streams (T, 3, C, ...)."""
    if request.param is None:
        network, path = skeletons
        shape = network.frame_shape or ()
    else:
        torch.manual_seed(0)
        network, shape = request.param()
        path = tmp_path_factory.mktemp("ports") / "network.onnx"
        export(network.eval(), path, shape)
    return Session(path), np.random.default_rng(0).normal(size=(FRAMES, 3, *shape)).astype(np.float32)


def test_streams_that_come_and_go_are_those_that_run_alone(exported: tuple[Session, np.ndarray]) -> None:
    session, frames = exported
    together, alone = StateBank(session), [StateBank(session) for _ in range(3)]
    for index, frame in enumerate(frames):
        streams = [stream for stream in range(3) if stream == 0 or (index >= stream and (index + stream) % 4)]
        step = together.step(streams, frame[streams])
        for place, stream in enumerate(streams):
            expected = alone[stream].step([stream], frame[stream : stream + 1])
            np.testing.assert_allclose(step.output[place], expected.output[0], rtol=1e-4, atol=1e-5)
            assert step.frames[place] == expected.frames[0]


def test_a_snapshot_is_not_touched_by_later_steps(exported: tuple[Session, np.ndarray]) -> None:
    session, frames = exported
    bank = StateBank(session)
    for frame in frames[:7]:
        bank.step([0, 1, 2], frame)
    snapshot = bank.snapshot(1)
    expected = [bank.step([0, 1, 2], frame).output[1] for frame in frames[7:]]
    bank.restore("again", snapshot)
    again = [bank.step(["again"], frame[1:2]).output[0] for frame in frames[7:]]
    np.testing.assert_allclose(again, expected, rtol=1e-4, atol=1e-5)


def test_an_answer_is_not_touched_by_later_steps(exported: tuple[Session, np.ndarray]) -> None:
    session, frames = exported
    bank = StateBank(session)
    steps = [bank.step([0], frame[:1]) for frame in frames]
    again = StateBank(session)
    for step, frame in zip(steps, frames, strict=True):
        np.testing.assert_array_equal(step.output, again.step([0], frame[:1]).output)


def test_rings_are_written_in_place_and_rows_are_merged(exported: tuple[Session, np.ndarray]) -> None:
    session, frames = exported
    rings, ranks = {
        (6,): (["keys", "values"], {3}),
        (3,): ([], {3}),  # the attention waits until the convolution gives something
        (3, 17, 2): (["pool.inputs"], {2, 3}),
    }[frames.shape[2:]]
    assert json.loads(session.metadata["in_place"]) == rings
    states = [tensor for tensor in session.inputs if tensor.name.startswith("state.")]
    assert {len(tensor.shape) for tensor in states if tensor.dtype == np.float32} == ranks
