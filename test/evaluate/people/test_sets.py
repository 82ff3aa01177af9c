"""Readers of labelled people."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from opendr_perception.evaluate.people.sets import people_set
from opendr_perception.evaluate.report import DatasetError


def write_image(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full((40, 60, 3), 90, np.uint8))


def test_mot_challenge_is_read_with_its_rate_and_what_it_ignores(tmp_path: Path) -> None:
    (tmp_path / "gt").mkdir()
    (tmp_path / "seqinfo.ini").write_text("[Sequence]\nimDir=img1\nframeRate=14\n")
    rows = [
        "1,7,10,20,5,10,1,1,0.9",
        "1,8,0,0,5,5,0,1,1",
        "1,9,0,0,5,5,1,12,1",
        "1,3,0,0,5,5,1,3,1",
        "2,7,11,20,5,10,1,1,1",
    ]
    (tmp_path / "gt" / "gt.txt").write_text("\n".join(rows))
    for number in (1, 2, 10):
        write_image(tmp_path / "img1" / f"{number:06}.jpg")
    found = people_set(tmp_path)
    assert found.rate == 14
    assert [number for number, _ in found.frames()] == [1, 2, 3]
    assert found.labels[1].ids.tolist() == [7, 8, 9], "a car is nobody"
    assert found.labels[1].ignored.tolist() == [False, True, True], "what does not count, and a mirror"
    np.testing.assert_allclose(found.labels[2].boxes, [[11, 20, 16, 30]])


def test_mot_of_2015_has_no_classes(tmp_path: Path) -> None:
    (tmp_path / "gt").mkdir()
    (tmp_path / "gt" / "gt.txt").write_text("1,7,10,20,5,10,1,-1,-1,-1\n1,8,10,20,5,10,0,-1,-1,-1\n")
    assert people_set(tmp_path).labels[1].ignored.tolist() == [False, True]


def test_key_frames_are_split_by_time(tmp_path: Path) -> None:
    (tmp_path / "gt_keyframes.txt").write_text("".join(f"{n}: 4,1,2,3,4; 5,6,7,8,9,0\n" for n in range(10, 100, 10)))
    found = people_set(tmp_path)
    assert found.numbers("train") == [10, 20, 30] and found.numbers("test") == [*range(40, 100, 10)]
    assert found.labels[10].ids.tolist() == [4, 5] and found.labels[10].ignored.tolist() == [False, True]
    with pytest.raises(DatasetError, match="validation"):
        found.numbers("validation")


def test_boxes_of_images_are_read(tmp_path: Path) -> None:
    (tmp_path / "boxes.json").write_text(
        json.dumps({"PennPed1": {"boxes_xyxy": [[1, 2, 3, 4]]}, "FudanPed1": {"boxes_xyxy": []}})
    )
    for name in ("PennPed1", "FudanPed1"):
        write_image(tmp_path / "images" / f"{name}.png")
    found = people_set(tmp_path)
    assert found.numbers("test") == [1] and found.numbers("train") == [0]
    assert [image.width for _, image in found.frames()] == [60, 60]
    np.testing.assert_allclose(found.labels[1].boxes, [[1, 2, 3, 4]])


def test_coco_has_people_crowds_and_other_things(tmp_path: Path) -> None:
    things = [
        {"id": 1, "image_id": 5, "category_id": 1, "bbox": [1, 2, 3, 4], "iscrowd": 0},
        {"id": 2, "image_id": 5, "category_id": 1, "bbox": [1, 2, 30, 40], "iscrowd": 1},
        {"id": 3, "image_id": 5, "category_id": 3, "bbox": [1, 2, 3, 4], "iscrowd": 0},
    ]
    content = {
        "images": [{"id": 5, "file_name": "a.jpg"}, {"id": 6, "file_name": "b.jpg"}],
        "annotations": things,
        "categories": [{"id": 1, "name": "person"}, {"id": 3, "name": "car"}],
    }
    path = tmp_path / "annotations" / "instances_val2017.json"
    path.parent.mkdir()
    path.write_text(json.dumps(content))
    with pytest.raises(DatasetError, match="no images in"):
        people_set(path)
    for name in ("a.jpg", "b.jpg"):
        write_image(tmp_path / "val2017" / name)
    found = people_set(path)
    assert found.labels[0].ignored.tolist() == [False, True] and len(found.labels[1].ids) == 0
    assert len([*found.frames()]) == 2


@pytest.mark.parametrize("text", ["", "10 4,1,2,3,4", "10: 4,1,2", "x: 4,1,2,3,4"])
def test_files_that_are_something_else_are_refused_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "gt_keyframes.txt").write_text(text)
    with pytest.raises(DatasetError, match=r"^[^\n]+$"):
        people_set(tmp_path).numbers("all")


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="neither a COCO file"):
        people_set(tmp_path)


def test_crowdhuman_has_full_boxes_and_people_who_are_ignored(tmp_path: Path) -> None:
    boxes = [
        {"tag": "person", "fbox": [10, 20, 30, 60], "vbox": [10, 20, 30, 30], "extra": {"box_id": 0}},
        {"tag": "person", "fbox": [50, 20, 30, 60], "extra": {"ignore": 1}},
        {"tag": "mask", "fbox": [0, 0, 5, 5], "extra": {"ignore": 1}},
    ]
    lines = [json.dumps({"ID": "one", "gtboxes": boxes}), json.dumps({"ID": "two", "gtboxes": []})]
    truth = tmp_path / "annotation_val.odgt"
    truth.write_text("\n".join(lines) + "\n")
    with pytest.raises(DatasetError, match="no images in"):
        people_set(truth)
    (tmp_path / "Images").mkdir()
    for name in ("one", "two"):
        cv2.imwrite(str(tmp_path / "Images" / f"{name}.jpg"), np.zeros((100, 120, 3), np.uint8))
    images = people_set(truth)
    assert images.numbers("all") == [0, 1]
    assert images.labels[0].boxes[0].tolist() == [10, 20, 40, 80]
    assert images.labels[0].ignored.tolist() == [False, True, True]
    assert [image.width for _, image in images.frames()] == [120, 120]
    truth.write_text('{"ID": "one", "gtboxes": [{"tag": "person"}]}')
    with pytest.raises(DatasetError, match="cannot be read"):
        people_set(truth)
