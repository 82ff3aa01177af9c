"""Heatmaps of human presence, measured against boxes of people."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from opendr_perception.cli import app
from opendr_perception.evaluate.people.sets import LabelledPeople
from opendr_perception.evaluate.presence.cells import cells_of
from opendr_perception.tasks.imaging import Heatmap


def test_what_is_hot_in_a_box_is_found_and_what_is_hot_elsewhere_counted() -> None:
    values = np.zeros((10, 10), np.float32)
    values[2, 2], values[7, 7], values[0, 9] = 0.99, 0.5, 1.0
    people = LabelledPeople.of(
        [(0, (0, 0, 16, 16), False), (1, (24, 24, 16, 16), False), (2, (32, 0, 8, 8), True)],
    )
    found = cells_of(Heatmap(values, 4.0, 2.0), people, np.random.default_rng(0))
    assert found.heat.tolist() == pytest.approx([0.99, 0.5])
    assert found.heights.tolist() == [16, 16]
    assert (len(found.inside), len(found.outside)) == (32, 100 - 36)
    assert found.hot == 0.0, "what is to be ignored is neither"


def test_people_of_a_street_are_found_more_often_than_the_rest_is_hot(
    models: object, street: list[np.ndarray], tmp_path: Path
) -> None:
    (tmp_path / "set" / "images").mkdir(parents=True)
    assert cv2.imwrite(str(tmp_path / "set" / "images" / "one.png"), street[0])
    boxes = {"one": {"boxes_xyxy": [[480, 160, 530, 270], [0, 0, 40, 40]]}}  # a man, and lawn
    (tmp_path / "set" / "boxes.json").write_text(json.dumps(boxes))
    file = tmp_path / "figures.json"
    result = CliRunner().invoke(
        app, ["evaluate", "presence", str(tmp_path / "set"), "--part", "all", "--json", str(file)]
    )
    assert result.exit_code == 0, result.output
    told = json.loads(file.read_text())
    figures = {row["name"]: row["value"] for row in told["figures"]}
    assert (figures["images"], figures["people"]) == (1, 2)
    assert 0 <= figures["of the rest of the image, hot"] < 0.3
    assert set(told["tables"]["found, by height in pixels"]) == {"32 to 64", "64 to 128"}
