"""Expressions of single images: who is believed how much, and which networks are taken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from opendr_perception.engine.session import EngineError, Session
from opendr_perception.tasks.emotion.expression import (
    CIRCUMPLEX,
    EXPRESSIONS,
    ExpressionNet,
    FaceView,
    affect_of,
    mean_affect,
    trust_in,
    visible,
)
from opendr_perception.tasks.imaging.image import Image

IMAGE = Image(np.full((100, 200, 3), 128, np.uint8), "bgr8")
WHOLE = np.array([60.0, 20.0, 120.0, 80.0])


def view(box: Any = WHOLE, **fields: Any) -> FaceView:
    return FaceView(np.asarray(box, np.float64), **fields)


def network(path: Path, labels: list[str] | None, affect: bool = False, size: int = 32, width: int = 0) -> Path:
    """A network whose probability of each label depends on the mean red, green, blue of the crop."""
    count = width or len(labels or [])
    weights = np.zeros((3, count), np.float32)
    weights[np.arange(min(3, count)), np.arange(min(3, count))] = 0.1
    nodes = [
        helper.make_node("Cast", ["image"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["real"], ["colour"], axes=[1, 2], keepdims=0),
        helper.make_node("MatMul", ["colour", "weights"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1),
    ]
    outputs = [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", count])]
    constants = [onnx.numpy_helper.from_array(weights, "weights")]
    if affect:
        constants.append(onnx.numpy_helper.from_array(np.eye(3, 2, dtype=np.float32), "two"))
        nodes.append(helper.make_node("MatMul", ["colour", "two"], ["valence_arousal"]))
        outputs.append(helper.make_tensor_value_info("valence_arousal", TensorProto.FLOAT, ["N", 2]))
    image = helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", size, size, 3])
    graph = helper.make_graph(nodes, "colours", [image], outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    if labels is not None:
        helper.set_model_props(model, {"labels": json.dumps(labels)})
    onnx.save(model, str(path))
    return path


def test_a_smile_is_happy(models: Any, astronaut: np.ndarray) -> None:
    net = ExpressionNet(Session(models["face-expression"].path))
    found = net([(Image(astronaut, "bgr8"), view([175, 60, 275, 170]))])
    assert net.labels == EXPRESSIONS
    assert EXPRESSIONS[int(found.probabilities[0].argmax())] == "happy"
    assert found.probabilities.sum() == pytest.approx(1)
    assert found.affect[0, 0] > 0.4


def test_networks_of_other_people_bring_labels_size_and_affect(tmp_path: Path) -> None:
    net = ExpressionNet(Session(network(tmp_path / "n.onnx", ["Happiness", "Anger", "Fear"], size=24)))
    red = Image(np.full((100, 200, 3), (0, 0, 255), np.uint8), "bgr8")
    found = net([(red, view())])
    assert net.labels == ("Happiness", "Anger", "Fear")
    assert found.probabilities[0].argmax() == 0, "the crops are RGB"
    assert found.affect[0] == pytest.approx(CIRCUMPLEX["happy"], abs=1e-3)
    own = ExpressionNet(Session(network(tmp_path / "va.onnx", ["Happiness", "Anger", "Fear"], affect=True)))
    assert own([(red, view())]).affect[0] == pytest.approx([1, 0]), "its own, inside of [-1, 1]"
    unknown = ExpressionNet(Session(network(tmp_path / "u.onnx", ["red", "green", "blue"])))
    assert np.isnan(unknown([(red, view())]).affect).all()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"labels": None, "width": 7}, "no labels"),
        ({"labels": ["one", "two"], "width": 3}, "expected the outputs probabilities"),
    ],
)
def test_a_network_of_another_kind_is_refused(arguments: dict[str, Any], problem: str, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=problem):
        ExpressionNet(Session(network(tmp_path / "n.onnx", **arguments)))


def test_what_cannot_be_seen_well_is_believed_less() -> None:
    assert trust_in(view(), IMAGE) == 1
    assert trust_in(view(angles=(0.2, -0.1, 0.1)), IMAGE) == 1
    for worse, worst in (
        ({"angles": (0.8, 0.0, 0.0)}, {"angles": (-1.2, 0.0, 0.0)}),
        ({"angles": (0.0, 0.5, 0.0)}, {"angles": (0.0, -0.9, 0.0)}),
        ({"angles": (0.0, 0.0, -0.6)}, {"angles": (0.0, 0.0, 1.5)}),
        ({"box": [60, 20, 90, 50]}, {"box": [60, 20, 70, 30]}),
        ({"box": [-20, 20, 40, 80]}, {"box": [-40, 20, 20, 80]}),
        (
            {"landmarks": np.array([[-5.0, 40.0], [10.0, 40.0], [5.0, 50.0], [5.0, 70.0]])},
            {"landmarks": np.array([[-5.0, 40.0], [10.0, 40.0], [-5.0, 50.0], [5.0, 70.0]])},
        ),
    ):
        assert 0 < trust_in(view(**worse), IMAGE) < 1, worse
        assert trust_in(view(**worst), IMAGE) == 0, worst


def test_distrust_makes_probabilities_equal_and_affect_small(tmp_path: Path) -> None:
    net = ExpressionNet(Session(network(tmp_path / "n.onnx", ["happy", "angry", "fearful"])))
    red = Image(np.full((100, 200, 3), (0, 0, 255), np.uint8), "bgr8")
    turned = [net([(red, view(angles=(yaw, 0.0, 0.0)))]) for yaw in (0.0, 0.7, 0.9, 1.2)]
    best = [found.probabilities.max() for found in turned]
    assert best == sorted(best, reverse=True)
    assert best[-1] == pytest.approx(1 / 3)
    assert turned[-1].affect == pytest.approx(np.zeros((1, 2)))


@pytest.mark.parametrize(
    "box",
    [
        [np.nan, 20, 120, 80],
        [60, 20, np.inf, 80],
        [60, 20, 60, 80],
        [120, 20, 60, 80],
        [-50, 20, -10, 80],
        [60, 200, 120, 260],
    ],
)
def test_a_box_that_shows_nothing_is_not_visible(box: list[float]) -> None:
    assert visible(view(), IMAGE)
    assert not visible(view(box), IMAGE)


def test_the_circumplex_has_the_right_quadrants() -> None:
    places = dict(zip(EXPRESSIONS, affect_of(EXPRESSIONS), strict=True))
    assert places["happy"][0] > 0 > places["sad"][0]
    assert places["angry"][1] > 0 > places["sad"][1]
    assert np.abs(affect_of(EXPRESSIONS)).max() <= 1


def test_labels_without_a_place_are_left_out_of_valence_and_arousal() -> None:
    labels = ["happy", "contemptuous", "sad"]
    np.testing.assert_allclose(mean_affect(np.array([[0.5, 0.5, 0.0]]), labels), [CIRCUMPLEX["happy"]])
    assert mean_affect(np.array([[0.0, 1.0, 0.0]]), labels) == pytest.approx(np.zeros((1, 2)))
    assert np.isnan(mean_affect(np.eye(2), ["contemptuous", "bored"])).all()


def test_nobody_gives_nothing(tmp_path: Path) -> None:
    found = ExpressionNet(Session(network(tmp_path / "n.onnx", ["a", "b"])))([])
    assert found.probabilities.shape == (0, 2)
    assert found.affect.shape == (0, 2)
