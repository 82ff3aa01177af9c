"""Following the actions of people: who gets an answer, whose state is whose, and what is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from opendr_perception.engine.session import EngineError, Session
from opendr_perception.tasks.action.recognition import KEPT, Action, ActionMemory, ActionRecogniser, TrackedPoses

LABELS = ("stand", "walk", "jump")
RATE = 10.0


@pytest.fixture(scope="module")
def model(skeleton_models: Callable[..., Path]) -> Path:
    return skeleton_models(LABELS)


@pytest.fixture
def recogniser(model: Path) -> ActionRecogniser:
    return ActionRecogniser(Session(model))


def people(number: int, length: int, seed: int = 0) -> np.ndarray:
    """(length, number, 17, 3): people who wander about, in pixels."""
    random = np.random.default_rng(seed)
    bodies = random.uniform(0, 200, (1, number, 17, 2)) + np.cumsum(random.normal(0, 3, (length, number, 17, 2)), 0)
    return np.concatenate([bodies, np.full((length, number, 17, 1), 0.9)], -1)


def play(
    recogniser: ActionRecogniser, memory: ActionMemory, tracks: list[str], clip: np.ndarray, start: float = 100.0
) -> list[list[Action]]:
    return [
        recogniser([TrackedPoses(memory, tracks, keypoints, start + index / RATE)])[0]
        for index, keypoints in enumerate(clip)
    ]


def same(one: Action, other: Action) -> bool:
    return (one.track, one.frames, one.warm) == (other.track, other.frames, other.warm) and np.allclose(
        one.probabilities, other.probabilities, atol=1e-5
    )


def test_each_person_gets_the_answer_that_he_would_get_alone(recogniser: ActionRecogniser, model: Path) -> None:
    clip = people(3, 60)
    together = play(recogniser, ActionMemory(), ["1", "2", "3"], clip)
    alone = ActionRecogniser(Session(model))
    for place, track in enumerate(["1", "2", "3"]):
        for step, expected in zip(
            together, play(alone, ActionMemory(), [track], clip[:, place : place + 1]), strict=True
        ):
            answers = [action for action in step if action.track == track]
            assert len(answers) == len(expected)
            assert all(map(same, answers, expected))
    assert len(together[-1]) == 3
    assert together[-1][0].probabilities.sum() == pytest.approx(1.0, abs=1e-5)


def test_warm_and_frames_grow_with_what_was_seen(recogniser: ActionRecogniser) -> None:
    answers = [step[0] for step in play(recogniser, ActionMemory(), ["1"], people(1, 70)) if step]
    frames = [answer.frames for answer in answers]
    assert frames == sorted(frames)
    assert not answers[0].warm
    assert answers[-1].warm
    assert all(answer.warm == (answer.frames >= 90) for answer in answers)


def test_two_streams_in_one_call_do_not_mix(recogniser: ActionRecogniser, model: Path) -> None:
    front, rear = people(2, 50, seed=1), people(2, 50, seed=2)
    memories = ActionMemory(), ActionMemory()
    for index in range(50):
        stamp = 100 + index / RATE
        found = recogniser(
            [
                TrackedPoses(memories[0], ["1", "2"], front[index], stamp),
                TrackedPoses(memories[1], ["1", "2"], rear[index], stamp),
            ]
        )
    alone = ActionRecogniser(Session(model))
    for clip, answers in ((front, found[0]), (rear, found[1])):
        assert all(map(same, answers, play(alone, ActionMemory(), ["1", "2"], clip)[-1]))


def test_people_who_come_at_different_times_take_their_steps_together(recogniser: ActionRecogniser) -> None:
    memory, clip = ActionMemory(), people(6, 120)
    for index in range(5):  # of a camera with 30 images a second; one person more with each
        recogniser([TrackedPoses(memory, [*"abcdef"[: index + 1]], clip[index, : index + 1], 100 + index / 30)])
    together = []
    step = recogniser._bank.step
    recogniser._bank.step = lambda keys, frames: (together.append(tuple(keys)), step(keys, frames))[1]  # type: ignore[method-assign]
    for index in range(5, 120):
        recogniser([TrackedPoses(memory, [*"abcdef"], clip[index], 100 + index / 30)])
    assert len(together) == pytest.approx(115 / 30 * 20, abs=2), "one step for each frame, not for each person"
    assert {len(keys) for keys in together[2:]} == {6}
    assert len(set(together[2:])) == 1, "in one order, so that no state is moved"


def test_who_is_not_tracked_gets_no_answer(recogniser: ActionRecogniser) -> None:
    found = play(recogniser, ActionMemory(), ["", "7"], people(2, 60))[-1]
    assert [action.track for action in found] == ["7"]


def test_who_was_away_begins_anew_and_the_others_go_on(recogniser: ActionRecogniser) -> None:
    memory, clip = ActionMemory(), people(2, 100)
    play(recogniser, memory, ["1", "2"], clip[:60])
    play(recogniser, memory, ["2"], clip[60:80, 1:], start=106.0)
    assert set(memory.people) == {"2"}
    found = play(recogniser, memory, ["1", "2"], clip[80:], start=108.0)[-1]
    frames = {action.track: action.frames for action in found}
    assert frames.get("1", 0) < 50
    assert frames["2"] > 180


def test_forgetting_a_stream_frees_every_state(recogniser: ActionRecogniser) -> None:
    recogniser.max_persons = 30
    memory = ActionMemory()
    play(recogniser, memory, [str(number) for number in range(30)], people(30, 8))
    assert len(recogniser._bank.keys()) == 30
    recogniser.forget(memory)
    assert not recogniser._bank.keys()
    assert not memory.people


def test_missing_and_broken_keypoints_harm_nobody(recogniser: ActionRecogniser, model: Path) -> None:
    clip = people(2, 60)
    broken = clip.copy()
    broken[20:30, 0] = np.nan
    broken[30:40, 0, :, 2] = 0.0
    found = play(recogniser, ActionMemory(), ["1", "2"], broken)[-1]
    assert all(np.isfinite(action.probabilities).all() for action in found)
    alone = play(ActionRecogniser(Session(model)), ActionMemory(), ["2"], clip[:, 1:])[-1]
    assert same(found[1], alone[0])


def test_the_same_image_again_changes_nothing(recogniser: ActionRecogniser) -> None:
    memory, clip = ActionMemory(), people(1, 60)
    before = play(recogniser, memory, ["1"], clip)[-1][0]
    (again,) = recogniser([TrackedPoses(memory, ["1"], clip[-1], 100 + 59 / RATE)])
    assert same(before, again[0])


@pytest.mark.parametrize("stamp", [0.0, 1.7e9])
def test_where_stamps_stand_still_who_is_not_here_is_forgotten(recogniser: ActionRecogniser, stamp: float) -> None:
    memory = ActionMemory()
    for number, keypoints in enumerate(people(1, 400)):
        recogniser([TrackedPoses(memory, [str(number)], keypoints, stamp)])
        assert len(memory.people) <= 1
        assert len(recogniser._bank.keys()) <= 1


def test_of_many_people_who_come_and_go_within_a_moment_only_so_many_are_remembered(
    recogniser: ActionRecogniser,
) -> None:
    recogniser.max_persons = 5
    memory = ActionMemory()
    for number, keypoints in enumerate(people(1, 400)):
        recogniser([TrackedPoses(memory, [str(number)], keypoints, 100 + number / 1000)])
    assert len(memory.people) <= KEPT * 5 + 1
    assert len(recogniser._bank.keys()) <= KEPT * 5 + 1
    assert "399" in memory.people


def test_the_largest_people_are_looked_at(recogniser: ActionRecogniser) -> None:
    recogniser.max_persons = 2
    memory, clip = ActionMemory(), people(3, 60)
    clip[:, 1, :, :2] *= 0.1
    found = play(recogniser, memory, ["1", "2", "3"], clip)[-1]
    assert [action.track for action in found] == ["1", "3"]
    assert set(memory.people) == {"1", "3"}


def test_people_on_a_slow_camera_are_followed(recogniser: ActionRecogniser) -> None:
    memory = ActionMemory()
    for index, keypoints in enumerate(people(1, 12)):
        recogniser([TrackedPoses(memory, ["1"], keypoints, 100 + 1.7 * index)])
    assert memory.people["1"].skeleton is not None
    assert memory.people["1"].skeleton.start == 100
    recogniser([TrackedPoses(memory, ["1"], people(1, 1)[0], 200.0)])
    assert memory.people["1"].skeleton.start == 200.0, "after a minute nothing is continued"


@pytest.mark.parametrize(
    ("metadata", "problem"),
    [
        ({"labels": "[]", "version": 0}, "version 0 of the skeleton"),
        ({"labels": ""}, "labels cannot be read"),
    ],
)
def test_a_model_of_another_kind_is_refused(
    metadata: dict[str, Any], problem: str, skeleton_models: Callable[..., Path]
) -> None:
    path = skeleton_models(**metadata)
    with pytest.raises(EngineError, match=problem):
        ActionRecogniser(Session(path))
