"""Walking people, by the motion of their boxes."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.bench.action.walk import WalkTrack

HEIGHT = 100.0


def track(speed: float, seconds: float) -> WalkTrack:
    """Somebody who moves by so many heights a second, of whom each answer is one word."""
    stamps = np.arange(0.0, seconds, 0.2)
    boxes = [(stamp, speed * HEIGHT * stamp, 50.0, HEIGHT) for stamp in stamps]
    return WalkTrack(boxes, [(stamp, "walk") for stamp in stamps])


@pytest.mark.parametrize(("speed", "walks"), [(0.0, False), (0.1, False), (0.3, True), (1.0, True)])
def test_those_who_move_walk(speed: float, walks: bool) -> None:
    answers = track(speed, seconds=6.0).answers_while_walking()
    assert bool(answers) == walks


def test_short_tracks_do_not_count() -> None:
    assert track(1.0, seconds=2.0).answers_while_walking() == []
    assert WalkTrack(answers=[(1.0, "walk")]).answers_while_walking() == []


def test_only_the_moments_of_moving_count() -> None:
    somebody = track(1.0, seconds=4.0)
    stop = somebody.boxes[-1]
    somebody.boxes += [(stop[0] + 0.2 * k, *stop[1:]) for k in range(1, 21)]
    somebody.answers += [(stop[0] + 0.2 * k, "stand") for k in range(1, 21)]
    labels = somebody.answers_while_walking()
    assert labels.count("walk") == 20
    assert 0 < labels.count("stand") < 10
