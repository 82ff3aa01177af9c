"""Every format of detectors: candidates whose place is known by construction come back in pixels of the image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from opendr_perception import zoo
from opendr_perception.engine.session import EngineError, Session
from opendr_perception.tasks.imaging.image import Image
from opendr_perception.tasks.nms import Greedy
from opendr_perception.tasks.people import formats
from opendr_perception.tasks.people.detection import PersonDetector
from opendr_perception.zoo.importing import FORMATS, import_model

CELLS = 8 * 12 + 4 * 6 + 2 * 3
"""Of a canvas of 64 x 96 pixels, in strides 8, 16 and 32."""
IMAGE = Image(np.zeros((96, 192, 3), np.uint8), "bgr8")
"""Twice as large as the canvas across; 48 rows of the canvas show it."""

TALL = (10.0, 12.0, 30.0, 40.0)
"""A box in pixels of the canvas."""
NEXT = (11.0, 12.0, 31.0, 41.0)
"""One that is the same person."""
OTHER = (60.0, 8.0, 80.0, 24.0)


def imported(path: Path, form: str, tmp_path: Path, **options: Any) -> Session:
    cache = zoo.Cache(tmp_path / "cache")
    return Session(zoo.require(import_model(form, path, "it", cache=cache, **options).name, cache).path, threads=1)


def centred(*boxes: tuple[float, ...]) -> np.ndarray:
    corners = np.array(boxes)
    return np.concatenate([(corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]], axis=1)


def yolo(*rows: tuple[tuple[float, ...], int, float], classes: int = 80) -> np.ndarray:
    """The raw output (1, 4 + classes, A) that says so: box, class and score of each."""
    output = np.zeros((1, 4 + classes, CELLS), np.float32)
    for k, (box, kind, score) in enumerate(rows):
        output[0, :4, 7 * k + 3] = centred(box)[0]
        output[0, 4 + kind, 7 * k + 3] = score
    return output


def yolox(*rows: tuple[tuple[float, ...], int, float], decoded: bool = False) -> np.ndarray:
    """The output (1, A, 85) of YOLOX, from its definition: the cell of stride 8 in which the centre lies says so."""
    output = np.zeros((1, CELLS, 85), np.float32)
    strides = np.repeat([8, 16, 32], [96, 24, 6])
    if decoded:
        for level, (stride, first) in enumerate(((8, 0), (16, 96), (32, 120))):
            rows_, columns = np.mgrid[: 64 // stride, : 96 // stride]
            output[0, first : first + rows_.size, 0] = columns.ravel() * stride
            output[0, first : first + rows_.size, 1] = rows_.ravel() * stride
            assert strides[first] == stride, level
    for box, kind, score in rows:
        x, y, width, height = centred(box)[0]
        at = int(y // 8) * 12 + int(x // 8)
        while output[0, at, 4] > 0:
            at += 1  # the next cell says the same
        column, row = at % 12, at // 12
        output[0, at, :4] = (
            (x, y, width, height) if decoded else (x / 8 - column, y / 8 - row, np.log(width / 8), np.log(height / 8))
        )
        output[0, at, 4], output[0, at, 5 + kind] = 0.9, score / 0.9
    return output


THREE = ((TALL, 0, 0.8), (NEXT, 0, 0.7), (OTHER, 0, 0.6))
DOG = ((0.0, 0.0, 20.0, 20.0), 16, 0.9)
FAINT = ((40.0, 40.0, 50.0, 47.0), 0, 0.3)

RAW = {
    "yolox": {"output": yolox(*THREE, DOG, FAINT)},
    "yolox decoded": {"output": yolox(*THREE, DOG, FAINT, decoded=True)},
    "yolo": {"output0": yolo(*THREE, DOG, FAINT)},
}


@pytest.mark.parametrize("case", RAW)
def test_raw_candidates_are_suppressed_here(case: str, exports: Any, tmp_path: Path) -> None:
    form = case.split()[0]
    session = imported(exports("raw.onnx", RAW[case]), form, tmp_path)
    [found] = PersonDetector(session, 0.5)([IMAGE])
    # YOLOX lays the image into the corner, YOLO into the middle: 48 of 64 rows.
    top = 8 if form == "yolo" else 0
    expected = [np.clip(2 * (np.array(box) - (0, top, 0, top)), 0, (192, 96, 192, 96)) for box in (TALL, OTHER)]
    np.testing.assert_allclose(found.boxes, expected, atol=1e-3)
    np.testing.assert_allclose(found.scores, [0.8, 0.6], atol=1e-6)
    [all_three] = PersonDetector(session, 0.5, Greedy(1.0))([IMAGE])
    assert len(all_three) == 3


def rows(*candidates: tuple[tuple[float, ...], int, float], classes: bool) -> np.ndarray:
    """(1, K, 5 or 6): box, score and class."""
    return np.array([[[*box, score, kind][: 6 if classes else 5] for box, kind, score in candidates]], np.float32)


FINAL = (*THREE, DOG, FAINT, ((0.0, 0.0, 0.0, 0.0), 0, 0.0))
KINDS = np.array([[kind for _, kind, _ in FINAL]])
SCORES = np.array([[score for _, _, score in FINAL]], np.float32)
BOXES = np.array([[box for box, _, _ in FINAL]], np.float32)
LOGITS = np.full((1, len(FINAL), 80), -20, np.float32)
LOGITS[0, np.arange(len(FINAL)), KINDS[0]] = np.log(np.clip(SCORES, 1e-6, 1) / (1 - np.clip(SCORES, 1e-6, 0.99)))

END_TO_END = {
    "yolo": {"output0": rows(*FINAL, classes=True)},
    "yolox": {"dets": rows(*FINAL, classes=False), "labels": KINDS},
    "rtmdet": {"dets": rows(*FINAL, classes=False), "labels": KINDS},
    "rt-detr": {"labels": KINDS, "boxes": BOXES, "scores": SCORES},
    "d-fine": {"logits": LOGITS, "pred_boxes": (centred(*BOXES[0]) / (96, 64, 96, 64))[None]},
}


@pytest.mark.parametrize("form", END_TO_END)
def test_what_gives_one_box_for_each_is_not_suppressed_again(form: str, exports: Any, tmp_path: Path) -> None:
    path = exports("final.onnx", END_TO_END[form], batch="N", size_of_each=form == "rt-detr", free=True)
    detector = PersonDetector(imported(path, form, tmp_path), 0.5)
    [found, again] = detector([IMAGE, IMAGE])
    if "detr" in form or form == "d-fine":  # all of the canvas shows the image
        expected = BOXES[0, :3] * (2, 1.5, 2, 1.5)
    else:
        top = 8 if form == "yolo" else 0
        expected = np.clip(2 * (BOXES[0, :3] - (0, top, 0, top)), 0, (192, 96, 192, 96))
    np.testing.assert_allclose(found.boxes, expected, atol=1e-3)
    np.testing.assert_allclose(found.scores, [0.8, 0.7, 0.6], atol=1e-4)
    np.testing.assert_array_equal(again.boxes, found.boxes)


def test_every_detector_that_can_be_imported_has_a_decoder(exports: Any, tmp_path: Path) -> None:
    assert {name for name, form in FORMATS.items() if form.task == "person detection"} == {*END_TO_END}
    for form, outputs in END_TO_END.items():
        path = exports(f"{form}.onnx", outputs, size_of_each=form == "rt-detr")
        session = imported(path, form, tmp_path / form)
        assert session.metadata["format"] in formats.FORMATS


def test_nobody_is_an_answer(exports: Any, tmp_path: Path) -> None:
    nobody = {"dets": np.empty((1, 0, 5), np.float32), "labels": np.empty((1, 0), np.int64)}
    [found] = PersonDetector(imported(exports("none.onnx", nobody, free=True), "rtmdet", tmp_path))([IMAGE])
    assert found.boxes.shape == (0, 4)


def test_people_may_be_another_class(exports: Any, tmp_path: Path) -> None:
    two = {"output0": yolo((TALL, 1, 0.8), (OTHER, 0, 0.9), classes=2)}
    path = exports("two.onnx", two, notes={"names": "{0: 'head', 1: 'person'}", "task": "detect"})
    [found] = PersonDetector(imported(path, "yolo", tmp_path))([IMAGE])
    np.testing.assert_allclose(found.scores, [0.8])
    [heads] = PersonDetector(imported(path, "yolo", tmp_path / "heads", person=0))([IMAGE])
    np.testing.assert_allclose(heads.scores, [0.9])


def test_numbers_that_are_none_are_nobody(exports: Any, tmp_path: Path) -> None:
    session = imported(exports("raw.onnx", RAW["yolo"]), "yolo", tmp_path)
    decoder = formats.format_of(session)
    broken = np.full((84, CELLS), np.nan, np.float32)
    broken[4] = 0.9
    assert not np.isfinite(decoder.decode({"predictions": broken}, (64, 96), 0.5).boxes).any()
    overflowing = np.full((CELLS, 85), 1e4, np.float32)
    yolox_decoder = formats.format_of(imported(exports("x.onnx", RAW["yolox"]), "yolox", tmp_path / "x"))
    assert np.isinf(yolox_decoder.decode({"predictions": overflowing}, (64, 96), 0.5).boxes).any()


def test_a_model_of_another_task_is_refused(exports: Any, tmp_path: Path) -> None:
    maps = {name: np.zeros((1, 17, length), np.float32) for name, length in (("x", 384), ("y", 512))}
    session = imported(exports("pose.onnx", maps, (256, 192)), "rtmpose", tmp_path)
    with pytest.raises(EngineError, match="format 'simcc' is no person detector; those are of nanodet, yolox"):
        PersonDetector(session)
