"""MoveNet for several people: people whose middles, boxes and keypoints are known by construction come back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.tasks import body
from opendr_perception.tasks.body import formats
from opendr_perception.tasks.body.formats import multipose

HEIGHT, WIDTH = 24, 40
"""Of the maps, in cells."""


def person(row: int, column: int) -> np.ndarray:
    """Cells (17, 2) row, column of the keypoints of somebody whose middle is there."""
    return np.array([(row - 6 + k % 12, column - 3 + k % 7) for k in range(17)])


def maps(people: list[tuple[int, int]], strong: float = 0.9) -> dict[str, np.ndarray]:
    """Maps of a network that is sure of everybody, each 14 cells high and 10 wide, keypoints in middles of cells."""
    found = {"centres": np.zeros((1, HEIGHT, WIDTH)), "heatmaps": np.zeros((17, HEIGHT, WIDTH))}
    found |= {name: np.zeros((2, HEIGHT, WIDTH)) for name in ("sizes", "box_offsets")}
    found |= {name: np.zeros((34, HEIGHT, WIDTH)) for name in ("regressions", "offsets")}
    found["offsets"] += 0.5
    for row, column in people:
        found["centres"][0, row, column] = strong
        found["sizes"][:, row, column] = 14, 10
        found["regressions"][:, row, column] = (person(row, column) - (row, column)).ravel()
        for k, (down, across) in enumerate(person(row, column)):
            found["heatmaps"][k, down, across] = 0.8
    return {name: values.astype(np.float32) for name, values in found.items()}


def test_people_come_back_with_their_keypoints_boxes_and_scores() -> None:
    places = [(10, 8), (12, 28)]
    found = multipose.decode(maps(places), above=0.5)
    assert len(found.scores) == 2
    for (row, column), keypoints, box, score in zip(places, found.keypoints, found.boxes, found.scores, strict=True):
        np.testing.assert_allclose(keypoints[:, 1::-1], (person(row, column) + 0.5) * 4, atol=1e-4)
        assert box.tolist() == [(column - 5) * 4, (row - 7) * 4, (column + 5) * 4, (row + 7) * 4]
        assert score == pytest.approx(np.sqrt(0.9 * 0.8), abs=1e-3), "the geometric mean of middle and keypoints"


def test_a_keypoint_of_somebody_else_is_not_taken_although_it_is_hotter() -> None:
    found = maps([(10, 8), (12, 28)])
    down, across = person(10, 8)[0]
    found["heatmaps"][0, down, across] = 0.3
    keypoints = multipose.decode(found, above=0.1).keypoints
    np.testing.assert_allclose(keypoints[0, 0, 1::-1], (person(10, 8)[0] + 0.5) * 4, atol=1e-4)


def test_the_strongest_six_are_given_and_neighbours_are_one() -> None:
    crowd = maps([(8 + 4 * (k % 2), 3 + 5 * k) for k in range(7)])
    assert len(multipose.decode(crowd, above=0.1).scores) == 6
    twice = maps([(10, 8)])
    twice["centres"][0, 11, 9] = 0.7
    assert len(multipose.decode(twice, above=0.1).scores) == 1


def test_nobody_is_found_in_nothing() -> None:
    assert len(multipose.decode(maps([]), above=0.1).scores) == 0


def test_the_model_is_known_by_its_outputs_and_finds_who_the_two_steps_find(
    models: dict[str, zoo.ModelFile], astronaut: np.ndarray
) -> None:
    session = Session(models["movenet-multipose"].path, threads=1)
    assert formats.name_of(session) == "multipose" and formats.is_bottom_up(session)
    one = body.build(body.Settings(model="movenet-multipose", threads=1))(astronaut)
    two = body.build(body.Settings(threads=1))(astronaut)
    assert len(one) == len(two) == 1
    seen = two.keypoints[0, :, 2] > 0.4
    away = np.linalg.norm(one.keypoints[0, seen, :2] - two.keypoints[0, seen, :2], axis=1)
    assert np.median(away) < 0.03 * 512


def test_people_from_a_topic_are_refused(models: Any) -> None:
    with pytest.raises(ValueError, match="finds all people by itself"):
        body.build(body.Settings(model="movenet-multipose", people="topic", threads=1))
