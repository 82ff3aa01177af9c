"""opendr-perception teach expressions: what it writes runs as the node runs it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import yaml
from typer.testing import CliRunner, Result

from opendr_perception import zoo
from opendr_perception.evaluate.report import DatasetError
from opendr_perception.networks.emotion.compact import equalised
from opendr_perception.tasks.emotion import ExpressionNet
from opendr_perception.teach_cli import app
from opendr_perception.training.common.lessons import UNTAUGHT, AdapterName, AdapterPlan, lesson_loss
from opendr_perception.training.emotion.teaching import ExpressionSource, LabelledCrop, learn, read_source


def mask(name: str, serial: int) -> np.ndarray:
    """A drawn face (48, 48): it puffs its cheeks, or closes its eyes."""
    rng = np.random.default_rng((len(name), serial))
    image = np.full((48, 48), rng.integers(90, 150), np.uint8)
    cv2.ellipse(image, (24, 24), (19, 22), 0, 0, 360, int(rng.integers(170, 220)), -1)
    for x in (16, 32):
        if name == "eyes closed":
            cv2.line(image, (x - 4, 19), (x + 4, 19), 30, 1)
        else:
            cv2.circle(image, (x, 19), 3, 30, -1)
            cv2.circle(image, (x - 6 if x < 24 else x + 6, 32), 7, 245, -1)
    cv2.line(image, (19, 36), (29, 36), 60, 2)
    return image


def teach(*arguments: object) -> Result:
    torch.set_num_threads(1)
    return CliRunner().invoke(app, ["expressions", *map(str, arguments)])


@pytest.fixture(scope="module")
def source() -> ExpressionSource:
    return read_source(zoo.require("expression-research").path, "expression-research")


def test_the_source_is_read_from_the_model_itself(source: ExpressionSource) -> None:
    image = mask("eyes closed", 1)
    session = zoo.session("expression-research")
    said = session.run({"image": np.repeat(image[None, ..., None], 3, 3)})["probabilities"][0]
    with torch.no_grad():
        found = source.network(equalised(torch.from_numpy(image).float()[None, None])).softmax(1)[0]
    np.testing.assert_allclose(found.numpy(), said, atol=1e-4)
    assert source.terms == "research"


@pytest.mark.parametrize("adapter", ["head", "splora"])
def test_new_expressions_are_learned(source: ExpressionSource, adapter: AdapterName) -> None:
    torch.set_num_threads(1)
    names = ("eyes closed", "cheeks")
    faces = [LabelledCrop(mask(name, serial), name, "") for name in names for serial in range(4)]
    lesson = learn(source, faces, AdapterPlan(adapter, steps=20, batch=6, rate=1e-2))
    assert lesson.labels == (*source.labels, *names)
    planes = equalised(torch.from_numpy(np.stack([mask(name, 9) for name in names])).float()[:, None])
    with torch.no_grad():
        answers = lesson.network(planes)[:, -2:].argmax(1)
    assert answers.tolist() == [0, 1]
    with pytest.raises(DatasetError, match="nothing is labelled"):
        learn(source, [LabelledCrop(mask("cheeks", 0), "", "")], AdapterPlan(steps=1))


def test_with_a_head_of_its_own_what_is_known_compares_as_before(source: ExpressionSource) -> None:
    torch.set_num_threads(1)
    assert source.known is not None
    faces = [LabelledCrop(mask("cheeks", serial), "cheeks", "") for serial in range(3)]
    lesson = learn(source, faces, AdapterPlan(steps=2, batch=4))
    planes = equalised(torch.from_numpy(np.stack([mask("eyes closed", k) for k in range(4)])).float()[:, None])
    with torch.no_grad():
        before, after = source.network(planes).softmax(1), lesson.network(planes).softmax(1)
    shared = after[:, : len(source.labels)]
    torch.testing.assert_close(shared / shared.sum(1, keepdim=True), before, atol=1e-4, rtol=1e-3)
    assert lesson.known is not None
    assert len(lesson.known.means) == len(source.known.means) + 1
    with pytest.raises(DatasetError, match="all labels are known"):
        learn(source, [LabelledCrop(mask("cheeks", 0), "happy", "")], AdapterPlan(steps=1))


def test_what_has_no_label_keeps_the_answers_of_the_source() -> None:
    said = torch.tensor([[3.0, 0.0, 0.0]])
    same = torch.tensor([[3.0, 0.0, 0.0, -9.0]])
    changed = torch.tensor([[3.0, 0.0, 0.0, 9.0]])
    unlabelled = torch.tensor([UNTAUGHT])
    assert lesson_loss(same, unlabelled, said) < lesson_loss(changed, unlabelled, said)
    new = torch.tensor([3])
    assert lesson_loss(changed, new, said) < lesson_loss(same, new, said)


def test_a_model_is_written_that_the_node_runs_and_that_can_be_taught_again(
    tmp_path: Path, astronaut: np.ndarray
) -> None:
    for name in ("wink", "yawn"):
        (tmp_path / "faces" / name).mkdir(parents=True)
        cv2.imwrite(str(tmp_path / "faces" / name / "0.jpg"), astronaut)
    model = tmp_path / "lab.onnx"
    result = teach(tmp_path / "faces", "--output", model, "--steps", 1)
    assert result.exit_code == 0, result.stderr
    card = yaml.safe_load(model.with_suffix(".yaml").read_text(encoding="utf-8"))
    assert card["taught"] == {"wink": 1, "yawn": 1}
    assert card["terms"] == "research"
    assert ExpressionNet(zoo.session(str(model))).labels[-2:] == ("wink", "yawn")

    frames = tmp_path / "film"
    frames.mkdir()
    for number in range(2):
        cv2.imwrite(str(frames / f"{number}.png"), astronaut)
    (tmp_path / "film.csv").write_text("begin,end,label\n0,1,sleepy\n")
    again = teach(
        frames, "--labels", tmp_path / "film.csv", "--model", model, "--output", tmp_path / "b.onnx", "--steps", 1
    )
    assert again.exit_code == 0, again.stderr
    refused = teach(
        frames,
        "--labels",
        tmp_path / "film.csv",
        "--model",
        model,
        "--output",
        tmp_path / "c.onnx",
        "--adapter",
        "lora",
    )
    assert "taught by a head of its own" in " ".join(refused.stderr.split())
    labels = yaml.safe_load((tmp_path / "b.yaml").read_text(encoding="utf-8"))["labels"]
    assert labels[-3:] == ["wink", "yawn", "sleepy"]


def test_what_cannot_be_learned_from_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "faces" / "wink").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "faces" / "wink" / "0.png"), np.zeros((96, 128, 3), np.uint8))
    output = ("--output", tmp_path / "lab.onnx")
    assert "no image of 'wink' a face is found" in " ".join(teach(tmp_path / "faces", *output).stderr.split())
    film = tmp_path / "faces" / "wink"
    assert "has no labels in itself" in teach(film, *output).stderr
    (tmp_path / "rows.csv").write_text("begin,end,label\n0,2,yawn\n")
    result = teach(film, *output, "--labels", tmp_path / "rows.csv")
    assert result.exit_code == 1
    assert "line 2 (yawn): wink shows no face" in result.stderr
    assert "no network of expressions" in teach(tmp_path / "faces", *output, "--model", "action-open").stderr
    assert not (tmp_path / "lab.onnx").exists()
