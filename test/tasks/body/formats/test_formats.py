"""Every format of pose networks: keypoints whose place is known by construction come back in pixels of the image."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from opendr_perception import zoo
from opendr_perception.engine.session import EngineError, Session
from opendr_perception.tasks.body import formats
from opendr_perception.tasks.body.bottom_up import BottomUpEstimator
from opendr_perception.tasks.body.formats.heatmap import refined_peaks
from opendr_perception.tasks.body.pose import PoseEstimator
from opendr_perception.tasks.imaging.image import Image, around
from opendr_perception.tasks.nms import Detections
from opendr_perception.zoo.importing import FORMATS, import_model

PERSON = np.array([40, 30, 100, 150], np.float32)
IMAGE = Image(np.zeros((192, 256, 3), np.uint8), "bgr8")
SIZE = (64, 48)
"""Of the crops."""
LEFT, TOP, RIGHT, BOTTOM = around(PERSON, 48 / 64, 1.25)


def one_person(images: Sequence[Image]) -> list[Detections]:
    return [Detections(PERSON[None], np.array([0.9], np.float32)) for _ in images]


def imported(path: Path, form: str, tmp_path: Path) -> Session:
    cache = zoo.Cache(tmp_path / "cache")
    return Session(zoo.require(import_model(form, path, "it", cache=cache).name, cache).path, threads=1)


def test_a_crop_has_the_aspect_of_the_network_and_a_margin() -> None:
    assert pytest.approx(48 / 64) == (RIGHT - LEFT) / (BOTTOM - TOP)
    assert pytest.approx(1.25 * 120) == (BOTTOM - TOP)
    assert ((LEFT + RIGHT) / 2, (TOP + BOTTOM) / 2) == (70, 90)


@pytest.mark.parametrize("keypoints", [17, 26, 133])
def test_the_best_places_along_both_axes_are_the_keypoint(keypoints: int, exports: Any, tmp_path: Path) -> None:
    x, y = (np.full((1, keypoints, 2 * side), 0.1, np.float32) for side in (48, 64))
    for joint in range(keypoints):
        x[0, joint, (5 * joint) % 96], y[0, joint, (7 * joint) % 128] = 0.9, 0.6 + 0.01 * (joint % 17)
    path = exports("simcc.onnx", {"simcc_x": x, "simcc_y": y}, SIZE, batch="N")
    [poses] = PoseEstimator(one_person, imported(path, "rtmpose", tmp_path))([IMAGE])
    assert poses.keypoints.shape == (1, 17, 3)
    scale = (RIGHT - LEFT) / 48
    for joint, (px, py, score) in enumerate(poses.keypoints[0]):
        assert px == pytest.approx(LEFT + ((5 * joint) % 96 / 2 + 0.5) * scale, abs=1e-3)
        assert py == pytest.approx(TOP + ((7 * joint) % 128 / 2 + 0.5) * scale, abs=1e-3)
        assert score == pytest.approx(0.6 + 0.01 * joint, abs=1e-5), "as sure as the less sure axis"


def bumps(places: np.ndarray, size: tuple[int, int], sigma: float = 2.0) -> np.ndarray:
    """Heatmaps (n, h, w) with one peak each, at places (n, 2) in cells."""
    rows, columns = np.mgrid[: size[0], : size[1]]
    away = (columns - places[:, 0, None, None]) ** 2 + (rows - places[:, 1, None, None]) ** 2
    return np.exp(-away / (2 * sigma**2)).astype(np.float32)


def test_peaks_are_found_to_a_part_of_a_cell() -> None:
    places = np.random.default_rng(1).uniform((8, 8), (39, 55), (200, 2))
    found, values = refined_peaks(bumps(places, (64, 48)))
    assert np.abs(found - places).max() < 0.02
    assert (values > 0.9).all()


@pytest.mark.parametrize("maps", [np.zeros((3, 16, 12)), np.full((3, 16, 12), np.nan), np.full((1, 1, 1), 0.5)])
def test_flat_maps_have_no_peak_outside_of_them(maps: np.ndarray) -> None:
    found, _ = refined_peaks(maps.astype(np.float32))
    assert np.isfinite(found).all()
    assert (found >= 0).all() and (found < maps.shape[:0:-1]).all()


def test_the_peak_of_a_heatmap_is_the_keypoint(exports: Any, tmp_path: Path) -> None:
    cells = np.stack([5 + 0.06 * np.arange(17), 8 - 0.1 * np.arange(17)], axis=1)  # the blur reaches 5 cells
    path = exports("vit.onnx", {"heatmaps": bumps(cells, (16, 12), 1.0)[None]}, SIZE, batch="N")
    [poses] = PoseEstimator(one_person, imported(path, "vitpose", tmp_path))([IMAGE])
    # Cells 0 and 11 lie on the centres of the pixels 0 and 47 of the crop.
    pixels = cells * (47 / 11, 63 / 15) + 0.5
    expected = (LEFT, TOP) + pixels * (RIGHT - LEFT) / 48
    assert np.abs(poses.keypoints[0, :, :2] - expected).max() < 0.15 * 8, "a seventh of a cell"


@pytest.mark.parametrize("form", ["rtmpose", "vitpose"])
@pytest.mark.parametrize("place", [(60, 60), (90, 140)])
def test_what_is_bright_in_the_image_is_where_it_is(
    form: str, place: tuple[int, int], exports: Any, tmp_path: Path
) -> None:
    pixels = np.zeros((192, 256, 3), np.uint8)
    pixels[place[1] - 3 : place[1] + 3, place[0] - 3 : place[0] + 3] = 255
    session = imported(exports.bright_keypoints(form), form, tmp_path)
    [poses] = PoseEstimator(one_person, session)([Image(pixels, "bgr8")])
    step = (RIGHT - LEFT) / 48
    assert np.abs(poses.keypoints[0, :, :2] - place).max() < (4 * step if form == "vitpose" else 1.5 * step)


def test_two_people_of_several_images_go_through_in_one_batch_or_one_by_one(exports: Any, tmp_path: Path) -> None:
    maps = {name: np.eye(1, length, 20, dtype=np.float32) for name, length in (("x", 96), ("y", 128))}
    maps = {name: np.tile(row, (1, 17, 1)) for name, row in maps.items()}
    answers = []
    for batch in ("N", 1):
        path = exports(f"batch{batch}.onnx", maps, SIZE, batch=batch)
        session = imported(path, "rtmpose", tmp_path / str(batch))
        answers.append([poses.keypoints for poses in PoseEstimator(one_person, session)([IMAGE] * 3)])
    np.testing.assert_array_equal(*answers)


KEYPOINTS = np.concatenate([np.arange(34, dtype=np.float32).reshape(17, 2) + 12, np.full((17, 1), 0.7)], axis=1)
PEOPLE = ((10.0, 12.0, 60.0, 52.0), 0.9), ((11.0, 12.0, 61.0, 52.0), 0.8), ((70.0, 20.0, 90.0, 50.0), 0.6), (
    (0.0, 0.0, 9.0, 9.0),
    0.2,
)  # fmt: skip
"""Boxes in pixels of a canvas of 64 x 96, and scores: two are the same person."""
CELLS = 96 + 24 + 6


def one_stage(form: str) -> dict[str, np.ndarray]:
    count = len(PEOPLE)
    boxes, scores = np.array([box for box, _ in PEOPLE]), np.array([[score] for _, score in PEOPLE])
    keypoints = np.stack([KEYPOINTS + np.array([k, 0, 0]) for k in range(count)])
    flat = keypoints.reshape(count, 51)
    if form == "rtmo":
        return {"dets": np.concatenate([boxes, scores], axis=1)[None], "keypoints": keypoints[None]}
    if form == "end to end":
        return {"output0": np.concatenate([boxes, scores, np.zeros((count, 1)), flat], axis=1)[None]}
    raw = np.zeros((1, 56, CELLS))
    centred = np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], axis=1)
    raw[0, :, 5 : 5 + count] = np.concatenate([centred, scores, flat], axis=1).T
    return {"output0": raw}


@pytest.mark.parametrize("form", ["yolo-pose", "end to end", "rtmo"])
def test_people_of_one_stage_come_back_in_pixels_of_the_image(form: str, exports: Any, tmp_path: Path) -> None:
    path = exports("poses.onnx", one_stage(form), free=form == "rtmo")
    session = imported(path, "rtmo" if form == "rtmo" else "yolo-pose", tmp_path)
    estimator = BottomUpEstimator(formats.bottom_up(session))
    estimator.score_threshold = 0.5
    [poses] = estimator([Image(np.zeros((96, 192, 3), np.uint8), "bgr8")])
    expected = [0, 1, 2] if form == "end to end" else [0, 2]
    top = 0 if form == "rtmo" else 8
    np.testing.assert_allclose(poses.people.scores, [PEOPLE[k][1] for k in expected], atol=1e-6)
    assert poses.layout == "coco17"
    for k, box, keypoints in zip(expected, poses.people.boxes, poses.keypoints, strict=True):
        inside = np.clip(2 * (np.array(PEOPLE[k][0]) - (0, top, 0, top)), 0, (192, 96, 192, 96))
        np.testing.assert_allclose(box, inside, atol=1e-3)
        np.testing.assert_allclose(keypoints[:, :2], 2 * (KEYPOINTS[:, :2] + (k, -top)), atol=1e-3)
        np.testing.assert_allclose(keypoints[:, 2], 0.7, atol=1e-6)
    estimator.max_persons = 1
    assert len(estimator([Image(np.zeros((96, 192, 3), np.uint8), "bgr8")])[0]) == 1


def test_every_pose_network_that_can_be_imported_has_a_decoder() -> None:
    assert {name for name, form in FORMATS.items() if form.task == "pose estimation"} == {
        "rtmpose", "vitpose", "yolo-pose", "rtmo"
    }  # fmt: skip


def test_a_model_of_another_kind_is_refused(exports: Any, tmp_path: Path) -> None:
    dets = {"dets": np.zeros((1, 3, 5), np.float32), "labels": np.zeros((1, 3), np.int64)}
    detector = imported(exports("dets.onnx", dets), "rtmdet", tmp_path / "dets")
    with pytest.raises(EngineError, match="format 'rtmdet' finds no poses in this way; those are of movenet, simcc"):
        PoseEstimator(one_person, detector)
    rtmo = imported(exports("rtmo.onnx", one_stage("rtmo")), "rtmo", tmp_path / "rtmo")
    assert formats.is_bottom_up(rtmo) and not formats.is_bottom_up(detector)
    with pytest.raises(EngineError, match="format 'rtmo'"):
        PoseEstimator(one_person, rtmo)
