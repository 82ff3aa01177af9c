"""Films in which nobody can be recognised."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from opendr_perception.process import ProcessError, Request, in_process, process_recordings
from opendr_perception.process.privacy.film import Blurred, detector, pixelate
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.recordings import open_source


def test_a_covered_box_has_few_colours_and_the_rest_stays() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    before = pixels.copy()
    pixelate(pixels, (10.0, -5.0, 40.0, 30.0))
    assert len(np.unique(pixels[:30, 10:40].reshape(-1, 3), axis=0)) == 25
    pixels[:30, 10:40] = before[:30, 10:40]
    assert (pixels == before).all()
    pixelate(pixels, (100.0, 100.0, 120.0, 120.0))
    assert (pixels == before).all(), "outside of the image there is nothing to cover"


def test_a_mean_of_one_block_leaves_nothing() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    pixelate(pixels, (10.0, 10.0, 40.0, 30.0), blocks=1)
    assert len(np.unique(pixels[10:30, 10:40].reshape(-1, 3), axis=0)) <= 2


@pytest.mark.parametrize(("what", "recording"), [("faces", "talking_head"), ("bodies", "street")])
def test_the_detector_finds_nobody_in_the_copy_which_has_all_frames(
    what: str,
    recording: str,
    write_film: Callable[[Path, Sequence[np.ndarray]], Path],
    request: pytest.FixtureRequest,
    models: object,
    tmp_path: Path,
) -> None:
    frames: list[np.ndarray] = request.getfixturevalue(recording)
    film = write_film(tmp_path / "film.mkv", frames)
    find = detector(what, 0.5)
    assert all(len(found) for found in find([Image(pixels, "bgr8") for pixels in frames])), "there is somebody to cover"
    for output in ("out", "again"):
        wanted = Request((), blur=what)
        [outcome] = process_recordings([str(film)], wanted, tmp_path / output, in_process)
        assert outcome.report is not None, outcome.error
        assert outcome.report.problems == []
    copy = tmp_path / "out" / "film" / "blurred.mp4"
    with open_source(str(copy)) as source:
        seen = list(source)
    assert [round(frame.stamp * 1e-8) for frame in seen if frame.stamp is not None] == list(range(len(frames)))
    assert not any(len(found) for found in find([frame.image for frame in seen]))
    report = json.loads((copy.parent / "report.json").read_text())
    assert report["blurred"]["covered"] >= len(frames)
    assert copy.read_bytes() == (tmp_path / "again" / "film" / "blurred.mp4").read_bytes()


def test_what_is_still_found_is_a_problem_with_its_frames() -> None:
    [line] = Blurred(3, 3, [4, 7]).problems("faces")
    assert line == "blurred.mp4: faces are still found in 2 frames: 4, 7"


def test_only_faces_and_bodies_can_be_covered() -> None:
    with pytest.raises(ProcessError, match="there is no kind 'names' for recordings; there are faces, bodies"):
        Request((), blur="names")
