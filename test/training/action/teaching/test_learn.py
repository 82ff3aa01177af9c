"""New actions are learned from a few examples, without forgetting what was known, in a network that is smaller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from opendr_perception.evaluate.action.recordings import UNJUDGED, ActionRecording
from opendr_perception.evaluate.report import DatasetError
from opendr_perception.networks.action.taught import members_of
from opendr_perception.tasks.action import skeleton
from opendr_perception.training.action.teaching.examples import AS_BEFORE, FRAMES, LabelledSequences
from opendr_perception.training.action.teaching.learn import Lesson, TeachingPlan, learn
from opendr_perception.training.action.teaching.source import SourceModel
from opendr_perception.training.body.motion import UNLABELLED
from opendr_perception.training.common.adapters import learned_parameters

GESTURES = ("salute", "halt", "flap with both of my arms")

Record = Callable[..., ActionRecording]
Replay = tuple[np.ndarray, np.ndarray]
TINY = TeachingPlan(steps=45, batch=8)


def said(lesson: Lesson, one: ActionRecording) -> str:
    """The answer at the end of a recording."""
    frames = skeleton.observe_all(one.keypoints, np.arange(len(one)) / one.rate)
    with torch.no_grad():
        scores = lesson.network(torch.from_numpy(frames).permute(1, 0, 2)[None, ..., None])[0, :, -5:].mean(1)
    return lesson.labels[int(scores.argmax())]


@pytest.mark.parametrize(
    "plan", [TINY, replace(TINY, keep=0.5, steps=90), replace(TINY, adapter="none")], ids=["splora", "pruned", "none"]
)
def test_a_third_person_is_understood(plan: TeachingPlan, record: Record, source: SourceModel, replay: Replay) -> None:
    taught = [record(name, person, serial) for name in GESTURES for person in (1, 2) for serial in (0, 1)]
    losses: list[float] = []
    lesson = learn(source, taught, plan, lambda step, loss: losses.append(loss), replay)
    assert len(losses) == plan.steps
    assert lesson.labels == (*source.labels, *GESTURES)
    third = [record(name, 3) for name in GESTURES]
    assert [said(lesson, one) for one in third] == list(GESTURES)
    assert lesson.network.width == round(plan.keep * source.network.width)
    assert not any("parametrizations" in name for name in lesson.network.state_dict())


def test_little_is_learned_beside_frozen_weights(record: Record, source: SourceModel, replay: Replay) -> None:
    before = {name: value.clone() for name, value in source.network.state_dict().items()}
    taught = [record(name, 1) for name in GESTURES]
    counts = {}
    for adapter in ("none", "lora", "splora"):
        lesson = learn(source, taught, replace(TINY, steps=2, adapter=adapter, tap="centre"), replay=replay)  # type: ignore[arg-type]
        counts[adapter] = lesson.learned
    assert counts["none"] == learned_parameters(source.network) + 3 * (source.network.width + 1)
    assert counts["lora"] == counts["splora"] < counts["none"] / 10
    for name, value in source.network.state_dict().items():
        torch.testing.assert_close(value, before[name])


def test_known_actions_compare_with_each_other_as_before(record: Record, source: SourceModel, replay: Replay) -> None:
    count = len(source.labels)
    lesson = learn(source, [record(GESTURES[0], 1)], replace(TINY, steps=3), replay=replay)
    again = replace(source, network=lesson.network, labels=lesson.labels)
    twice = learn(again, [record(GESTURES[1], 1)], replace(TINY, steps=3), replay=replay)
    assert twice.labels == (*source.labels, *GESTURES[:2])
    assert len(members_of(twice.network)) == 3
    frames = torch.from_numpy(replay[0][:2])[..., None]
    with torch.no_grad():
        before, once = source.network(frames).softmax(1), lesson.network(frames).softmax(1)
        scores = twice.network(frames)
    after = scores.softmax(1)
    torch.testing.assert_close(scores.exp(), after)
    torch.testing.assert_close(once[:, :count] / once[:, :count].sum(1, keepdim=True), before)
    torch.testing.assert_close(after[:, :count] / after[:, :count].sum(1, keepdim=True), before)
    torch.testing.assert_close(after[:, count] / after[:, : count + 1].sum(1), once[:, count], atol=1e-5, rtol=1e-4)


def test_little_of_what_has_no_label_is_taken_for_new(record: Record, source: SourceModel, replay: Replay) -> None:
    count, frames = len(source.labels), torch.from_numpy(replay[0])[..., None]
    taught = [record(name, 1) for name in GESTURES]
    shares = []
    for taken in (1.0, 0.1):
        lesson = learn(source, taught, replace(TINY, steps=12, taken=taken), replay=replay)
        with torch.no_grad():
            new = lesson.network(frames).softmax(1)[:, count:]
        shares.append(float((new.amax(1) > 1 - new.sum(1))[torch.from_numpy(replay[1]) == AS_BEFORE].float().mean()))
    assert shares[1] <= min(shares[0], 0.15)


def test_a_known_label_is_no_new_one(record: Record, source: SourceModel, replay: Replay) -> None:
    known = replace(record("salute", 1), action="wave", accepted=("wave",))
    lesson = learn(source, [known], replace(TINY, steps=1), replay=replay)
    assert lesson.labels == source.labels
    assert lesson.taught == ("wave",)
    assert len(members_of(lesson.network)) == 1, "the old network would not let it be learned better"


def test_frames_say_what_they_show(record: Record) -> None:
    labels = ("stand", *GESTURES)
    piece = replace(record("halt", 1), action=UNJUDGED, begin=0)
    examples = LabelledSequences([record(GESTURES[2], 1), piece], labels)
    rng = np.random.default_rng(0)
    frames, numbers = examples.batch(rng, 24)
    assert frames.shape == (24, skeleton.CHANNELS, FRAMES, skeleton.JOINTS)
    assert {*np.unique(numbers)} <= {AS_BEFORE, UNLABELLED, 0, 3}
    assert {AS_BEFORE, 3} <= {*np.unique(numbers)}
    blank = (frames == 0).all((1, 3))
    assert (numbers[blank] == UNLABELLED).mean() > 0.95


def test_wrong_plans_and_empty_lessons_are_refused(record: Record, source: SourceModel, replay: Replay) -> None:
    for wrong in ({"adapter": "magic"}, {"keep": 0.0}, {"keep": float("nan")}, {"adapter": "lora", "keep": 0.5}):
        with pytest.raises(ValueError, match=r"adapter|keep|lora"):
            TeachingPlan(**wrong)  # type: ignore[arg-type]
    with pytest.raises(DatasetError, match="nothing is labelled"):
        learn(source, [replace(record("halt", 1), action=UNJUDGED)], TINY, replay=replay)
