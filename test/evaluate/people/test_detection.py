"""The detector and the tracker, measured: on made images, and on real ones where they are."""

from __future__ import annotations

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

pytest.importorskip("pycocotools", reason="pycocotools is missing: pip install 'opendr_perception[evaluate]'")

from opendr_perception import zoo
from opendr_perception.cli import app
from opendr_perception.engine.session import Session
from opendr_perception.evaluate.people.detection import judge
from opendr_perception.evaluate.people.sets import people_set
from opendr_perception.evaluate.people.tracking import evaluate_tracks
from opendr_perception.tasks.imaging.image import Image
from opendr_perception.tasks.people.detection import PersonDetector
from opendr_perception.tasks.people.two_sizes import TwoSizes

DATA = Path(os.environ.get("OPENDR_DATA", "../shared/data"))
DETECTOR = "nanodet"


@pytest.fixture(scope="module")
def sequence(
    tmp_path_factory: pytest.TempPathFactory, models: dict[str, zoo.ModelFile], street: list[np.ndarray]
) -> Path:
    """A street that stands still as a sequence of MOT Challenge, labelled with what is found in it."""
    folder = tmp_path_factory.mktemp("street")
    for name in ("gt", "img1"):
        (folder / name).mkdir()
    detector = PersonDetector(Session(models[DETECTOR].path), score_threshold=0.6)
    [first] = detector([Image(street[0], "bgr8")])
    corners, sides = first.boxes[:, :2] + 1, first.boxes[:, 2:] - first.boxes[:, :2]
    rows = []
    for number in range(1, 7):
        assert cv2.imwrite(str(folder / "img1" / f"{number:06}.png"), street[0])
        for who, (x, y, w, h) in enumerate(np.hstack([corners, sides]).tolist()):
            rows.append(f"{number},{who},{x:.1f},{y:.1f},{w:.1f},{h:.1f},1,1,1")
    (folder / "gt" / "gt.txt").write_text("\n".join(rows))
    (folder / "seqinfo.ini").write_text("[Sequence]\nframeRate=10\n")
    return folder


@pytest.mark.parametrize("capability", ["persons", "tracks"])
def test_the_command_measures_and_writes_what_it_shows(capability: str, sequence: Path, tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    result = CliRunner().invoke(app, ["evaluate", capability, str(sequence), "--part", "all", "--json", str(file)])
    assert result.exit_code == 0, result.output
    figures = {row["name"]: row["value"] for row in json.loads(file.read_text())["figures"]}
    if capability == "persons":
        assert figures["images"] == 6 and figures["standard: AP"] > 0.9
        assert figures["high: recall at 0.46"] >= figures["standard: recall at 0.46"] - 0.1
    else:
        assert figures["labelled frames"] == 6 and figures["every frame: switches"] == 0


@pytest.mark.parametrize("capability", ["persons", "tracks", "nms"])
def test_data_of_another_kind_are_refused_in_one_line(capability: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["evaluate", capability, str(tmp_path)])
    assert result.exit_code == 1
    assert "neither a COCO file" in result.output and "Traceback" not in result.output


def test_single_images_have_no_tracks(tmp_path: Path, models: dict[str, zoo.ModelFile]) -> None:
    (tmp_path / "boxes.json").write_text("{}")
    (tmp_path / "images").mkdir()
    result = CliRunner().invoke(app, ["evaluate", "tracks", str(tmp_path)])
    assert result.exit_code == 1 and "is no film" in result.output


@pytest.mark.slow
def test_two_sizes_find_people_whom_one_misses(models: dict[str, zoo.ModelFile]) -> None:
    folder = DATA / "pennfudan"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not here; OPENDR_DATA names the folder of data")
    images = people_set(folder)
    detector = PersonDetector(Session(models[DETECTOR].path))
    some = images.numbers("test")[::6]
    images = type(images)("some", {n: images.labels[n] for n in some}, frozenset(), images.frames)
    one, two = judge(images, "all", detector), judge(images, "all", TwoSizes(detector))
    found = [sum(int(image.hits.sum()) for image in judged.matched) for judged in (one, two)]
    assert found[1] > 1.15 * found[0]


@pytest.mark.slow
def test_people_of_a_real_street_keep_their_ids(models: dict[str, zoo.ModelFile]) -> None:
    folder = DATA / "pets09_s2l1"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not here; OPENDR_DATA names the folder of data")
    report = evaluate_tracks(folder, Session(models[DETECTOR].path), "train")  # the first third of the film
    figures = {figure.name: figure.value for figure in report.figures}
    for course in ("every frame", "every other frame"):
        assert figures[f"{course}: IDF1"] > 0.72, "by place alone it was 0.64 to 0.70"
        assert figures[f"{course}: switches"] < 5, "by place alone there were 13 to 15 in the whole film"
