"""Recordings: when their action happens, and what their frames are called."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from opendr_perception.evaluate.action.recordings import UNJUDGED, ActionRecording, active_part


def test_the_action_is_where_somebody_moves(waving: np.ndarray) -> None:
    begin, end = active_part(waving, np.ones((60, 17), bool), 20.0)
    assert abs(begin - 20) <= 3
    assert abs(end - 40) <= 3


def test_who_never_moves_or_only_for_a_moment_is_taken_as_a_whole(waving: np.ndarray) -> None:
    still = np.repeat(waving[:1], 50, 0)
    assert active_part(still, np.ones((50, 17), bool), 20.0) == (0, 50)
    assert active_part(waving[:15], np.ones((15, 17), bool), 20.0) == (0, 15)


def test_frames_are_called_by_posture_action_and_posture(one: Callable[..., ActionRecording]) -> None:
    names = one("sit down").names
    assert names[0] == "stand" and names[30] == "sit down" and names[-1] == "sit"
    thrown = one("bend", share=0.5)
    assert thrown.rest > 0
    assert thrown.names[thrown.end] == UNJUDGED and thrown.names[thrown.end + thrown.rest] == "stand"
    assert set(one("walk").names) == {"walk"}


def test_backwards_sitting_down_is_standing_up(one: Callable[..., ActionRecording]) -> None:
    down = one("sit down")
    up = down.backwards("stand up")
    np.testing.assert_array_equal(up.image, down.image[::-1])
    assert (up.before, up.after) == ("sit", "stand")
    assert list(up.names) == ["stand up" if name == "sit down" else name for name in down.names[::-1]]


def test_a_missing_keypoint_has_no_score_and_no_place(one: Callable[..., ActionRecording]) -> None:
    recording = one()
    recording.seen[:, 4] = False
    assert not recording.keypoints[:, 4].any()
    assert (recording.keypoints[:, 5, 2] == 1).all()
