"""The film of the demonstration can be played, also when it was cut off."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

from opendr_perception.demo.film import HEIGHT, FilmWriter


def image(level: int, height: int = 120, width: int = 161) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


def frames(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]


def test_streams_stand_side_by_side_from_the_moment_when_all_have_shown_something(tmp_path: Path) -> None:
    film = FilmWriter(tmp_path / "film.mp4", ["left", "right"])
    film.show("left", image(50))
    assert film.frames == 0
    film.show("right", image(200, 240, 160))
    for _ in range(3):
        film.show("left", image(50))
    film.close()
    shown = frames(tmp_path / "film.mp4")
    assert len(shown) == film.frames == 3
    left, right = np.array_split(shown[-1][: HEIGHT // 2], [round(161 * HEIGHT / 120 / 2) * 2], axis=1)
    assert abs(left.mean() - 50) < 5
    assert abs(right.mean() - 200) < 5


def test_what_was_shown_can_be_played_although_the_film_was_never_finished(tmp_path: Path) -> None:
    film = FilmWriter(tmp_path / "film.mp4", ["only"])
    for index in range(120):
        film.show("only", image(index))
    copy = tmp_path / "copy.mp4"  # what a killed process leaves
    copy.write_bytes((tmp_path / "film.mp4").read_bytes())
    film.close()
    assert len(frames(copy)) >= 20
