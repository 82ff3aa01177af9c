"""From a name to something that perceives: one image, streams, settings while it runs, sessions of one's own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.settings import parameter
from opendr_perception.tasks import action, body, emotion, people, presence
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.perceiver import Moment, Perceiver, PerceiverSettings, as_image


@dataclass(frozen=True)
class Settings(PerceiverSettings):
    """Counting."""

    step: int = parameter(1, "What is added.", minimum=1, maximum=10)
    model: str = parameter("a", "Which one counts.", read_only=True)


class Counter(Perceiver[Settings, str, list[int], int]):
    """Adds up in memories; fails on the input 'bad'."""

    def __init__(self) -> None:
        super().__init__(Settings())
        self.released: list[list[int]] = []
        self.adopted: list[int] = []

    def new_memory(self) -> list[int]:
        return []

    def release(self, memory: list[int]) -> None:
        self.released.append(memory)

    def adopt(self, settings: Settings) -> None:
        self.adopted.append(settings.step)

    def perceive(self, moments: Sequence[Moment[str, list[int]]]) -> Iterator[int]:
        if any(moment.input == "bad" for moment in moments):
            raise ValueError("bad")
        return map(self._add, moments)

    def _add(self, moment: Moment[str, list[int]]) -> int:
        moment.memory.append(self.settings.step)
        return sum(moment.memory)


def test_without_a_memory_every_input_is_perceived_by_itself_and_nothing_is_kept() -> None:
    counter = Counter()
    assert [counter("a"), counter("b")] == [1, 1]
    assert len(counter.released) == 2
    with pytest.raises(ValueError, match="bad"):
        counter("bad")
    assert len(counter.released) == 3


def test_a_memory_is_that_of_one_stream() -> None:
    counter = Counter()
    front, rear = counter.new_memory(), counter.new_memory()
    assert [counter("a", front), counter("a", front), counter("a", rear)] == [1, 2, 1]
    assert list(counter.batch([Moment("a", front), Moment("b", rear)])) == [3, 2]
    assert counter.released == []


def test_a_batch_that_fails_has_changed_no_memory() -> None:
    counter, memory = Counter(), [5]
    with pytest.raises(ValueError, match="bad"):
        counter.batch([Moment("a", memory), Moment("bad", [])])
    assert memory == [5]


def test_settings_are_taken_once_from_the_next_batch_on() -> None:
    counter = Counter()
    counter.apply(Settings(step=3))
    assert counter.adopted == [], "what runs in another thread is not disturbed"
    assert [counter("a"), counter("a")] == [3, 3]
    assert counter.adopted == [3], "nothing is set again for every frame"


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [(Settings(step=0), r"step must be in \[1, 10\], got 0"), (Settings(model="b"), "model is fixed")],
)
def test_settings_that_cannot_be_taken_are_refused_before_anything_changes(wanted: Settings, problem: str) -> None:
    counter = Counter()
    with pytest.raises(ValueError, match=problem):
        counter.apply(wanted)
    assert counter("a") == 1
    assert counter.adopted == []


def test_arrays_of_pixels_are_checked() -> None:
    with pytest.raises(ValueError, match=r"must have the shape \(height, width, 3\)"):
        as_image(np.zeros((4, 5), np.uint8))
    with pytest.raises(ValueError, match="must be uint8"):
        as_image(np.zeros((4, 5, 3), np.float32))  # type: ignore[arg-type]


def test_models_come_from_the_sessions_that_are_handed_in(models: dict[str, zoo.ModelFile]) -> None:
    opened: list[tuple[str, str, int]] = []

    def sessions(name: str, *, device: str = "cpu", threads: int = 0) -> Session:
        opened.append((name, device, threads))
        return zoo.session(name, device=device, threads=threads)

    body.build(body.Settings(threads=1, overview="presence"), sessions)
    perceiver = people.build(people.Settings(threads=2), sessions)
    assert opened == [
        ("movenet-lightning", "cpu", 1),
        ("nanodet", "cpu", 1),
        ("presence-1080p", "cpu", 1),
        ("nanodet", "cpu", 2),
    ]
    perceiver.apply(people.Settings(threads=2, nms="seq2seq_geom"))
    perceiver.apply(people.Settings(threads=2, nms="seq2seq_geom", score_threshold=0.6))
    assert opened[4:] == [("nms-geom", "cpu", 2)], "it is loaded when it is first wanted, and kept"


def test_a_wrong_setting_is_told_before_a_model_is_opened() -> None:
    def sessions(name: str, *, device: str = "cpu", threads: int = 0) -> Session:
        raise AssertionError(name)

    with pytest.raises(ValueError, match="score_threshold must be in"):
        people.build(people.Settings(score_threshold=2.0), sessions)
    with pytest.raises(ValueError, match="smoothing must be in"):
        presence.build(presence.Settings(smoothing=1.0), sessions)


def test_a_method_that_cannot_work_is_refused_and_the_one_before_goes_on(
    models: dict[str, zoo.ModelFile], street: list[np.ndarray]
) -> None:
    perceiver = people.build(people.Settings(threads=1))
    before = perceiver(street[0])
    with pytest.raises(ValueError, match="needs a detector that puts out its feature map"):
        perceiver.apply(people.Settings(threads=1, nms="fseq2"))
    np.testing.assert_array_equal(perceiver(street[0]).detections.boxes, before.detections.boxes)
    perceiver.apply(people.Settings(threads=1, score_threshold=0.99))
    assert len(perceiver(street[0])) < len(before)


def test_people_and_poses_of_one_image_have_no_tracks_and_those_of_a_stream_keep_theirs(
    models: dict[str, zoo.ModelFile], street: list[np.ndarray]
) -> None:
    for perceiver in (people.build(people.Settings(threads=1)), body.build(body.Settings(threads=1))):
        alone = perceiver(street[0])
        assert len(alone) >= 2
        assert set(alone.tracks) == {""}
        memory = perceiver.new_memory()
        seen = [set(perceiver(image, memory, 100 + k / 10).tracks) - {""} for k, image in enumerate(street[:6])]
        assert len(seen[2] & seen[-1]) >= 2


def test_people_who_are_known_are_not_looked_for_and_keep_their_tracks(
    models: dict[str, zoo.ModelFile], street: list[np.ndarray]
) -> None:
    opened: list[str] = []

    def sessions(name: str, *, device: str = "cpu", threads: int = 0) -> Session:
        opened.append(name)
        return zoo.session(name, device=device, threads=threads)

    image, told = Image(street[0], "bgr8"), list[str]()
    own = body.build(body.Settings(threads=1))(image)
    settings = body.Settings(threads=1, people="topic", high_resolution=True, max_persons=2)
    given = body.build(settings, sessions, told.append)
    assert opened == ["movenet-lightning"]
    assert "high_resolution" in told[0]
    tracks = [f"a-{number}" for number in range(len(own))]
    found = given(people.PeopleOfImage(image, people.TrackedPeople(own.people, tracks)))
    places = [tracks.index(track) for track in found.tracks]
    assert len(places) == 2
    np.testing.assert_allclose(found.keypoints, own.keypoints[places], atol=1e-2)
    np.testing.assert_array_equal(found.people.boxes, own.people.boxes[places])
    with pytest.raises(ValueError, match="must come with the people in it"):
        given(image)
    with pytest.raises(ValueError, match="taken with people 'topic' only"):
        body.build(body.Settings(threads=1))(people.PeopleOfImage(image, people.TrackedPeople(own.people, tracks)))


def test_actions_follow_the_poses_of_a_stream_and_forget_them_when_it_is_released(
    models: dict[str, zoo.ModelFile], street: list[np.ndarray]
) -> None:
    poses = body.build(body.Settings(threads=1, layout="openpose18"))
    with pytest.warns(UserWarning, match="may be used for research only"):
        actions = action.build(action.Settings(threads=1))
    past, memory = poses.new_memory(), actions.new_memory()
    found = [actions(poses(image, past, 100 + k / 10), memory, 100 + k / 10) for k, image in enumerate(street)]
    assert any(answer.people for answer in found)
    assert all(len(person.probabilities) == len(actions.labels) for person in found[-1].people)
    actions.release(memory)
    assert not memory.people


def test_a_temporal_network_for_other_labels_is_replaced_with_a_warning(models: dict[str, zoo.ModelFile]) -> None:
    told: list[str] = []

    class OtherLabels(Session):
        @property
        def metadata(self) -> dict[str, str]:
            return {**super().metadata, "labels": '["calm", "cross"]'}

    def sessions(name: str, *, device: str = "cpu", threads: int = 0) -> Session:
        kind = OtherLabels if name == "emotion-nactcn" else Session
        return kind(zoo.require(name).path, device=device, threads=threads)

    emotion.build(emotion.Settings(threads=1), sessions, told.append)
    terms, line = told
    assert "'expression-research' was made from data that may be used for research only" in terms
    assert line.startswith("emotion-nactcn is for the labels calm, cross, but expression-research has neutral")
    for model, expected in (("expression-research", [terms]), ("face-expression", [])):
        told.clear()
        emotion.build(emotion.Settings(model=model, threads=1), warn=told.append)
        assert told == expected


def test_the_heatmaps_of_a_stream_are_smoothed_and_those_of_single_images_are_not(
    models: dict[str, zoo.ModelFile], street: list[np.ndarray]
) -> None:
    settings = presence.Settings(threads=1, scales=(0.5,))
    perceiver = presence.build(settings)
    empty, full = perceiver(np.zeros_like(street[0])), perceiver(street[0])
    perceiver.apply(replace(settings, smoothing=0.5))
    memory = perceiver.new_memory()
    smooth = [perceiver(image, memory) for image in (np.zeros_like(street[0]), street[0])]
    np.testing.assert_allclose(smooth[1].values, (empty.values + full.values) / 2, atol=1e-6)
    with pytest.raises(ValueError, match="scales must be above 0"):
        perceiver.apply(replace(settings, scales=()))


def test_numbers_are_never_given_twice(models: dict[str, zoo.ModelFile], street: list[np.ndarray]) -> None:
    perceiver = people.build(people.Settings(threads=1))
    tracks: list[set[str]] = []
    for _ in range(2):
        memory = perceiver.new_memory()
        found = [perceiver(image, memory, 1 + k / 10).tracks for k, image in enumerate(street[:4])]
        tracks.append(set(itertools.chain.from_iterable(found)) - {""})
    assert tracks[0] and tracks[1]
    assert not tracks[0] & tracks[1]
