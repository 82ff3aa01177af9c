from __future__ import annotations

import pytest

from opendr_perception.tasks.signals.pace import Pace


@pytest.mark.parametrize(
    ("true", "said", "words"),
    [
        (16000, 16000, ""),
        (16002, 16000, ""),
        (44100, 48000, "says 48000 Hz, but 44100 samples come each second: the rate is wrong or samples are lost"),
        (48000, 44100, "says 44100 Hz, but 48000 samples come"),
        (32000, 16000, "twice as many samples come as 16000 Hz says: are two channels declared as one?"),
    ],
)
def test_a_rate_that_is_not_what_comes_is_told(true: int, said: int, words: str) -> None:
    pace = Pace()
    for k in range(1200):
        pace.note(round(k * 0.01 * 1e9), true // 100, said)
    assert words in pace.problem if words else not pace.problem


def test_a_pause_is_no_wrong_rate() -> None:
    pace = Pace()
    for k in range(1000):
        pace.note(round((k * 0.01 + (60 if k > 300 else 0)) * 1e9), 160, 16000)
    assert not pace.problem
