"""Data sets are read as their authors deliver them, into one order of labels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from opendr_perception.training.emotion.expression.data import (
    LABELS,
    LabelledFace,
    balanced,
    load_image,
    read_faces,
    vary,
)


def test_affectnet(affectnet: Path) -> None:
    found = read_faces(affectnet, "affectnet")
    assert found.labels == LABELS and found.has_affect
    assert sorted(face.label for face in found.train) == [0, 0, 1, 1, 3, 3, 7, 7]  # 8 is no expression
    assert [face.label for face in found.evaluation] == [0, 1, 3, 7]
    happy = next(face for face in found.train if face.path.stem == "11")
    assert happy.label == LABELS.index("happy") and happy.affect == (-0.375, -0.25)


def test_fer_plus_takes_what_most_voters_say(fer_plus: Callable[[str, list[list[int]]], Path]) -> None:
    votes = {
        "neutral": [8, 1, 0, 0, 1, 0, 0, 0, 0, 0],
        "surprised": [0, 0, 10, 0, 0, 0, 0, 0, 0, 0],
        "sad": [1, 1, 1, 4, 1, 1, 0, 1, 0, 0],  # single votes are slips
        "angry": [0, 0, 0, 0, 6, 2, 2, 0, 0, 0],
        "fearful": [0, 0, 0, 0, 0, 0, 9, 0, 0, 0],
        "undecided": [5, 5, 0, 0, 0, 0, 0, 0, 0, 0],
        "unknown": [0, 0, 0, 0, 0, 0, 0, 0, 9, 0],
        "no face": [0, 0, 0, 0, 0, 0, 0, 0, 0, 10],
        "nobody is sure": [1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
    }
    fer_plus("FER2013Test", list(votes.values())[:1])
    root = fer_plus("FER2013Train", list(votes.values()))
    found = read_faces(root, "ferplus")
    assert [LABELS[face.label] for face in found.train] == ["neutral", "surprised", "sad", "angry", "fearful"]
    assert not found.has_affect


def test_raf_db(raf_db: Path) -> None:
    found = read_faces(raf_db, "raf-db")
    assert found.labels == LABELS[:7]
    names = [LABELS[face.label] for face in found.train]
    assert names == ["surprised", "fearful", "disgusted", "happy", "sad", "angry", "neutral"]
    assert found.evaluation[0].path.name == "test_00001_aligned.jpg"


def test_what_is_wrong_with_a_folder_is_said(raf_db: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not of the layout 'affectnet'"):
        read_faces(raf_db, "affectnet")
    with pytest.raises(ValueError, match="choose one of affectnet, ferplus, raf-db"):
        read_faces(raf_db, "imagenet")
    with pytest.raises(ValueError, match="is not a folder"):
        read_faces(tmp_path / "nothing", "raf-db")
    (raf_db / "Image" / "aligned" / "train_00003_aligned.jpg").unlink()
    with pytest.raises(ValueError, match=r"image that is not there: .*train_00003"):
        read_faces(raf_db, "raf-db")


def test_images_are_rgb_of_the_asked_size(raf_db: Path) -> None:
    image = load_image(raf_db / "Image" / "aligned" / "train_00001_aligned.jpg", 64)
    assert image.shape == (64, 64, 3) and image.dtype == np.uint8
    assert np.abs(image[32, 32].astype(int) - (240, 200, 150)).max() < 12  # the skin was drawn in BGR
    with pytest.raises(ValueError, match="not an image"):
        load_image(raf_db / "EmoLabel" / "list_patition_label.txt", 64)


def test_variations_come_from_their_seed(raf_db: Path) -> None:
    image = load_image(raf_db / "Image" / "aligned" / "train_00001_aligned.jpg", 64)
    first, again, other = (vary(image, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert first.shape == image.shape and first.dtype == np.uint8


def test_frequent_labels_are_drawn_from() -> None:
    faces = [LabelledFace(Path(str(number)), int(number < 40)) for number in range(50)]
    chosen = balanced(faces, 15, np.random.default_rng(1))
    labels = [faces[index].label for index in chosen]
    assert labels.count(1) == 15 and labels.count(0) == 10
    assert len(set(chosen.tolist())) == 25
    assert not np.array_equal(chosen, balanced(faces, 15, np.random.default_rng(2)))
