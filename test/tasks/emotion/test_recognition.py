"""Following the emotions of faces: who gets an answer, what it rests upon, and what is forgotten."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.tasks.emotion.expression import ExpressionNet, FaceView
from opendr_perception.tasks.emotion.recognition import Emotion, EmotionMemory, EmotionRecogniser, FacesInView
from opendr_perception.tasks.emotion.smoothing import Temporal
from opendr_perception.tasks.imaging.image import Image

RATE = 10.0
FACE = np.array([175.0, 60.0, 275.0, 170.0])
"""Box of the astronaut's face."""


@pytest.fixture(scope="module")
def net(models: dict[str, zoo.ModelFile]) -> ExpressionNet:
    return ExpressionNet(Session(models["face-expression"].path, threads=1))


@pytest.fixture
def recogniser(net: ExpressionNet) -> EmotionRecogniser:
    return EmotionRecogniser(net, Temporal(zoo.session("emotion-nactcn", threads=1)))


@pytest.fixture(scope="module")
def portrait(astronaut: np.ndarray) -> Image:
    return Image(astronaut, "bgr8")


def play(
    recogniser: EmotionRecogniser,
    memory: EmotionMemory,
    portrait: Image,
    tracks: list[str],
    count: int,
    start: float = 100.0,
    moved: float = 0.0,
) -> list[list[Emotion]]:
    """The portrait, with a box for each track, all of them around the same face."""
    boxes = [FACE + moved + 3 * place for place in range(len(tracks))]
    faces = [FaceView(box, track=track) for box, track in zip(boxes, tracks, strict=True)]
    return [recogniser([FacesInView(memory, portrait, faces, start + index / RATE)])[0] for index in range(count)]


def same(one: Emotion, other: Emotion) -> bool:
    return (one.track, one.frames, one.warm) == (other.track, other.frames, other.warm) and np.allclose(
        [*one.probabilities, one.valence, one.arousal], [*other.probabilities, other.valence, other.arousal], atol=1e-5
    )


def test_a_smile_is_recognised_and_the_evidence_grows(recogniser: EmotionRecogniser, portrait: Image) -> None:
    answers = [answer for (answer,) in play(recogniser, EmotionMemory(), portrait, ["1"], 60)]
    assert [answer.frames for answer in answers] == list(range(1, 61))
    assert not answers[0].warm
    assert answers[-1].warm
    assert recogniser.labels[int(answers[-1].probabilities.argmax())] == "happy"
    assert answers[-1].valence > 0.3
    for answer in answers:
        assert answer.probabilities.sum() == pytest.approx(1)
        assert -1 <= answer.valence <= 1
        assert -1 <= answer.arousal <= 1


def test_faces_and_streams_do_not_mix(recogniser: EmotionRecogniser, net: ExpressionNet, portrait: Image) -> None:
    front, rear = EmotionMemory(), EmotionMemory()
    faces = [FaceView(FACE, track="1"), FaceView(FACE + 20, track="2")]
    for index in range(6):
        stamp = 100 + index / RATE
        views = [FacesInView(front, portrait, faces, stamp), FacesInView(rear, portrait, faces[:1], stamp)]
        found = recogniser(views)
    alone = EmotionRecogniser(net, Temporal(zoo.session("emotion-nactcn", threads=1)))
    expected = play(alone, EmotionMemory(), portrait, ["1"], 6)[-1][0]
    assert same(found[0][0], expected)
    assert same(found[1][0], expected)
    assert not same(found[0][1], expected)
    assert [len(emotions) for emotions in found] == [2, 1]


def test_who_is_not_tracked_is_judged_by_one_image(recogniser: EmotionRecogniser, portrait: Image) -> None:
    found = play(recogniser, EmotionMemory(), portrait, ["", "7", "7"], 5)[-1]
    assert [(emotion.track, emotion.frames, emotion.warm) for emotion in found] == [
        ("", 0, False),
        ("7", 5, False),
        ("7", 0, False),
    ]


def test_a_box_that_shows_nothing_gets_no_answer_and_harms_nobody(
    recogniser: EmotionRecogniser, net: ExpressionNet, portrait: Image
) -> None:
    bad = [[np.nan] * 4, [5, 5, 5, 9], [9, 9, 5, 5], [-90, 0, -10, 50], [600, 0, 700, 50], [0, 0, np.inf, 9]]
    faces = [FaceView(np.array(box, np.float64), track=str(place)) for place, box in enumerate(bad)]
    memory = EmotionMemory()
    (found,) = recogniser([FacesInView(memory, portrait, [*faces, FaceView(FACE, track="good")], 1.0)])
    assert [emotion.track for emotion in found] == ["good"]
    (alone,) = EmotionRecogniser(net, Temporal(zoo.session("emotion-nactcn")))(
        [FacesInView(EmotionMemory(), portrait, [FaceView(FACE, track="good")], 1.0)]
    )
    assert same(found[0], alone[0])
    assert set(memory.seen) == {"good"}


def test_a_face_that_leaves_the_image_is_believed_less_and_less(net: ExpressionNet, portrait: Image) -> None:
    single = EmotionRecogniser(net)
    best = []
    for width in (512, 260, 240, 225):
        part = Image(portrait.pixels[:, :width], "bgr8")
        (found,) = single([FacesInView(EmotionMemory(), part, [FaceView(FACE)], 1.0)])
        best.append(float(found[0].probabilities.max()))
    assert best[0] > 0.9
    assert best == sorted(best, reverse=True)
    assert best[-1] == pytest.approx(1 / 7, abs=0.05)


def test_who_was_away_begins_anew_and_the_others_go_on(recogniser: EmotionRecogniser, portrait: Image) -> None:
    memory = EmotionMemory()
    play(recogniser, memory, portrait, ["1", "2"], 5)
    play(recogniser, memory, portrait, ["2"], 15, start=100.5)
    assert set(memory.seen) == {"2"}
    found = play(recogniser, memory, portrait, ["1", "2"], 1, start=102.0)[-1]
    assert [emotion.frames for emotion in found] == [1, 21]


def test_the_same_image_again_changes_nothing_and_images_without_stamps_go_on(
    recogniser: EmotionRecogniser, portrait: Image
) -> None:
    memory = EmotionMemory()
    before = play(recogniser, memory, portrait, ["1"], 5)[-1][0]
    again = play(recogniser, memory, portrait, ["1"], 1, start=100.4)[-1][0]
    assert same(before, again)
    view = FacesInView(EmotionMemory(), portrait, [FaceView(FACE, track="1")], 0.0)
    assert [recogniser([view])[0][0].frames for _ in range(3)] == [1, 2, 3]
    recogniser([FacesInView(view.memory, portrait, [FaceView(FACE, track="2")], 0.0)])
    assert set(view.memory.seen) == {"2"}


def test_the_largest_faces_are_looked_at(recogniser: EmotionRecogniser, portrait: Image) -> None:
    recogniser.max_faces = 2
    faces = [FaceView(np.array([0.0, 0.0, size, size]), track=str(size)) for size in (50, 20, 90, 40)]
    (found,) = recogniser([FacesInView(EmotionMemory(), portrait, faces, 1.0)])
    assert [emotion.track for emotion in found] == ["50", "90"]


def test_forgetting_a_stream_frees_every_state(recogniser: EmotionRecogniser, portrait: Image) -> None:
    memory = EmotionMemory()
    play(recogniser, memory, portrait, [str(number) for number in range(5)], 2)
    smoothing: Any = recogniser._smoothing
    assert len(smoothing._bank.keys()) == 5
    recogniser.forget(memory)
    assert not smoothing._bank.keys()
    assert not memory.seen
    assert not memory.newest


def test_where_a_stamp_stands_still_who_is_not_here_is_forgotten(
    recogniser: EmotionRecogniser, portrait: Image
) -> None:
    memory = EmotionMemory()
    for track in range(30):
        recogniser([FacesInView(memory, portrait, [FaceView(FACE, track=str(track))], 1.7e9)])
    assert set(memory.seen) == {"29"}


def test_faces_on_a_slow_camera_are_followed(recogniser: EmotionRecogniser, portrait: Image) -> None:
    memory = EmotionMemory()
    for index in range(5):
        (found,) = recogniser([FacesInView(memory, portrait, [FaceView(FACE, track="1")], 100 + 1.7 * index)])
    assert found[0].frames >= 4
