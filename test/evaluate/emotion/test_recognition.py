"""Measuring a network for expressions: who is counted, and how far scores are believed."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from typer.testing import CliRunner

from opendr_perception.cli import app
from opendr_perception.engine.session import Session
from opendr_perception.evaluate.emotion.recognition import evaluate_expressions, judge, worsened
from opendr_perception.evaluate.measures import mean_by_class, reliability
from opendr_perception.evaluate.plots import draw
from opendr_perception.evaluate.report import DatasetError, Report
from opendr_perception.tasks.emotion import ExpressionNet

LABELS = ("happy", "sad")
TEXTURE = np.kron(np.tile([[-60, 60], [60, -60]], (2, 2)), np.ones((12, 12), int))


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """A network to which bright faces are happy, and dark ones sad."""
    nodes = [
        helper.make_node("Cast", ["image"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["real"], ["mean"], axes=[1, 2, 3], keepdims=1),
        helper.make_node("Reshape", ["mean", "shape"], ["column"]),
        helper.make_node("Sub", ["column", "middle"], ["brighter"]),
        helper.make_node("Mul", ["brighter", "signs"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1),
    ]
    constants = {
        "shape": np.array([-1, 1]),
        "middle": np.array([[128.0]], np.float32),
        "signs": np.array([[0.05, -0.05]], np.float32),
    }
    graph = helper.make_graph(
        nodes,
        "brightness",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", 48, 48, 3])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 2])],
        [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, {"labels": json.dumps(LABELS)})
    path = tmp_path / "brightness.onnx"
    onnx.save(model, str(path))
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Three bright faces that are happy, one that is sad, two dark ones that are sad, and one that is angry."""
    rows = ["emotion,pixels,Usage"]
    for number, grey in ((3, 180), (3, 181), (3, 182), (4, 180), (4, 70), (4, 71), (0, 180)):
        rows.append(f"{number},{' '.join(map(str, (grey + TEXTURE).ravel()))},PrivateTest")
    path = tmp_path / "fer2013.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def test_shares_recalls_and_confusion_are_those_of_the_faces_with_known_labels(network: Path, table: Path) -> None:
    report = evaluate_expressions(table, Session(network), "test")
    figures = {figure.name: figure for figure in report.figures}
    assert figures["with a face that was found; these are used"].value == 6
    assert figures["right"].value == pytest.approx(5 / 6)
    assert figures["mean recall"].value == pytest.approx((1 + 2 / 3) / 2)
    assert figures["mean trust"].value == 1
    assert report.confusion["sad"] == {"happy": pytest.approx(1 / 3), "sad": pytest.approx(2 / 3)}
    low, high = figures["mean recall"].interval or (0, 0)
    assert low < 5 / 6 < high
    assert [bin["answers"] for bin in report.as_dict()["reliability"]] == [6]


def test_scores_fall_with_what_makes_faces_worse(network: Path, table: Path) -> None:
    report = evaluate_expressions(table, Session(network), "test")
    trust = {figure.name: figure.value for figure in report.figures if figure.name.endswith(": mean trust")}
    sizes = [value for name, value in trust.items() if name.startswith("faces of")]
    dark = [value for name, value in trust.items() if "darker" in name]
    assert sizes == sorted(sizes, reverse=True)
    assert dark == sorted(dark, reverse=True)
    assert sizes[0] == dark[0] == 1
    assert sizes[-1] == 0
    assert dark[-1] < 0.2


def test_a_crop_is_given_to_the_network_as_it_is(network: Path) -> None:
    from opendr_perception.evaluate.emotion.recognition import _whole
    from opendr_perception.evaluate.emotion.sets import LabelledFaces
    from opendr_perception.tasks.imaging import Image

    net = ExpressionNet(Session(network))
    image = Image((180 + TEXTURE).astype(np.uint8), "mono8")
    face, _, view = _whole(LabelledFaces("happy", image, "1", cut=True), image, net)
    assert net.crop.around(view.box) == pytest.approx((0, 0, 48, 48))
    small = worsened([(face, image, view)], net)["faces of 10 pixels"]
    assert small[0][1].width == 12
    assert judge(net, small).trust[0] < 0.2


def test_images_of_whole_people_are_searched_for_faces(network: Path, astronaut: np.ndarray, tmp_path: Path) -> None:
    for label, pixels in (("happy", astronaut), ("sad", np.full((100, 100, 3), 90, np.uint8))):
        (tmp_path / "set" / label).mkdir(parents=True)
        cv2.imwrite(str(tmp_path / "set" / label / "one.png"), pixels)
    report = evaluate_expressions(tmp_path / "set", Session(network), "all")
    assert report.figures[0].value == 2
    assert report.figures[1].value == 1
    with pytest.raises(DatasetError, match="no face with one of the expressions happy, sad"):
        (tmp_path / "other" / "bored").mkdir(parents=True)
        cv2.imwrite(str(tmp_path / "other" / "bored" / "one.png"), astronaut)
        evaluate_expressions(tmp_path / "other", Session(network), "all")


def test_the_command_writes_figures_and_images(network: Path, table: Path, tmp_path: Path) -> None:
    arguments = ["evaluate", "expressions", str(table), "--model", str(network)]
    result = CliRunner().invoke(
        app, [*arguments, "--json", str(tmp_path / "a.json"), "--plots", str(tmp_path / "a.svg")]
    )
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "a.json").read_text())["confusion"]["happy"] == {"happy": 1.0, "sad": 0.0}
    assert (tmp_path / "a.svg").read_text().startswith("<?xml")
    again = tmp_path / "b.svg"
    draw(evaluate_expressions(table, Session(network), "test"), again)
    assert again.read_bytes() == (tmp_path / "a.svg").read_bytes(), "the same figures give the same image"
    result = CliRunner().invoke(app, [*arguments, "--plots", str(tmp_path / "a.xyz")])
    assert result.exit_code == 1
    assert ".svg, .png or .pdf" in result.output


def test_what_has_no_confusion_is_not_drawn(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no confusion, reliability or ROC"):
        draw(Report("tracks"), tmp_path / "a.svg")
    assert not (tmp_path / "a.svg").exists()


def test_mean_over_classes_and_reliability() -> None:
    right, classes = np.array([1, 1, 0, 1]), np.array([0, 0, 0, 1])
    value, (low, high) = mean_by_class(right, classes, np.array(["a", "b", "c", "d"]))
    assert value == pytest.approx((2 / 3 + 1) / 2)
    assert low <= value <= high
    assert reliability([0.55, 0.58, 0.91], [True, False, True]) == [
        (2, pytest.approx(0.565), 0.5),
        (1, pytest.approx(0.91), 1.0),
    ]
