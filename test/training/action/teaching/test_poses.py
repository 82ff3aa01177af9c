"""Labelled films become recordings of single actions of the right person."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from opendr_perception import zoo
from opendr_perception.evaluate.action.recordings import UNJUDGED
from opendr_perception.evaluate.report import DatasetError
from opendr_perception.tasks import body
from opendr_perception.training.action.teaching.poses import RATE, Track, recordings_of, tracks_of
from opendr_perception.training.common.label_rows import LabelRow

FILM, LABELS = Path("film.mp4"), Path("labels.csv")


def track(name: str, begin: float, end: float, height: float, rate: float = 10.0) -> Track:
    """Somebody whose right wrist goes to the right by a pixel in each tenth of a second."""
    stamps = np.arange(begin, end, 1 / rate)
    points = np.zeros((len(stamps), 17, 3))
    points[..., 1], points[..., 2] = np.linspace(0, height, 17), 0.9
    points[:, 10, 0] = 10 * stamps
    return Track(name, stamps, points)


def test_a_row_is_about_the_largest_person_in_its_time() -> None:
    near, far, gone = track("near", 0, 20, 300), track("far", 0, 20, 100), track("gone", 0, 4, 400)
    found = recordings_of(FILM, [far, near, gone], [LabelRow(10.0, 12.0, "stop", 2)], LABELS)
    (stop,) = [one for one in found if one.action == "stop"]
    assert stop.subject == "film.mp4 near"
    assert stop.end - stop.begin == pytest.approx(2 * RATE, abs=1)
    assert len(stop) == pytest.approx(4 * RATE, abs=1)  # a second before and after
    np.testing.assert_allclose(stop.image[stop.begin, 10, 0], 100.0, atol=0.5)
    assert stop.names[stop.begin] == "stop"
    assert stop.names[0] == UNJUDGED


def test_what_has_no_label_is_kept_in_pieces_for_what_was_known_before() -> None:
    found = recordings_of(FILM, [track("a", 0, 30, 300)], [LabelRow(11.0, 13.0, "stop", 2)], LABELS)
    pieces = [one for one in found if one.action == UNJUDGED]
    assert len(pieces) == 5  # of six; the one around the label is not
    assert all(one.begin == 0 and one.end == len(one) for one in pieces)


def test_a_row_without_people_is_named() -> None:
    for people in ([], [track("a", 0, 3, 300)]):
        with pytest.raises(DatasetError, match=r"labels.csv, line 7 \(stop\): film.mp4 shows nobody from 4 to 6 s"):
            recordings_of(FILM, people, [LabelRow(4.0, 6.0, "stop", 7)], LABELS)


def test_where_somebody_is_lost_nothing_is_made_up() -> None:
    before, after = track("a", 0, 2, 300), track("a", 4, 6, 300)
    both = Track(
        "a", np.concatenate([before.stamps, after.stamps]), np.concatenate([before.keypoints, after.keypoints])
    )
    points, begin = both.cut(0.0, 6.0)
    lost = (begin + np.arange(len(points)) / RATE > 2.0) & (begin + np.arange(len(points)) / RATE < 3.9)
    assert (points[lost, :, 2] == 0).all()
    assert (points[~lost & (begin + np.arange(len(points)) / RATE < 1.9), :, 2] > 0).all()
    assert both.share_seen(0.0, 4.0) == pytest.approx(0.5, abs=0.05)


@pytest.fixture(scope="module")
def perceiver(models: dict[str, zoo.ModelFile]) -> body.PosePerceiver:
    return body.build()


def folder_of(images: list[np.ndarray], folder: Path) -> Path:
    folder.mkdir()
    for number, image in enumerate(images):
        cv2.imwrite(str(folder / f"{number}.png"), image)
    return folder


def test_people_of_images_are_found_and_followed(
    perceiver: body.PosePerceiver, street: list[np.ndarray], tmp_path: Path
) -> None:
    found = tracks_of(folder_of(street, tmp_path / "street"), perceiver)
    assert found
    longest = max(found, key=lambda one: len(one.stamps))
    assert len(longest.stamps) >= 5
    assert (np.diff(longest.stamps) > 0).all()
    assert longest.stamps[0] < 0.5
    assert longest.keypoints.shape[1:] == (17, 3)


def test_a_recording_without_people_is_named(perceiver: body.PosePerceiver, tmp_path: Path) -> None:
    black = folder_of([np.zeros((120, 160, 3), np.uint8)] * 3, tmp_path / "night")
    with pytest.raises(DatasetError, match="night shows nobody"):
        tracks_of(black, perceiver)
    with pytest.raises(DatasetError, match="No such file"):
        tracks_of(tmp_path / "nothing.mp4", perceiver)
