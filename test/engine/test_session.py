"""Running ONNX models: batches, and errors that say what is wrong with the file or the input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from opendr_perception import zoo
from opendr_perception.engine.session import DEVICES, EngineError, Session, Tensor


def write_model(path: Path, kind: int = TensorProto.FLOAT, operator: str = "Neg") -> Path:
    """A model that maps `x` to `y`, element by element."""
    graph = helper.make_graph(
        [helper.make_node(operator, ["x"], ["y"])],
        "negate",
        [helper.make_tensor_value_info("x", kind, ("N", 3))],
        [helper.make_tensor_value_info("y", kind, ("N", 3))],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(path))
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_model(tmp_path / "negate.onnx")


def test_a_model_runs_and_tells_its_inputs_and_outputs(model: Path) -> None:
    session = Session(model)
    assert [str(tensor) for tensor in session.inputs] == ["x float32 (any, 3)"]
    assert [str(tensor) for tensor in session.outputs] == ["y float32 (any, 3)"]
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    outputs = session.run({"x": x})
    assert list(outputs) == ["y"]
    np.testing.assert_array_equal(outputs["y"], -x)


@pytest.mark.parametrize("max_batch", [1, 2, 3, 5, 100])
def test_a_batch_is_run_in_pieces_and_put_together_again(model: Path, max_batch: int) -> None:
    session = Session(model, max_batch=max_batch)
    x = np.arange(15, dtype=np.float32).reshape(5, 3)
    np.testing.assert_array_equal(session.run_batch({"x": x})["y"], -x)


@pytest.mark.parametrize(
    ("feeds", "text"),
    [
        ({}, "expected the inputs x; got none"),
        ({"z": np.zeros((1, 3), np.float32)}, "expected the inputs x; got z"),
        ({"x": np.zeros((1, 4), np.float32)}, r"expected x float32 \(any, 3\); got float32 \(1, 4\)"),
        ({"x": np.zeros(3, np.float32)}, r"expected x float32 \(any, 3\); got float32 \(3,\)"),
        ({"x": np.zeros((1, 3), np.uint8)}, r"expected x float32 \(any, 3\); got uint8 \(1, 3\)"),
    ],
)
def test_an_input_that_does_not_fit_is_refused_with_the_file_and_both_shapes(
    model: Path, feeds: dict[str, np.ndarray], text: str
) -> None:
    with pytest.raises(EngineError, match=rf"\A{model}: {text}\Z"):
        Session(model).run(feeds)


def test_inputs_and_outputs_that_a_task_needs_are_checked(model: Path) -> None:
    session = Session(model)
    session.expect(inputs=["x"], outputs=["y"])
    with pytest.raises(EngineError, match=rf"\A{model}: expected the inputs image; found x float32 \(any, 3\)\Z"):
        session.expect(inputs=["image"], outputs=["y"])
    with pytest.raises(EngineError, match=rf"\A{model}: expected the outputs y; z; found y float32 \(any, 3\)\Z"):
        session.expect(inputs=["x"], outputs=["y", "z"])


def test_shapes_and_types_that_a_task_needs_are_checked(model: Path) -> None:
    session = Session(model)
    kind = np.dtype(np.float32)
    for shape in ((None, 3), (7, None), (7, 3)):
        session.expect(inputs=[Tensor("x", shape, kind)], outputs=["y"])
    found = r"found x float32 \(any, 3\)"
    for wanted, text in (
        (Tensor("x", (None, 4), kind), r"x float32 \(any, 4\)"),
        (Tensor("x", (None, 3, 1), kind), r"x float32 \(any, 3, 1\)"),
        (Tensor("x", (None, 3), np.dtype(np.uint8)), r"x uint8 \(any, 3\)"),
    ):
        with pytest.raises(EngineError, match=rf"\A{model}: expected the inputs {text}; {found}\Z"):
            session.expect(inputs=[wanted], outputs=["y"])


def test_what_is_no_model_is_named_in_one_line(tmp_path: Path, model: Path) -> None:
    with pytest.raises(EngineError, match=r"nowhere\.onnx: there is no such model file\Z"):
        Session(tmp_path / "nowhere.onnx")
    with pytest.raises(EngineError, match="there is no such model file"):
        Session(tmp_path)
    broken = tmp_path / "broken.onnx"
    for content in (b"", b"not a model", model.read_bytes()[:40], model.read_bytes()[:-10]):
        broken.write_bytes(content)
        with pytest.raises(EngineError, match=rf"\A{broken}: not a model that onnxruntime can load: [^\n]+\Z"):
            Session(broken)


def test_a_type_that_numpy_does_not_know_is_named(tmp_path: Path) -> None:
    path = write_model(tmp_path / "text.onnx", kind=TensorProto.STRING, operator="Identity")
    with pytest.raises(EngineError, match=rf"\A{path}: .*tensor\(string\)"):
        Session(path)


@pytest.mark.parametrize("options", [{"device": "tpu"}, {"threads": -1}, {"max_batch": -1}])
def test_options_out_of_range_are_refused(model: Path, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        Session(model, **options)


@pytest.mark.parametrize("device", [device for device in DEVICES if device != "cpu"])
def test_a_device_that_is_not_there_is_an_error_with_its_remedy(model: Path, device: str) -> None:
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this machine has the device")
    with pytest.raises(EngineError, match=f"device '{device}' needs .* set device to cpu"):
        Session(model, device=device)


def test_warming_up_runs_every_input_shape(tmp_path: Path, model: Path) -> None:
    Session(model).warm_up()
    Session(model).warm_up(x=(4, 3))
    with pytest.raises(EngineError, match="expected x"):
        Session(model).warm_up(x=(4, 4))


def test_a_run_that_fails_names_the_file(tmp_path: Path) -> None:
    graph = helper.make_graph(
        [helper.make_node("Reshape", ["x", "shape"], ["y"])],
        "reshape",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ("N",))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ("A", "B"))],
        [helper.make_tensor("shape", TensorProto.INT64, [2], [2, -1])],
    )
    path = tmp_path / "reshape.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))
    session = Session(path)
    assert session.run({"x": np.zeros(4, np.float32)})["y"].shape == (2, 2)
    with pytest.raises(EngineError, match=rf"\A{path}: running failed: [^\n]+\Z"):
        session.run({"x": np.zeros(3, np.float32)})


def test_two_sessions_of_one_file_do_not_disturb_each_other(models: dict[str, zoo.ModelFile]) -> None:
    first, second = (Session(models["movenet-lightning"].path, threads=1) for _ in range(2))
    random = np.random.default_rng(0)
    crops = random.integers(0, 256, (2, 1, 192, 192, 3), np.uint8)
    alone = [first.run({"image": crop})["keypoints"] for crop in crops]
    mixed = [second.run({"image": crop})["keypoints"] for crop in crops[::-1]]
    np.testing.assert_array_equal(alone, mixed[::-1])
