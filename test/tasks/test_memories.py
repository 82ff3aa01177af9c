"""Memories as values: what is read goes on as what was written, and nothing else can be read."""

from __future__ import annotations

import json
import math
from collections import deque
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import cv2
import numpy as np
import pytest

from opendr_perception import zoo
from opendr_perception.tasks import action, activity, body, emotion, face, people, presence
from opendr_perception.tasks.emotion import FacesOfImage, FaceView
from opendr_perception.tasks.face import RecognisedFaces
from opendr_perception.tasks.imaging import Image, Rhythm
from opendr_perception.tasks.memories import Form, NotAValue, Value
from opendr_perception.tasks.perceiver import Perceiver


@dataclass(eq=False)
class Thing:
    """Of a test."""

    name: str
    lock: object = field(default_factory=object)


def test_what_is_read_is_what_was_written() -> None:
    first, second = Thing("first"), Thing("second")
    array = np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3))
    memory = {
        "plain": [1, 1.5, True, None, "é", -math.inf],
        ("a", 2): (np.float64(0.1), np.int64(2**60), array, array),
        "few": deque([1, 2], maxlen=2),
        "set": frozenset({"x"}),
        "looks": WeakKeyDictionary({first: np.ones(2)}),
        "tracks": [first, second],
        "rhythm": Rhythm(),
    }
    form = Form({Thing: {"lock": lambda: "new"}})
    found: Any = form.read(form.write(memory))
    assert found["plain"] == memory["plain"]
    number, large, one, other = found["a", 2]
    assert (type(number), number, large) == (np.float64, 0.1, 2**60)
    assert one is other and one is not array
    assert one.flags.f_contiguous and (one == array).all()
    assert found["few"] == deque([1, 2]) and found["few"].maxlen == 2
    assert found["set"] == {"x"}
    [begin, end] = found["tracks"]
    assert (begin.name, end.name, begin.lock) == ("first", "second", "new")
    assert begin in found["looks"] and end not in found["looks"], "shared parts stay shared"
    assert isinstance(found["rhythm"], Rhythm)


@pytest.mark.parametrize("thing", [object(), len, Thing("x"), np.array([object()]), Exception(), complex(1)])
def test_what_is_of_another_kind_is_not_written(thing: object) -> None:
    with pytest.raises(NotAValue):
        Form().write([thing])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[[0], []]",
        '[[0], [["kind", "Popen", {}]]]',
        '[[0], [["kind", "Thing", {}]]]',
        '[[0], [["array", "7"]]]',
        '[[0], [["list", [[0]]]]]',
        '[[-1], [["list", []]]]',
        '[[true], [["list", []]]]',
        '[[0], [["eval", []]]]',
        "[{}, []]",
    ],
)
def test_what_is_no_memory_is_refused(text: str) -> None:
    with pytest.raises(NotAValue):
        Form().read(Value(text, {}))


def halves(perceiver: Perceiver[Any, Any, Any, Any], other: Perceiver[Any, Any, Any, Any], inputs: list[Any]) -> None:
    """Give all inputs to one perceiver, and the second half to another one that goes on from a snapshot."""
    memory = perceiver.new_memory()
    place = len(inputs) // 2
    for number, each in enumerate(inputs[:place]):
        perceiver(each, memory, 1 + number * 0.1)
    value = perceiver.snapshot(memory)
    written = Value(json.loads(json.dumps(value.text)), {name: each.copy() for name, each in value.arrays.items()})
    gone_on = other.restore(written)
    for number, each in enumerate(inputs[place:], place):
        expected = perceiver(each, memory, 1 + number * 0.1)
        np.testing.assert_equal(
            plain(other(each, gone_on, 1 + number * 0.1)), plain(expected), err_msg=f"input {number}"
        )


def plain(result: Any) -> Any:
    """A result as containers and arrays."""
    if isinstance(result, list | tuple):
        return [plain(each) for each in result]
    return {name: plain(each) for name, each in vars(result).items()} if hasattr(result, "__dict__") else result


SETTINGS = {"threads": 1}


@pytest.mark.parametrize(
    ("room", "settings"),
    [
        (people, people.Settings(**SETTINGS)),
        (people, people.Settings(detect_every=3, **SETTINGS)),
        (body, body.Settings(max_fresh=1, **SETTINGS)),
        (presence, presence.Settings(smoothing=0.5, **SETTINGS)),
        (activity, activity.Settings(**SETTINGS)),
    ],
    ids=["people", "people, carried", "poses, a few each time", "presence", "activities"],
)
def test_a_stream_of_images_goes_on_elsewhere(
    room: Any, settings: Any, street: list[np.ndarray], models: object
) -> None:
    images = [Image(pixels, "bgr8") for pixels in street[:8]]
    ids = {} if room in (presence, activity) else {"ids": people.new_ids("abc")}
    perceiver = room.build(settings, sessions=zoo.session, warn=print, **ids)
    other_ids = {} if room in (presence, activity) else {"ids": people.new_ids("abc")}
    halves(perceiver, room.build(settings, sessions=zoo.session, warn=print, **other_ids), images)


def test_actions_go_on_elsewhere(street: list[np.ndarray], models: object) -> None:
    poses = body.build(body.Settings(**SETTINGS))
    memory = poses.new_memory()
    seen = [poses(pixels, memory, 1 + number * 0.1) for number, pixels in enumerate(street[:8])]
    settings = action.Settings(**SETTINGS)
    halves(action.build(settings, warn=print), action.build(settings, warn=print), seen)


@pytest.mark.parametrize("temporal", ["emotion-nactcn", "exponential", "none"])
def test_faces_and_their_emotions_go_on_elsewhere(
    temporal: str, talking_head: list[np.ndarray], tmp_path: Any, models: object
) -> None:
    images = [Image(pixels, "bgr8") for pixels in talking_head[:8]]
    settings = face.Settings(gallery=str(tmp_path), identify=False, **SETTINGS)
    one, other = (face.build(settings, warn=print, ids=people.new_ids("abc")) for _ in range(2))
    if temporal == "none":
        halves(one, other, [face.CameraImage(image) for image in images])
    memory = one.new_memory()
    seen = [faces_of(image, one(image, memory, 1 + number * 0.1)) for number, image in enumerate(images)]
    wanted = emotion.Settings(temporal=temporal, **SETTINGS)
    halves(emotion.build(wanted, warn=print), emotion.build(wanted, warn=print), seen)


def faces_of(image: Image, found: RecognisedFaces) -> FacesOfImage:
    boxes, landmarks = found.faces.detections.boxes, found.faces.landmarks
    views = [FaceView(boxes[k], landmarks[k], track=track) for k, track in enumerate(found.tracks)]
    return FacesOfImage(image, views)


def test_embeddings_of_people_are_not_written(talking_head: list[np.ndarray], tmp_path: Any, models: object) -> None:
    someone = tmp_path / "Someone"
    someone.mkdir()
    cv2.imwrite(str(someone / "one.png"), cv2.resize(talking_head[0], None, fx=3, fy=3))
    perceiver = face.build(face.Settings(gallery=str(tmp_path), **SETTINGS), warn=print)
    memory = perceiver.new_memory()
    for number, pixels in enumerate(talking_head):
        perceiver(Image(pixels, "bgr8"), memory, 1 + number * 0.1)
    if not any(evidence.embeddings for evidence in memory.identities.tracks.values()):
        pytest.skip("no view was good enough to be compared")
    with pytest.raises(NotAValue, match="embeddings of the people in view are not written"):
        perceiver.snapshot(memory)
