"""The node `action_recognition` over real topics, with a small untrained network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from opendr_perception.msg import ActionArray, BodyPose, BodyPoseArray, Keypoint

from opendr_perception.nodes.action_recognition import ActionRecognition

LABELS = ("stand", "walk", "jump")
RATE = 10.0


@pytest.fixture(scope="module")
def model(skeleton_models: Callable[..., Path]) -> Path:
    return skeleton_models(LABELS)


def poses(graph: Any, stamp: float, tracks: list[str], joints: int = 17, layout: str = "coco17") -> BodyPoseArray:
    random = np.random.default_rng(round(stamp * 1000))
    people = [
        BodyPose(
            track_id=track,
            keypoints=[Keypoint(x=float(x), y=float(y), score=0.9) for x, y in random.uniform(0, 200, (joints, 2))],
        )
        for track in tracks
    ]
    return BodyPoseArray(header=graph.header(stamp), width=640, height=480, layout=layout, poses=people)


def test_people_are_followed_until_they_are_lost(graph: Any, model: Path) -> None:
    graph.run(ActionRecognition, model=str(model))
    actions = graph.listen(ActionArray, "actions", publishers=1)
    camera = graph.publisher(BodyPoseArray, "poses")

    for index in range(60):
        sent = poses(graph, 50 + index / RATE, ["1", "2", ""])
        answer = graph.ask(camera, sent, actions)
        assert answer.header == sent.header
        assert list(answer.labels) == ["stand", "walk", "jump"]
    assert [action.track_id for action in answer.actions] == ["1", "2"]
    for action in answer.actions:
        assert action.warm
        assert not action.begins  # this model does not tell
        assert action.frames >= 90
        assert sum(action.probabilities) == pytest.approx(1, abs=1e-4)
        assert action.label == answer.labels[int(np.argmax(action.probabilities))]
        assert action.score == pytest.approx(max(action.probabilities))

    empty = graph.ask(camera, poses(graph, 56.0, []), actions)
    assert not empty.actions
    for index in range(8):  # a gap, and then time goes back: nobody is known any more
        late = graph.ask(camera, poses(graph, 60 + index / RATE, ["1"]), actions)
        assert all(action.frames < 30 for action in late.actions)
    for index in range(8):
        early = graph.ask(camera, poses(graph, 20 + index / RATE, ["1"]), actions)
        assert all(action.frames < 30 for action in early.actions)


def test_a_model_for_online_detection_says_what_begins(graph: Any, online_model: Path) -> None:
    graph.run(ActionRecognition, model=str(online_model))
    actions = graph.listen(ActionArray, "actions", publishers=1)
    camera = graph.publisher(BodyPoseArray, "poses")
    for index in range(50):
        answer = graph.ask(camera, poses(graph, 50 + index / RATE, ["1"]), actions)
    (action,) = answer.actions
    assert len(answer.labels) == len(action.probabilities) == 3
    assert sum(action.probabilities) == pytest.approx(1, abs=1e-4)
    assert list(action.begins) == pytest.approx([0.3 * chance for chance in action.probabilities], abs=1e-5)


def test_the_model_for_online_detection_that_is_shipped_runs(graph: Any) -> None:
    graph.run(ActionRecognition, model="action-online")
    actions = graph.listen(ActionArray, "actions", publishers=1)
    camera = graph.publisher(BodyPoseArray, "poses")
    for index in range(3):
        answer = graph.ask(camera, poses(graph, 50 + index / RATE, ["1"]), actions)
    (action,) = answer.actions
    assert len(action.begins) == len(answer.labels) == 17
    assert all(begins <= chance for begins, chance in zip(action.begins, action.probabilities, strict=True))


def test_poses_that_do_not_fit_are_rejected_and_the_next_are_served(graph: Any, model: Path) -> None:
    graph.run(ActionRecognition, model=str(model))
    actions = graph.listen(ActionArray, "actions", publishers=1)
    camera = graph.publisher(BodyPoseArray, "poses")
    graph.ask(camera, poses(graph, 10.0, ["1"]), actions)
    graph.ask(camera, poses(graph, 10.05, ["1"], joints=18, layout="openpose18"), actions)
    camera.publish(poses(graph, 10.1, ["1"], joints=5))
    graph.diagnosis("poses", rejected="1")
    camera.publish(poses(graph, 10.2, ["1"], layout="ntu25"))
    graph.diagnosis("poses", rejected="2")
    assert graph.ask(camera, poses(graph, 10.3, [str(n) for n in range(30)]), actions).header.stamp.nanosec == 300000000


def test_the_terms_of_weights_for_research_are_said_first(
    graph: Any, skeleton_models: Callable[..., Path], capfd: pytest.CaptureFixture[str]
) -> None:
    for terms in ("open", "research"):
        graph.run(ActionRecognition, model=str(skeleton_models(LABELS, terms=terms)))
        said = [
            line
            for line in capfd.readouterr().err.splitlines()
            if "action_recognition" in line and "rosout" not in line
        ]
        assert ("research only" in said[0]) == (terms == "research")


def test_a_network_of_another_kind_does_not_start(graph: Any, models: Any, capfd: pytest.CaptureFixture[str]) -> None:
    node = graph.run(ActionRecognition, model=str(models["nanodet"].path))
    assert graph.state(node.get_name()) == "unconfigured"
    assert "not a continual network" in capfd.readouterr().err
