"""Streams of one person: nothing jumps, and every segment is where it says."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from opendr_perception.evaluate.action.recordings import UNJUDGED, ActionRecording
from opendr_perception.evaluate.action.streams import FEET, alone, join


def test_segments_are_where_they_say(one: Callable[..., ActionRecording]) -> None:
    recordings = [one("wave"), one("clap"), one("sit down")]
    stream = join(np.random.default_rng(0), recordings)
    assert [segment.recording for segment in stream.segments] == recordings
    for segment in stream.segments:
        assert set(stream.names[segment.begin : segment.end]) == {segment.recording.action}
        assert segment.end - segment.begin == segment.recording.end - segment.recording.begin
    assert len(stream.points) == len(stream.seen) == len(stream.names)
    assert UNJUDGED in stream.names


def test_nobody_jumps_from_one_recording_to_the_next(one: Callable[..., ActionRecording]) -> None:
    far = one("clap")
    far.image[:] += 500.0
    stream = join(np.random.default_rng(0), [one("wave"), far, one("wave")])
    assert np.ptp(stream.points[:, FEET], axis=0).max() < 1.0
    own = np.abs(np.diff(one().image, axis=0)).max()
    assert np.abs(np.diff(stream.points, axis=0)).max() <= 1.5 * own


def test_who_sits_gets_up_before_standing_and_the_other_way_round(one: Callable[..., ActionRecording]) -> None:
    rng = np.random.default_rng(0)
    stream = join(rng, [one("sit down"), one("wave"), one("stand up")])
    assert [segment.recording.action for segment in stream.segments] == ["sit down", "wave", "stand up"]
    shortest = 60 * 5  # three recordings, one getting up, one sitting down
    assert len(stream.names) > shortest
    assert (stream.names == "stand up").sum() == stream.segments[2].end - stream.segments[2].begin
    named = join(np.random.default_rng(0), [one("sit down"), one("wave"), one("stand up")], names_added=True)
    assert (named.names == "stand up").sum() > (stream.names == "stand up").sum()


def test_a_recording_alone_is_a_stream(one: Callable[..., ActionRecording]) -> None:
    recording = one()
    stream = alone(recording)
    np.testing.assert_array_equal(stream.keypoints, recording.keypoints)
    assert (stream.segments[0].begin, stream.segments[0].end) == (recording.begin, recording.end)
