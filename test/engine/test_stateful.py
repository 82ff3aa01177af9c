"""Export with explicit state, and the bank of states that runs it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from opendr_perception.engine.export import export
from opendr_perception.engine.session import EngineError, Session
from opendr_perception.engine.stateful import StateBank
from opendr_perception.streaming import AvgPool, Conv1d, Sequential, Streaming

CHANNELS = 3


def small_network(stride: int = 1) -> Streaming:
    torch.manual_seed(0)
    network = Sequential(
        Conv1d(CHANNELS, 8, 3, padding=1), nn.ReLU(), Conv1d(8, 4, 3, stride=stride, dilation=2), AvgPool(4)
    )
    return network.eval()


def exported(network: Streaming, folder: Path) -> Session:
    export(network, folder / "network.onnx", (CHANNELS,))
    return Session(folder / "network.onnx")


@pytest.fixture
def network() -> Streaming:
    return small_network()


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return exported(small_network(), tmp_path_factory.mktemp("small"))


def frames(length: int, streams: int = 1, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(length, streams, CHANNELS)).astype(np.float32)


def outputs(bank: StateBank, keys: list[str], stream: np.ndarray) -> np.ndarray:
    return np.stack([bank.step(keys, frame).output for frame in stream])


@pytest.mark.parametrize("stride", [1, 2])
def test_onnxruntime_equals_torch(stride: int, tmp_path: Path) -> None:
    network = small_network(stride)
    bank = StateBank(exported(network, tmp_path))
    state = network.initial_state(2, (CHANNELS,))
    for index, frame in enumerate(frames(30, streams=2)):
        step = bank.step(["a", "b"], frame)
        expected, state = network.step(torch.from_numpy(frame), state)
        valid = network.valid(state).numpy()
        assert (step.valid == valid).all()
        assert (step.warm == network.warm(state).numpy()).all()
        assert (step.frames == index + 1).all()
        np.testing.assert_allclose(step.output[valid], expected.numpy()[valid], atol=1e-5)


def test_a_skeleton_network_equals_torch(skeletons: tuple[Streaming, Path]) -> None:
    network, path = skeletons
    bank = StateBank(Session(path, threads=1))
    state = network.initial_state(2)
    with torch.inference_mode():
        for frame in torch.randn(100, 2, *network.frame_shape):
            expected, state = network.step(frame, state)
            step = bank.step(["a", "b"], frame.numpy())
    assert step.valid.all()
    assert step.warm.all()
    scale = max(1.0, float(expected.abs().max()))
    np.testing.assert_allclose(step.output, expected.numpy(), rtol=0, atol=1e-4 * scale)


def test_a_stream_can_begin_with_blank_frames_that_do_not_count(network: Streaming, tmp_path: Path) -> None:
    blank = network.receptive_field - 1
    export(network, tmp_path / "network.onnx", (CHANNELS,), blank=blank)
    bank = StateBank(Session(tmp_path / "network.onnx"))
    stream = frames(20)
    clip = torch.cat([torch.zeros(1, CHANNELS, blank), torch.from_numpy(stream[:, 0].T)[None]], 2)
    state = network.initial_state(1, (CHANNELS,))
    expected, _ = network.steps(clip, state)
    for index, frame in enumerate(stream):
        step = bank.step(["a"], frame)
        assert step.valid[0]
        assert step.frames[0] == index + 1
        assert step.warm[0] == (index + 1 >= network.receptive_field)
        np.testing.assert_allclose(step.output[0], expected[0, :, blank + index].numpy(), atol=1e-5)


def test_a_strided_network_says_when_it_has_an_output(tmp_path: Path) -> None:
    network = small_network(stride=2)
    bank = StateBank(exported(network, tmp_path))
    valid = [bool(bank.step(["a"], frame).valid[0]) for frame in frames(30)]
    assert sum(valid) == len(range(network.delay, 30, network.stride))


def test_any_subset_steps_and_the_others_wait(session: Session) -> None:
    stream = frames(24, streams=3)
    together = StateBank(session)
    seen: dict[str, list[np.ndarray]] = {"a": [], "b": [], "c": []}
    for index, frame in enumerate(stream):
        keys = [key for place, key in enumerate("abc") if (index + place) % 3 or index % 2]
        rows = frame[["abc".index(key) for key in keys]]
        for key, output in zip(keys, together.step(keys, rows).output, strict=True):
            seen[key].append(output)
    for place, key in enumerate("abc"):
        alone = StateBank(session)
        taken = [frame[place] for index, frame in enumerate(stream) if (index + place) % 3 or index % 2]
        expected = [alone.step([key], frame[None]).output[0] for frame in taken]
        np.testing.assert_allclose(seen[key], expected, atol=1e-6)


def test_a_released_key_starts_anew_and_the_others_go_on(session: Session) -> None:
    stream = frames(16)
    bank, reference = StateBank(session), StateBank(session)
    outputs(bank, ["a"], stream)
    bank.step(["a", "b"], np.concatenate([stream[0], stream[0]]))
    reference.step(["b"], stream[0])
    bank.release("a")
    assert bank.keys() == {"b"}
    assert bank.step(["a"], stream[0]).frames[0] == 1
    np.testing.assert_allclose(bank.step(["b"], stream[1]).output, reference.step(["b"], stream[1]).output, atol=1e-6)


def test_a_snapshot_continues_where_it_was_taken(session: Session) -> None:
    stream = frames(30)
    bank = StateBank(session)
    outputs(bank, ["a"], stream[:12])
    snapshot = bank.snapshot("a")
    expected = outputs(bank, ["a"], stream[12:])
    bank.restore("b", snapshot)
    np.testing.assert_array_equal(outputs(bank, ["b"], stream[12:]), expected)
    with pytest.raises(ValueError, match="another model"):
        bank.restore("b", {"frames": snapshot["frames"]})


def test_wrong_keys_and_frames_are_refused_and_change_nothing(session: Session) -> None:
    bank, reference = StateBank(session), StateBank(session)
    stream = frames(3)
    bank.step(["a"], stream[0])
    reference.step(["a"], stream[0])
    for keys, wrong in ((["a", "a"], frames(1, 2)[0]), ([], frames(1, 0)[0]), (["a"], frames(1, 2)[0])):
        with pytest.raises(ValueError, match="different keys"):
            bank.step(keys, wrong)
    with pytest.raises(EngineError, match=r"network\.onnx"):
        bank.step(["a"], np.zeros((1, CHANNELS + 1), np.float32))
    np.testing.assert_array_equal(bank.step(["a"], stream[1]).output, reference.step(["a"], stream[1]).output)


def test_a_model_without_state_is_refused(tmp_path: Path) -> None:
    tensor = onnx.helper.make_tensor_value_info("frame", onnx.TensorProto.FLOAT, [None])
    output = onnx.helper.make_tensor_value_info("output", onnx.TensorProto.FLOAT, [None])
    node = onnx.helper.make_node("Relu", ["frame"], ["output"])
    graph = onnx.helper.make_graph([node], "plain", [tensor], [output])
    path = tmp_path / "plain.onnx"
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=9), path)
    with pytest.raises(EngineError, match="not a continual network"):
        StateBank(Session(path))


def test_an_export_leaves_the_old_file_when_it_fails(network: Streaming, tmp_path: Path) -> None:
    path = tmp_path / "network.onnx"
    path.write_bytes(b"the old one")
    with pytest.raises(RuntimeError, match=r"eval\(\)"):
        export(network.train(), path, (CHANNELS,))
    assert path.read_bytes() == b"the old one"
    assert list(tmp_path.iterdir()) == [path]


def test_a_frame_that_does_not_fit_those_before_changes_nothing(session: Session) -> None:
    bank, reference = StateBank(session), StateBank(session)
    stream = frames(4)
    outputs(bank, ["a"], stream[:2])
    outputs(reference, ["a"], stream[:2])
    for wrong in (stream[2].astype(np.float64), stream[2][:, :1]):
        with pytest.raises(EngineError, match=r"frame was float32 \(1, 3\) so far"):
            bank.step(["a"], wrong)
    np.testing.assert_array_equal(outputs(bank, ["a"], stream[2:]), outputs(reference, ["a"], stream[2:]))
