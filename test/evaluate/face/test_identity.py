"""Evaluation of identity: readers, galleries of people who are alike, and figures that can be wrong."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.evaluate.face import poor
from opendr_perception.evaluate.face.galleries import Known, Tally, look_alike_galleries, random_galleries, show
from opendr_perception.evaluate.face.identity import evaluate_identity, of_part
from opendr_perception.evaluate.face.poor import ways
from opendr_perception.evaluate.face.reading import SeenFace
from opendr_perception.evaluate.face.sets import Labelled, faces_in, find, pairs_in
from opendr_perception.evaluate.report import DatasetError, Report
from opendr_perception.tasks.imaging.image import Image

DATA = Path(os.environ.get("OPENDR_DATA", "../shared/data"))
GREY = np.full((20, 20), 90, np.uint8)


def figures(report: Report) -> dict[str, float]:
    return {figure.name: figure.value for figure in report.figures}


def known(people: int = 6, images: int = 4, apart: float = 1.0) -> Known:
    """People in pairs that are alike: 0 and 1, 2 and 3, ..."""
    rng = np.random.default_rng(0)
    centres = np.zeros((people, 128), np.float32)
    for k in range(people):
        centres[k, k // 2] = apart
        centres[k, 64] = 0.2 * (k % 2)
    points = np.repeat(centres, images, 0) + rng.normal(0, 0.005, (people * images, 128))
    return Known(points.astype(np.float32), np.repeat([f"p{k}" for k in range(people)], images), "test")


def test_folders_and_compact_files_are_read_alike(tmp_path: Path) -> None:
    for name in ("ann", "bob"):
        (tmp_path / name).mkdir()
        cv2.imwrite(str(tmp_path / name / "1.png"), GREY)
    np.savez(tmp_path / "set.npz", images=np.stack([GREY, GREY]), person=np.array(["ann", "bob"]))
    for dataset in (tmp_path, tmp_path / "set.npz"):
        assert [face.person for face in faces_in(dataset)] == ["ann", "bob"]


def test_what_is_no_set_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.npz").write_bytes(b"no")
    for dataset in (tmp_path, tmp_path / "broken.npz", tmp_path / "none"):
        with pytest.raises(DatasetError, match=str(dataset)):
            list(faces_in(dataset))


def test_sets_are_found_by_their_names_below_the_folder_of_data(tmp_path: Path) -> None:
    assert find(Path("orl"), {"OPENDR_DATA": "/data"}) == Path("/data/orl/orl.npz")
    assert find(tmp_path, {}) == tmp_path


def test_lists_of_pairs_are_read_in_both_forms(tmp_path: Path) -> None:
    listed = tmp_path / "pairs.txt"
    listed.write_text("1 2\nAnn 1 2\nAnn 1 Bob 3\na.jpg b.png 1\n")
    pairs = pairs_in(listed)
    assert [pair.same for pair in pairs] == [True, False, True]
    assert pairs[1].second == tmp_path / "Bob" / "Bob_0003.jpg"
    listed.write_text("Ann one two\n")
    with pytest.raises(DatasetError, match="line 1"):
        pairs_in(listed)
    listed.write_text("a.jpg b.jpg 1\n")
    with pytest.raises(DatasetError, match="pairs of two"):
        pairs_in(listed)


def test_people_are_split_so_that_nobody_is_on_both_sides() -> None:
    faces = [Labelled(str(k % 7), Image(GREY, "mono8")) for k in range(21)]
    train, test = ({face.person for face in of_part(faces, part)} for part in ("train", "test"))
    assert not train & test
    assert len(train | test) == 7
    assert len(list(of_part(faces, "all"))) == 21
    with pytest.raises(DatasetError, match="train, test and all"):
        list(of_part(faces, "validation"))


def test_no_stranger_is_in_the_gallery_and_look_alikes_are() -> None:
    rng, faces = np.random.default_rng(0), known()
    for chosen, strangers in random_galleries(rng, faces):
        assert not set(chosen) & set(strangers)
    for chosen, [stranger] in look_alike_galleries(rng, faces):
        assert stranger not in chosen
        twin = int(stranger[1:]) ^ 1
        assert chosen[0] == f"p{twin}"


def test_a_tally_counts_mistakes() -> None:
    report, tally = Report("test"), Tally([True, False], ["a", "b"], [True, True, False, False], [True] * 4, [*"cdcd"])
    tally.add(report, "x")
    assert figures(report) == {"x: false accepts": 0.5, "x: true accepts": 0.5, "x: rank 1": 1.0}


def test_orl_is_as_good_as_is_claimed(
    models: dict[str, zoo.ModelFile], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not (DATA / "orl" / "orl.npz").exists():
        pytest.skip(f"{DATA}/orl is not here; OPENDR_DATA names the folder of data")
    with np.load(DATA / "orl" / "orl.npz", allow_pickle=False) as data:
        few = data["person"] <= np.unique(data["person"])[11]
        images, person = data["images"][few], data["person"][few]
    np.savez(tmp_path / "few.npz", images=images, person=person)
    session = Session(models["face-embedding"].path, threads=1)
    film = "film of 60 pixels"  # one way is enough for a test
    monkeypatch.setattr(poor, "ways", lambda *given: {film: ways(*given)[film]})
    found = figures(evaluate_identity(tmp_path / "few.npz", session, "all"))
    assert found["images in which a face was found"] == found["images"]
    assert found["pairs: area under the ROC curve"] > 0.998
    assert found["random, 3 enrolled: false accepts"] <= 0.01
    assert found["random, 3 enrolled: true accepts"] >= 0.95
    assert found[f"{film}: seen well enough to decide"] > 0.9
    assert found[f"{film}: false accepts"] <= 0.01
    assert 0.6 <= found[f"{film}: true accepts"] < found["random, 3 enrolled: true accepts"]


def test_nobody_is_shown_who_cannot_be_seen() -> None:
    faces, one, track, fixed = known(people=4, images=6), Tally(), Tally(), Tally()
    shown = faces.embeddings.copy()
    shown[faces.people == "p0"] = np.nan
    chosen, strangers = np.array(["p0", "p2"]), np.array(["p1"])
    show(np.random.default_rng(0), faces, chosen, strangers, 3, (one, track, fixed), shown)
    assert set(one.enrolled) == {"p2"} and set(one.strangers) == {"p1"}


def test_worse_images_are_smaller_darker_or_coarser() -> None:
    image = Image(np.tile(np.arange(0, 240, 2, dtype=np.uint8), (100, 1)), "mono8")
    worse = {what: way(image.pixels) for what, way in ways(80.0, image, np.random.default_rng(0)).items()}
    assert worse["faces of 40 pixels"].shape == (50, 60)
    assert worse["film of 60 pixels"].shape == (75, 90)
    assert worse["8 times darker"].max() < 45
    for what in ("blurred by 2 % of the face", "JPEG quality 20"):
        assert worse[what].shape == image.pixels.shape and not np.array_equal(worse[what], image.pixels)


def test_embedders_of_any_size_are_measured(
    models: dict[str, zoo.ModelFile], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)

    def reader(_: Session) -> Callable[[Image], SeenFace]:
        def see(image: Image) -> SeenFace:
            return SeenFace((np.eye(512)[image.pixels[0, 0]] + rng.normal(0, 0.005, 512)).astype(np.float32), "", 50.0)

        see.model = "own"  # type: ignore[attr-defined]
        return see

    monkeypatch.setattr("opendr_perception.evaluate.face.identity.FaceReader", reader)
    monkeypatch.setattr("opendr_perception.evaluate.face.identity.poor_views", lambda seen, reader: {})
    person = np.repeat(np.arange(6), 5)
    np.savez(
        tmp_path / "own.npz",
        images=np.ones((30, 9, 9), np.uint8) * person[:, None, None].astype(np.uint8),
        person=person,
    )
    found = figures(evaluate_identity(tmp_path / "own.npz", Session(models["face-embedding"].path, threads=1), "all"))
    assert found["images"] == 30 and found["random, 3 enrolled: rank 1"] == 1
