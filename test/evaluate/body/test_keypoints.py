"""Keypoints of people against labels: similarity by COCO's formula, and a set whose answers are known."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from opendr_perception import zoo
from opendr_perception.cli import app
from opendr_perception.evaluate.body.keypoints import SPREAD, similarity
from opendr_perception.evaluate.body.sets import COCO17, labelled_bodies
from opendr_perception.evaluate.report import DatasetError
from opendr_perception.tasks import body

NAMES = [name.replace("_", " ").title() for name in COCO17]
"""As other sets write them."""


def write(folder: Path, people: list[dict[str, object]], names: list[str] = NAMES) -> Path:
    content = {
        "images": [{"id": 3, "file_name": "one.png"}, {"id": 4, "file_name": "nobody.png"}],
        "categories": [{"id": 1, "name": "person", "keypoints": names}],
        "annotations": [{"image_id": 3, "category_id": 1, "bbox": [0, 0, 100, 200], **one} for one in people],
    }
    (folder / "set.json").write_text(json.dumps(content))
    return folder / "set.json"


def test_similarity_is_that_of_coco() -> None:
    truth = np.full((1, 17, 2), np.nan)
    truth[0, :2] = (10, 10), (20, 20)
    found = np.zeros((2, 17, 2))
    found[0, :2] = (10, 10), (20, 20)
    found[1, :2] = (10, 10), (20 + 5, 20)
    alike = similarity(truth, np.array([900.0]), found)[0]
    assert alike[0] == 1
    assert alike[1] == pytest.approx((1 + np.exp(-25 / (2 * 900 * SPREAD[1] ** 2))) / 2)
    assert SPREAD[0] == pytest.approx(2 * 0.026)


def test_keypoints_are_known_by_name_and_what_is_not_labelled_is_left_out(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "one.png"), np.zeros((20, 20, 3), np.uint8))
    names = ["Left Shoulder", "head-top", "nose"]
    points = [1, 2, 2, 3, 4, 2, 5, 6, 1]
    path = write(tmp_path, [{"keypoints": points}, {"keypoints": [0] * 9}, {"keypoints": points, "iscrowd": 1}], names)
    [labels] = labelled_bodies(path)
    assert len(labels.keypoints) == 1 and labels.areas.tolist() == [0.53 * 100 * 200]
    assert labels.keypoints[0, COCO17.index("nose")].tolist() == [5, 6]
    assert np.isfinite(labels.keypoints[0]).all(axis=-1).sum() == 2


def test_more_names_than_keypoints_are_taken_if_they_begin_with_those_of_coco(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "one.png"), np.zeros((20, 20, 3), np.uint8))
    more = ["left finger", "right finger", "left toe", "right toe"]  # as Human-Art names 21 and gives 17
    people = [{"keypoints": [float(number) + 1 for number in range(51)]}]
    [labels] = labelled_bodies(write(tmp_path, people, NAMES + more))
    assert labels.keypoints[0].tolist() == [[3.0 * number + 1, 3.0 * number + 2] for number in range(17)]
    with pytest.raises(DatasetError, match="somebody has 17 keypoints, and 21 are named"):
        labelled_bodies(write(tmp_path, people, more + NAMES))


@pytest.mark.parametrize("points", [[1, 2], [1, 2, 2], "no"])
def test_what_is_no_set_is_refused_in_one_line(tmp_path: Path, points: object) -> None:
    with pytest.raises(DatasetError, match=r"^[^\n]+$"):
        labelled_bodies(write(tmp_path, [{"keypoints": points}]))


def test_a_set_labelled_with_what_the_network_finds_is_right(
    tmp_path: Path, astronaut: np.ndarray, models: dict[str, zoo.ModelFile]
) -> None:
    cv2.imwrite(str(tmp_path / "one.png"), astronaut)
    found = body.build(body.Settings(threads=1))(astronaut)
    points = found.keypoints[0].copy()
    points[:, 2] = 2
    left, top, right, bottom = found.people.boxes[0].tolist()
    box = [left, top, right - left, bottom - top]
    missed = {"keypoints": [5, 5, 2] + [0] * 48, "bbox": [0, 0, 10, 10]}
    path = write(tmp_path, [{"keypoints": points.ravel().tolist(), "bbox": box}, missed])
    answer = CliRunner().invoke(app, ["evaluate", "poses", str(path), "--json", str(tmp_path / "a.json")])
    assert answer.exit_code == 0, answer.output
    figures = {one["name"]: one["value"] for one in json.loads((tmp_path / "a.json").read_text())["figures"]}
    assert figures["people found"] == 0.5 and figures["mean OKS"] == pytest.approx(0.5, abs=0.01)
    assert figures["keypoints within 1/10 of the box"] == pytest.approx(17 / 18, abs=0.001)
    assert figures["answers that are somebody"] == 1
    assert figures["right of those scored 0.4 to 0.6"] == 1 and figures["keypoints scored 0.4 to 0.6"] > 0
    nobody = write(tmp_path, [missed])
    CliRunner().invoke(app, ["evaluate", "poses", str(nobody), "--json", str(tmp_path / "b.json")])
    figures = {one["name"]: one["value"] for one in json.loads((tmp_path / "b.json").read_text())["figures"]}
    assert figures["right of those scored 0.4 to 0.6"] == 0
    assert figures["keypoints scored 0.4 to 0.6"] > 0 and "keypoints scored 0.4 to 0.6, calibrated" in figures
