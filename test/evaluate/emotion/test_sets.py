"""Reading sets of faces with expressions."""

from __future__ import annotations

import lzma
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from opendr_perception.evaluate.emotion.sets import COMPACT, faces_in, find, read_fer2013, seen_again
from opendr_perception.evaluate.report import DatasetError

RNG = np.random.default_rng(1)


def image(side: int = 48) -> np.ndarray:
    return cv2.resize(RNG.integers(0, 256, (6, 6), np.uint8), (side, side), interpolation=cv2.INTER_CUBIC)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """fer2013.csv with a face for each part: angry, happy and neutral."""
    rows = ["emotion,pixels,Usage"]
    for number, usage in ((0, "Training"), (3, "PublicTest"), (6, "PrivateTest")):
        rows.append(f"{number},{' '.join(map(str, image().ravel()))},{usage}")
    path = tmp_path / "fer2013.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """The same as JPEG files joined to one."""
    files = [cv2.imencode(".jpg", image())[1].tobytes() for _ in range(3)]
    folder = tmp_path / "packed"
    folder.mkdir()
    (folder / "jpeg.bin.xz").write_bytes(lzma.compress(b"".join(files)))
    np.savez(
        folder / "index.npz",
        offset=np.cumsum([0, *map(len, files)]),
        label=np.array([1, 0, 1], np.int8),
        train=np.array([True, True, False]),
        names=np.array(["neutral", "fear"]),
    )
    return folder


def test_fer2013_is_read_as_kaggle_delivers_it(table: Path) -> None:
    crops = read_fer2013(table)
    assert crops.images.shape == (3, 48, 48)
    assert [crops.labels[label] for label in crops.label] == ["angry", "happy", "neutral"]
    assert crops.part.tolist() == ["train", "validation", "test"]
    [one] = faces_in(table, "test")
    assert (one.label, one.cut, one.image.encoding) == ("neutral", True, "mono8")
    assert len(list(faces_in(table, "all"))) == 3


def test_fer2013_is_read_as_joined_files(packed: Path) -> None:
    crops = read_fer2013(packed)
    assert crops.labels == ("neutral", "fearful")
    assert crops.part.tolist() == ["train", "train", "validation"]
    assert [one.label for one in faces_in(packed, "validation")] == ["fearful"]
    with pytest.raises(DatasetError, match="no faces in the part 'test'"):
        list(faces_in(packed, "test"))


def test_folders_may_be_split(tmp_path: Path) -> None:
    for place in ("train/Happiness", "test/surprise"):
        (tmp_path / "split" / place).mkdir(parents=True)
        cv2.imwrite(str(tmp_path / "split" / place / "one.png"), image(60))
    [one] = faces_in(tmp_path / "split", "test")
    assert (one.label, one.cut) == ("surprised", False)
    assert {one.label for one in faces_in(tmp_path / "split", "all")} == {"happy", "surprised"}
    [one] = faces_in(tmp_path / "split" / "train", "all")
    assert one.label == "happy"
    for part, folder, problem in (
        ("validation", "split", "no folder 'validation'"),
        ("test", "split/train", "--part all"),
    ):
        with pytest.raises(DatasetError, match=problem):
            list(faces_in(tmp_path / folder, part))


def test_arrays_have_labels_and_maybe_people(tmp_path: Path) -> None:
    images = np.stack([image(60), image(60)])
    np.savez(tmp_path / "mine.npz", images=images, label=np.array(["sadness", "normal"]), subject=np.array(["a", "b"]))
    found = list(faces_in(tmp_path / "mine.npz", "all"))
    assert [(one.label, one.subject) for one in found] == [("sad", "a"), ("neutral", "b")]
    with pytest.raises(DatasetError, match="--part all"):
        list(faces_in(tmp_path / "mine.npz", "test"))


def broken(tmp_path: Path, table: Path, packed: Path) -> Iterator[Path]:
    yield tmp_path / "nothing"
    (tmp_path / "empty").mkdir()
    yield tmp_path / "empty"
    (tmp_path / "text.npz").write_text("no arrays")
    yield tmp_path / "text.npz"
    np.savez(tmp_path / "other.npz", pixels=np.zeros(3))
    yield tmp_path / "other.npz"
    (tmp_path / "other.csv").write_text("name,age\na,3\n")
    yield tmp_path / "other.csv"
    table.write_text(table.read_text().replace("PublicTest", "Somewhere"))
    yield table
    (packed / "jpeg.bin.xz").write_bytes((packed / "jpeg.bin.xz").read_bytes()[:-50])
    yield packed


def test_what_is_no_set_is_refused_in_one_line(tmp_path: Path, table: Path, packed: Path) -> None:
    for dataset in broken(tmp_path, table, packed):
        with pytest.raises(DatasetError) as caught:
            list(faces_in(dataset, "all"))
        assert str(dataset) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_sets_have_names(tmp_path: Path) -> None:
    for name, place in COMPACT.items():
        assert find(Path(name), {"OPENDR_DATA": str(tmp_path)}) == tmp_path / place
    assert find(tmp_path, {}) == tmp_path


def test_an_image_is_known_again_after_compression_but_another_one_is_not() -> None:
    first = np.stack([image() for _ in range(5)])
    coded = [cv2.imencode(".jpg", one, [cv2.IMWRITE_JPEG_QUALITY, 40])[1] for one in first[:2]]
    again = np.stack([cv2.imdecode(one, cv2.IMREAD_GRAYSCALE) for one in coded])
    assert seen_again(first, again).tolist() == [True, True, False, False, False]
    assert seen_again(first[:0], again).shape == (0,)
