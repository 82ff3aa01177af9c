"""The node `video_activity` over real topics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from opendr_perception.msg import ActionArray, Box, Detection, DetectionArray
from sensor_msgs.msg import Image as ImageMessage

from opendr_perception.nodes.video_activity import VideoActivity
from opendr_perception.training.body.motion import ACTIONS


def test_a_film_is_followed_at_six_images_a_second(graph: Any, street: list[np.ndarray]) -> None:
    graph.run(VideoActivity, threads=1)
    answers = graph.listen(ActionArray, "activities", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")
    for place, pixels in enumerate(street):
        camera.publish(graph.image(pixels, 20 + place / 12))
        message = answers.wait(place + 1)[-1]
        assert message.header == graph.header(20 + place / 12)
    assert tuple(message.labels) == ACTIONS
    [action] = message.actions
    assert (action.track_id, action.frames, action.warm) == ("", 5, False)
    assert not action.begins  # this model does not tell
    assert sum(action.probabilities) == pytest.approx(1, abs=1e-5)
    assert action.label == ACTIONS[int(np.argmax(action.probabilities))]


def test_each_person_has_an_answer(graph: Any, street: list[np.ndarray]) -> None:
    graph.run(VideoActivity, threads=1, per_person=True)
    answers = graph.listen(ActionArray, "activities", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")
    finder = graph.publisher(DetectionArray, "persons")
    found = [
        Detection(track_id=track, label="person", score=0.9, box=Box(x_min=x, y_min=100.0, x_max=x + 50, y_max=250.0))
        for track, x in (("3", 200.0), ("", 300.0), ("4", 400.0))
    ]
    for place, pixels in enumerate(street[:4]):
        stamp = 30 + place / 6
        camera.publish(graph.image(pixels, stamp))
        height, width = pixels.shape[:2]
        people = found if place < 3 else []
        finder.publish(DetectionArray(header=graph.header(stamp), width=width, height=height, detections=people))
        message = answers.wait(place + 1)[-1]
        if place == 2:
            assert [(action.track_id, action.frames) for action in message.actions] == [("3", 3), ("4", 3)]
    assert not message.actions


def test_a_model_for_online_detection_says_what_begins(
    graph: Any, street: list[np.ndarray], online_video_model: Path
) -> None:
    graph.run(VideoActivity, threads=1, model=str(online_video_model))
    answers = graph.listen(ActionArray, "activities", publishers=1)
    graph.publisher(ImageMessage, "image_raw").publish(graph.image(street[0], 20.0))
    [action] = answers.wait(1)[-1].actions
    assert len(action.probabilities) == len(action.begins) == len(ACTIONS)
    assert sum(action.probabilities) == pytest.approx(1, abs=1e-5)
    assert list(action.begins) == pytest.approx([0.3 * chance for chance in action.probabilities], abs=1e-5)


def test_a_horizon_that_the_model_has_not_is_refused(graph: Any) -> None:
    graph.run(VideoActivity, threads=1)
    assert "horizon must be 0 or one of 4, 12, 32" in graph.set_parameter("video_activity", "horizon", 5)
    assert graph.set_parameter("video_activity", "horizon", 12) == ""
