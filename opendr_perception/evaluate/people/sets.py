"""Read sets of images, and films, in which people are boxed: MOT Challenge, COCO, CrowdHuman, two compact formats."""

from __future__ import annotations

import configparser
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from opendr_perception.evaluate.report import DatasetError
from opendr_perception.tasks.imaging import SUFFIXES, BadImageFile, Image, read_image
from opendr_perception.tasks.recordings import VideoError, open_source
from opendr_perception.zoo import fetch

Frames = Iterator[tuple[int, Image]]
Row = tuple[int, Sequence[float], bool]
"""Id of the person, the box x, y, width, height in pixels, and true if it is to be ignored."""


@dataclass(frozen=True, eq=False)
class LabelledPeople:
    """Labelled people of one image.

    Attributes:
        boxes: (n, 4) x_min, y_min, x_max, y_max in pixels.
        ids: (n,) integers; of one person in all frames of a film.
        ignored: (n,) Who finds them does no wrong, and who misses them neither.
    """

    boxes: npt.NDArray[np.float64]
    ids: npt.NDArray[np.int64]
    ignored: npt.NDArray[np.bool_]

    @staticmethod
    def of(rows: Sequence[Row]) -> LabelledPeople:
        """From rows of a file."""
        boxes = np.array([box for _, box, _ in rows], np.float64).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        return LabelledPeople(
            boxes, np.array([row[0] for row in rows], np.int64), np.array([row[2] for row in rows], bool)
        )


@dataclass(frozen=True, eq=False)
class PeopleSet:
    """Labelled images.

    Attributes:
        name: For titles.
        labels: The people of each labelled image, by its number.
        tuning: Numbers of the images on which settings may be chosen.
        frames: Opens all images, labelled or not, in order.
        rate: Of a film, Hz; 0 of single images.
    """

    name: str
    labels: dict[int, LabelledPeople]
    tuning: frozenset[int]
    frames: Callable[[], Frames]
    rate: float = 0.0

    def numbers(self, part: str) -> list[int]:
        """The labelled images of a part: 'train' those for tuning, 'test' the others, 'all'.

        Raises:
            DatasetError: There are none.
        """
        chosen = [n for n in sorted(self.labels) if part == "all" or (part == "train") == (n in self.tuning)]
        if not chosen or part == "validation":
            raise DatasetError(f"{self.name} has no images of the part '{part}'; try --part all")
        return chosen


def people_set(dataset: Path) -> PeopleSet:
    """Read a set.

    Args:
        dataset: A sequence of MOT Challenge (the folder with gt/gt.txt and img1/), a COCO file of instances or person
            keypoints (.json), CrowdHuman's annotations (.odgt), a folder with boxes.json and images/, or a folder with
            gt_keyframes.txt and the film; without a film, the sample vtest.avi.

    Raises:
        DatasetError: It is none of these, or cannot be read.
    """
    readers = {"gt/gt.txt": _mot, "gt_keyframes.txt": _key_frames, "boxes.json": _boxes}
    try:
        if dataset.suffix == ".json" and dataset.is_file():
            return _coco(dataset)
        if dataset.suffix == ".odgt" and dataset.is_file():
            return _crowdhuman(dataset)
        for name, reader in readers.items():
            if (dataset / name).is_file():
                return reader(dataset, dataset / name)
    except (KeyError, ValueError, TypeError, OSError, configparser.Error, VideoError) as error:
        raise DatasetError(f"{dataset} cannot be read: {error!r}") from error
    raise DatasetError(
        f"{dataset} is neither a COCO file (.json), CrowdHuman's (.odgt), nor a folder with {', '.join(readers)}"
    )


def _mot(folder: Path, truth: Path) -> PeopleSet:
    """MOT Challenge: frame, id, x, y, w, h, and where given whether it counts and its class, 1 for pedestrians."""
    rows: defaultdict[int, list[Row]] = defaultdict(list)
    for line in truth.read_text().split():
        numbers = [float(value) for value in line.split(",")]
        counts, kind = ([*numbers[6:8], 1, 1])[:2]
        if int(kind) in (-1, *MOT_PEOPLE):
            rows[int(numbers[0])].append((int(numbers[1]), numbers[2:6], counts == 0 or int(kind) not in (-1, 1)))
    info = configparser.ConfigParser()
    info.read(folder / "seqinfo.ini")
    rate = info.getfloat("Sequence", "frameRate", fallback=30.0)
    images = folder / info.get("Sequence", "imDir", fallback="img1")
    return _film(folder.name, rows, lambda: _played(images), rate)


MOT_PEOPLE = (1, 2, 7, 8, 12)
"""Pedestrians, and what is ignored because it looks like them: people on vehicles, who sit, posters, mirrors."""

KEY_FRAME_RATE = 10.0


def _key_frames(folder: Path, truth: Path) -> PeopleSet:
    """A line for each labelled frame, `frame: id,x,y,w,h[,0]; ...`, frames counted from 1; a last 0 means ignore."""
    rows: dict[int, list[Row]] = {}
    for line in truth.read_text().splitlines():
        if line.strip():
            number, people = line.split(":")
            found = [[float(value) for value in one.split(",")] for one in people.split(";") if one.strip()]
            rows[int(number)] = [(int(one[0]), one[1:5], one[5:] == [0.0]) for one in found]
    films = [path for path in sorted(folder.iterdir()) if path.suffix in (".avi", ".mp4", ".mkv")]
    return _film(folder.name, rows, lambda: _played(films[0] if films else fetch(["vtest.avi"])[0]), KEY_FRAME_RATE)


def _film(name: str, rows: dict[int, list[Row]], frames: Callable[[], Frames], rate: float) -> PeopleSet:
    """A film: its first third is for tuning."""
    labels = {number: LabelledPeople.of(people) for number, people in rows.items()}
    return PeopleSet(name, labels, frozenset(sorted(labels)[: len(labels) // 3]), frames, rate)


def _played(source: Path) -> Frames:
    with open_source(str(source)) as video:
        for number, frame in enumerate(video, start=1):
            yield number, frame.image


def _boxes(folder: Path, truth: Path) -> PeopleSet:
    """`{name: {"boxes_xyxy": [...]}}` and images/; of Penn-Fudan, the images of Fudan are for tuning."""
    truths = json.loads(truth.read_text())
    images = {path.stem: path for path in (folder / "images").iterdir() if path.suffix.lower() in SUFFIXES}
    names = sorted(truths)
    labels = {}
    for number, name in enumerate(names):
        boxes = np.array(truths[name]["boxes_xyxy"], np.float64).reshape(-1, 4)
        labels[number] = LabelledPeople(boxes, np.arange(len(boxes)), np.zeros(len(boxes), bool))
    tuning = frozenset(number for number, name in enumerate(names) if name.startswith("Fudan"))
    return PeopleSet(folder.name, labels, tuning, lambda: _files([images[Path(name).stem] for name in names]))


def _coco(truth: Path) -> PeopleSet:
    """COCO: boxes of persons; crowds are ignored. Images lie beside the file, in images/, or where COCO has them."""
    content = json.loads(truth.read_text())
    person = {one["id"] for one in content["categories"] if one["name"] == "person"}
    rows: defaultdict[int, list[Row]] = defaultdict(list)
    for one in content["annotations"]:
        if one["category_id"] in person:
            rows[one["image_id"]].append((one["id"], one["bbox"], bool(one.get("iscrowd", 0) or one.get("ignore", 0))))
    names = [(image["id"], image["file_name"]) for image in content["images"]]
    split = truth.stem.split("_")[-1]
    places = [
        truth.parent,
        truth.parent / "images",
        truth.parent.parent / split,
        truth.parent.parent / "images" / split,
    ]
    try:
        folder = next(place for place in places if (place / names[0][1]).is_file())
    except (StopIteration, IndexError):
        raise DatasetError(f"{truth}: no images in {', '.join(map(str, places))}") from None
    labels = {number: LabelledPeople.of(rows[image]) for number, (image, _) in enumerate(names)}
    return PeopleSet(truth.stem, labels, frozenset(), lambda: _files([folder / name for _, name in names]))


def _crowdhuman(truth: Path) -> PeopleSet:
    """CrowdHuman: a line of JSON for each image, with full boxes x, y, width, height; images in Images/."""
    labels, paths = {}, []
    for number, line in enumerate(filter(str.strip, truth.read_text().splitlines())):
        image = json.loads(line)
        rows: list[Row] = [
            (k, one["fbox"], one["tag"] != "person" or bool(one.get("extra", {}).get("ignore", 0)))
            for k, one in enumerate(image.get("gtboxes", []))
        ]
        labels[number] = LabelledPeople.of(rows)
        paths.append(truth.parent / "Images" / f"{image['ID']}.jpg")
    if not paths or not paths[0].is_file():
        raise DatasetError(f"{truth}: no images in {truth.parent / 'Images'}")
    return PeopleSet(truth.stem, labels, frozenset(), lambda: _files(paths))


def _files(paths: Sequence[Path]) -> Frames:
    for number, path in enumerate(paths):
        try:
            yield number, read_image(path)
        except BadImageFile as error:
            raise DatasetError(str(error)) from error
