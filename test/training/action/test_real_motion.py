"""Real recordings as training sequences."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.evaluate.action.recordings import ActionRecording, recording
from opendr_perception.evaluate.action.streams import join
from opendr_perception.tasks.action import skeleton
from opendr_perception.training.action.real_motion import labels_of, render
from opendr_perception.training.body.motion import ACTIONS, UNLABELLED

PERSON = np.array(
    [
        *((2.9, 1.65, 0), (2.92, 1.68, -0.03), (2.92, 1.68, 0.03), (3, 1.67, -0.07), (3, 1.67, 0.07)),
        *((3, 1.45, -0.2), (3, 1.45, 0.2), (3, 1.2, -0.25), (3, 1.2, 0.25), (3, 0.95, -0.25), (3, 0.95, 0.25)),
        *((3, 0.95, -0.1), (3, 0.95, 0.1), (3, 0.5, -0.1), (3, 0.5, 0.1), (3, 0.08, -0.1), (3, 0.08, 0.1)),
    ]
)
"""Places of COCO's keypoints, metres: somebody who faces the camera, 3 m away."""


def moving(action: str | tuple[str, ...], flat: bool) -> ActionRecording:
    """Three seconds of somebody who moves the right hand in the second one."""
    world = np.repeat(PERSON[None], 60, 0)
    world[20:40, 10, 1] += 0.5 * np.sin(np.linspace(0, 4 * np.pi, 20)) ** 2
    image = 525 * world[..., [2, 1]] * [1, -1] / world[..., :1] + [320, 240]
    seen = np.ones((60, 17), bool)
    seen[:, 4] = False
    return recording(
        action, image, seen, subject="1", part="train", rate=20.0, world=None if flat else world, trimmed=True
    )


@pytest.mark.parametrize("flat", [False, True])
def test_sequences_are_frames_with_the_labels_of_what_was_done(flat: bool) -> None:
    for seed in range(6):
        rng = np.random.default_rng(seed)
        example = render(rng, [moving("wave", flat), moving("clap", flat), moving("wave", flat)], 1.0, 8.0)
        assert example.frames.shape[1:] == (skeleton.CHANNELS, skeleton.JOINTS)
        assert np.isfinite(example.frames).all()
        assert 0.5 * 8 * skeleton.RATE < len(example.frames) <= 8 * skeleton.RATE + 1
        names = {ACTIONS[label] for label in example.labels if label != UNLABELLED}
        assert "stand" in names
        assert names <= {"stand", "wave", "clap"}
        missing = (example.frames[:, 2] == 0).all(0)
        assert missing[4] or missing[3]  # the ear that the set does not have, maybe in a mirror


def test_the_same_seed_gives_the_same_sequence() -> None:
    first, again = (render(np.random.default_rng(3), [moving("wave", False)], 1.0, 2.5) for _ in range(2))
    np.testing.assert_array_equal(first.frames, again.frames)


def test_what_has_two_right_names_and_what_has_just_begun_has_no_label() -> None:
    stream = join(np.random.default_rng(0), [moving("wave", True), moving(("wave", "unknown"), True)])
    labels = labels_of(stream)
    first, second = stream.segments
    assert (labels[second.begin : second.end] == UNLABELLED).all()
    assert labels[first.begin] == UNLABELLED
    assert labels[first.begin + 10] == ACTIONS.index("wave")
