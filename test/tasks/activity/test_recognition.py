"""Streams and people are followed by their own states, at the network's rate, while there is something to see."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from opendr_perception.engine.session import EngineError, Session
from opendr_perception.networks.activity.x3d import CoX3D
from opendr_perception.tasks import activity
from opendr_perception.tasks.activity import ActivityModel, ActivityRecogniser, ActivityView
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.nms import Detections
from opendr_perception.tasks.people import PeopleOfImage, TrackedPeople

SIDE = 32


def scene(seed: int, height: int = 48, width: int = 64) -> Image:
    return Image(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8), "rgb8")


def person(track: str, box: tuple[float, ...]) -> TrackedPeople:
    return TrackedPeople(Detections(np.array([box], np.float32), np.array([0.9], np.float32)), [track])


def test_a_stream_gets_the_answers_of_the_network(video_model: ActivityModel, video_network: CoX3D) -> None:
    recogniser, memory = ActivityRecogniser(video_model), activity.ActivityMemory()
    images = [scene(seed, SIDE, SIDE) for seed in range(9)]
    clip = torch.stack([torch.from_numpy(image.pixels.copy()).permute(2, 0, 1) for image in images], 1)[None] / 255
    with torch.no_grad():
        expected = video_network((clip - 0.45) / 0.225).softmax(1)
    for place, image in enumerate(images):
        [[answer]] = recogniser([ActivityView(memory, image, None, 10 + place / 6)])
        assert np.allclose(answer.probabilities, expected[0, :, place, 0], atol=1e-5)
        assert (answer.track, answer.frames) == ("", place + 1)
        assert answer.warm == (place + 1 >= video_network.receptive_field - 4 + 2)


@pytest.mark.parametrize(("rate", "looked"), [(60.0, 12), (30.0, 12), (24.0, 12), (6.0, 12), (2.0, 4)])
def test_a_fast_camera_is_looked_at_as_often_as_the_network_wants(video_model, rate: float, looked: int) -> None:
    recogniser, memory = ActivityRecogniser(video_model), activity.ActivityMemory()
    for place in range(round(2 * rate)):
        [[answer]] = recogniser([ActivityView(memory, scene(place), None, 5 + place / rate)])
    assert abs(answer.frames - looked) <= 1


def test_images_without_stamps_are_all_looked_at(video_model: ActivityModel) -> None:
    recogniser, memory = ActivityRecogniser(video_model), activity.ActivityMemory()
    assert [recogniser([ActivityView(memory, scene(k), None, 0.0)])[0][0].frames for k in range(3)] == [1, 2, 3]


def test_people_are_followed_apart_and_forgotten(video_model: ActivityModel) -> None:
    recogniser, memory = ActivityRecogniser(video_model, lost_after=0.5), activity.ActivityMemory()
    box = (10.0, 5.0, 30.0, 45.0)
    for place in range(4):
        [[answer]] = recogniser([ActivityView(memory, scene(place), person("7", box), 1 + place / 6)])
    assert (answer.track, answer.frames) == ("7", 4)
    [[other]] = recogniser([ActivityView(memory, scene(9), person("8", box), 1 + 4 / 6)])
    assert (other.track, other.frames) == ("8", 1)
    assert recogniser([ActivityView(memory, scene(10), person("", box), 5.0)]) == [[]]
    assert memory.keys == {}
    [[again]] = recogniser([ActivityView(memory, scene(11), person("7", box), 6.0)])
    assert again.frames == 1


def test_only_the_largest_people_are_looked_at(video_model: ActivityModel) -> None:
    boxes = np.array([[0, 0, 5, 10], [5, 0, 35, 45], [40, 0, 60, 40]], np.float32)
    people = TrackedPeople(Detections(boxes, np.full(3, 0.9, np.float32)), ["a", "b", "c"])
    recogniser = ActivityRecogniser(video_model, max_persons=2)
    [answers] = recogniser([ActivityView(activity.ActivityMemory(), scene(0), people, 1.0)])
    assert [answer.track for answer in answers] == ["b", "c"]


def test_a_still_image_is_left_alone_once_its_answer_has_settled(video_model: ActivityModel) -> None:
    recogniser, memory = ActivityRecogniser(video_model, still_below=2.0), activity.ActivityMemory()
    for place in range(10):
        [[answer]] = recogniser([ActivityView(memory, scene(0), None, 1 + place / 6)])
    assert answer.frames == 3  # the first one, and as many as the answer averages
    assert memory.skipped == 7
    [[moved]] = recogniser([ActivityView(memory, scene(1), None, 3.0)])
    assert moved.frames == 4


def test_a_network_whose_answers_are_late_is_shown_what_stands_still_for_as_much_longer(
    video_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = ActivityModel(Session(video_file, threads=1))
    assert model.delay == 0, "it looks back only"
    monkeypatch.setattr(model, "delay", 4)
    recogniser, memory = ActivityRecogniser(model, still_below=2.0), activity.ActivityMemory()
    for place in range(12):
        [[answer]] = recogniser([ActivityView(memory, scene(0), None, 1 + place / 6)])
    assert (answer.frames, memory.skipped) == (3 + 4, 5)


@pytest.mark.parametrize("grey", [0, 3])
def test_nothing_is_said_of_a_covered_lens(video_model: ActivityModel, grey: int) -> None:
    recogniser, memory = ActivityRecogniser(video_model), activity.ActivityMemory()
    dark = Image(np.full((48, 64, 3), grey, np.uint8), "rgb8")
    assert recogniser([ActivityView(memory, dark, None, 1.0)]) == [[]]
    assert len(recogniser([ActivityView(memory, scene(0), None, 1.2)])[0]) == 1


def test_another_resolution_begins_anew(video_model: ActivityModel) -> None:
    recogniser, memory = ActivityRecogniser(video_model), activity.ActivityMemory()
    for place in range(3):
        recogniser([ActivityView(memory, scene(place), None, 1 + place / 6)])
    [[answer]] = recogniser([ActivityView(memory, scene(5, 30, 40), None, 2.0)])
    assert answer.frames == 1


def test_streams_share_a_batch_and_nothing_else(video_model: ActivityModel) -> None:
    recogniser = ActivityRecogniser(video_model)
    memories = [activity.ActivityMemory(), activity.ActivityMemory()]
    alone = activity.ActivityMemory()
    for place in range(4):
        together = recogniser(
            [ActivityView(m, scene(10 * k + place), None, 1 + place / 6) for k, m in enumerate(memories)]
        )
        [[single]] = ActivityRecogniser.__call__(recogniser, [ActivityView(alone, scene(place), None, 1 + place / 6)])
        assert np.allclose(together[0][0].probabilities, single.probabilities, atol=1e-6)
    assert not np.allclose(together[0][0].probabilities, together[1][0].probabilities, atol=1e-3)
    recogniser.forget(memories[0])
    assert memories[0].keys == {}


def test_the_perceiver_says_what_a_user_should_know(video_file: Path) -> None:
    told: list[str] = []
    perceiver = activity.build(activity.Settings(model=str(video_file), threads=1), warn=told.append)
    assert "research only" in told[0]
    assert tuple(perceiver.labels) == ("stand", "walk", "wave")
    result = perceiver(scene(0).pixels)
    assert len(result.people) == 1
    assert perceiver(PeopleOfImage(scene(0), person("3", (1, 1, 20, 40)))).people[0].track == "3"
    with pytest.raises(ValueError, match="horizon must be 0 or one of 2, 4"):
        perceiver.apply(activity.Settings(model=str(video_file), threads=1, horizon=3))
    perceiver.apply(activity.Settings(model=str(video_file), threads=1, horizon=4))
    perceiver(scene(0))
    assert perceiver.recogniser.horizon == 1


def test_models_of_another_kind_are_refused(video_file: Path, tmp_path: Path) -> None:
    model = onnx.load(str(video_file))
    for texts, problem in (
        ({"labels": "[]"}, "activity"),
        ({"labels": "x", "activity": "{}"}, "not a network"),
        (
            {
                "labels": json.dumps(["a"]),
                "activity": json.dumps({"side": 8, "rate": 0, "horizons": [2], "mean": 0, "deviation": 1}),
            },
            "rate",
        ),
    ):
        kept = {prop.key: prop.value for prop in model.metadata_props if prop.key not in ("labels", "activity")}
        onnx.helper.set_model_props(model, {**kept, **texts})
        onnx.save(model, str(tmp_path / "other.onnx"))
        with pytest.raises(EngineError, match=problem):
            ActivityModel(Session(tmp_path / "other.onnx", threads=1))
