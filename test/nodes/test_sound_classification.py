"""The node `sound_classification`: sound in, an answer for each hop of the model out."""

from __future__ import annotations

from typing import Any

import numpy as np
from opendr_perception.msg import Audio, SoundArray
from std_msgs.msg import Header

from opendr_perception.nodes.sound_classification import SoundClassification
from opendr_perception.tasks.sound.pcm import encode

START, RATE = 1000 * 10**9, 22050


def send(graph: Any, publisher: Any, results: Any, seconds: float, seed: int = 0) -> list[SoundArray]:
    """Send noise in chunks of 0.1 s; gives the answers."""
    noise = np.random.default_rng(seed).normal(0, 0.05, (round(seconds * RATE), 1)).astype(np.float32)
    for place in range(0, len(noise), RATE // 10):
        message = Audio(header=Header(frame_id="ear"), sample_rate=RATE, channels=1, encoding="F32LE")
        message.data = encode(noise[place : place + RATE // 10], "F32LE")
        stamp = START + round(place / RATE * 1e9)
        message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp, 10**9)
        publisher.publish(message)
        done = (place + RATE // 10) / RATE - 0.01  # of resampling
        results.wait(max(int((done - 0.744) / 0.25) + 1, 0) if done > 0.744 else 0)
    return list(results.messages)


def test_each_hop_has_an_answer_at_its_time(graph: Any) -> None:
    graph.run(SoundClassification, audio_type="Audio")
    publisher, results = graph.publisher(Audio, "audio"), graph.listen(SoundArray, "sounds")
    messages = send(graph, publisher, results, 6.5)
    stamps = [m.header.stamp.sec * 10**9 + m.header.stamp.nanosec for m in messages]
    # A patch has 46 frames of 250 samples at 16 kHz, and the last one is 400 long; then one each 4000 samples.
    first = START + round((45 * 250 + 400) / 16000 * 1e9)
    assert np.abs(np.array(stamps) - first - np.arange(len(stamps)) * 250_000_000).max() < 1_000_000
    for message in messages:
        (sound,) = message.sounds
        assert sum(sound.probabilities) > 0.999
        assert len(sound.probabilities) == len(message.labels)
        assert sound.label in message.labels
        assert message.header.frame_id == "ear"
    warm = [m.sounds[0].warm for m in messages]
    assert warm == [k >= 19 for k in range(len(warm))], "five seconds of tokens fill the window"


def test_who_is_never_sure_says_unknown(graph: Any) -> None:
    graph.run(SoundClassification, audio_type="Audio", score_threshold=1.0)
    publisher, results = graph.publisher(Audio, "audio"), graph.listen(SoundArray, "sounds")
    messages = send(graph, publisher, results, 1.5)
    assert {m.sounds[0].label for m in messages} == {"unknown"}


def test_a_model_that_names_no_sounds_is_refused(graph: Any) -> None:
    graph.run(SoundClassification, model="presence-1080p")
    graph.diagnosis("sound_classification", "not a network that names sounds")
