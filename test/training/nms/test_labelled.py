"""Labelled real images become scenes to learn from, whoever is to be ignored in them left out."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.evaluate.people.sets import LabelledPeople
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.people import PersonDetector
from opendr_perception.training.nms import evaluate, labelled, train
from opendr_perception.training.nms.data import ImageSet
from opendr_perception.training.nms.labelled import scene_of, scenes_of, write_set
from opendr_perception.training.nms.simulate import STANDARD, make_scene


def test_labelled_images_become_scenes(
    models: dict[str, zoo.ModelFile], street: list[np.ndarray], tmp_path: Path
) -> None:
    detector = PersonDetector(Session(models["nanodet-features"].path, threads=1), input_size=160)
    image = Image(street[0], "bgr8")
    height, width = street[0].shape[:2]
    one = np.array([[600.0, 220.0, 635.0, 330.0]])
    plain = scene_of(detector, image, LabelledPeople(one, np.array([1]), np.array([False])))
    assert plain.people.tolist() == one.tolist() and len(plain.boxes) and plain.features is not None
    whole = np.array([[0.0, 0.0, width, height]])
    ignored = scene_of(detector, image, LabelledPeople(whole, np.array([1]), np.array([True])))
    assert not len(ignored.people) and not len(ignored.boxes), "everything lies in who is to be ignored"

    lines = [{"ID": f"{k}", "gtboxes": [{"tag": "person", "fbox": [600, 220, 35, 110]}]} for k in range(3)]
    (tmp_path / "Images").mkdir()
    for line in lines:
        cv2.imwrite(str(tmp_path / "Images" / f"{line['ID']}.jpg"), street[0])
    (tmp_path / "mine.odgt").write_text("\n".join(map(json.dumps, lines)))
    assert write_set(tmp_path / "train", scenes_of(tmp_path / "mine.odgt", 2, detector)) == 2
    assert len(ImageSet.of(tmp_path / "train", features=True)) == 2


def test_every_tenth_is_kept_to_choose_a_network_by(tmp_path: Path) -> None:
    scenes = (make_scene(np.random.default_rng(k), STANDARD) for k in range(11))
    assert write_set(tmp_path / "train", scenes, tmp_path / "validation") == 11
    assert len(ImageSet.of(tmp_path / "validation")) == 1
    assert len(ImageSet.of(tmp_path / "train")) == 10


def write_sets(folder: Path, frame: np.ndarray) -> tuple[Path, Path, Path]:
    """One image each: CrowdHuman's layout, whose ids have commas, PETS as MOT Challenge has it, and a COCO file."""
    box = [600, 220, 35, 110]
    crowd, pets, auth = folder / "crowdhuman", folder / "PETS09-S2L1", folder / "auth"
    for place in (crowd / "Images", pets / "gt", pets / "img1", auth / "images"):
        place.mkdir(parents=True)
    people = [{"tag": "person", "fbox": box, "hbox": box, "vbox": box, "extra": {"box_id": 0, "occ": 0}}]
    lines = [json.dumps({"ID": f"27327{k},c9db000d5146c15", "gtboxes": people}) for k in range(11)]
    (crowd / "annotation_train.odgt").write_text("\n".join(lines))
    for k in range(11):
        cv2.imwrite(str(crowd / "Images" / f"27327{k},c9db000d5146c15.jpg"), frame)
    (pets / "gt" / "gt.txt").write_text(f"1,1,{','.join(map(str, box))},1,-1,-1,-1\n")
    (pets / "seqinfo.ini").write_text("[Sequence]\nname=PETS09-S2L1\nimDir=img1\nframeRate=7\nseqLength=1\n")
    cv2.imwrite(str(pets / "img1" / "000001.jpg"), frame)
    person = {"id": 1, "image_id": 1, "category_id": 1, "bbox": box, "iscrowd": 0}
    content = {"images": [{"id": 1, "file_name": "env8_000010.jpg"}], "categories": [{"id": 1, "name": "person"}]}
    (auth / "unseen.json").write_text(json.dumps({**content, "annotations": [person]}))
    cv2.imwrite(str(auth / "images" / "env8_000010.jpg"), frame)
    return crowd / "annotation_train.odgt", pets, auth / "unseen.json"


@pytest.mark.slow
def test_the_commands_go_from_the_sets_as_they_are_to_a_network_and_its_figures(
    models: dict[str, zoo.ModelFile], street: list[np.ndarray], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    crowd, pets, auth = write_sets(tmp_path, street[0][::2, ::2])
    sets, made = tmp_path / "sets", tmp_path / "made"
    labelled.main(sets, [crowd], [pets], [auth])
    assert [len(list((sets / name).glob("*.npz"))) for name in ("train", "validation", "held-out", "shifted")] == [
        10,
        1,
        1,
        1,
    ]
    train.main("fseq2", images=sets, share=1.0, steps=2, most=40, output=made)
    evaluate.main([made / "nms-fseq2.npz"], images=sets)
    table = capsys.readouterr().out
    assert all(name in table for name in ("held-out", "shifted", "best formula"))
