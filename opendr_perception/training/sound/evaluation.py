"""Accuracy of a network on recordings that it has not heard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from opendr_perception.evaluate.sound import AFTER, RATE, LabelledSound, between_silences
from opendr_perception.networks.sound import SoundNetwork
from opendr_perception.tasks.signals.log_mel import log_mel
from opendr_perception.tasks.sound import MelConfig


def probabilities(network: SoundNetwork, samples: np.ndarray, config: MelConfig) -> np.ndarray:
    """Probabilities (tokens, classes) after each patch of a stream that begins with these samples (n,)."""
    frames = torch.from_numpy(log_mel(samples, config))[None]
    with torch.inference_mode():
        found: np.ndarray = network.recordings(frames)[0].softmax(0).T.numpy()
    return found


def decide(network: SoundNetwork, recording: LabelledSound, config: MelConfig, *, word: bool) -> np.ndarray:
    """Probabilities (2, classes): the mean over the recording, and those of the last token.

    Args:
        network: in evaluation mode.
        recording: that is heard.
        config: of its features.
        word: the recording is one word. It is heard between silences, and the mean is over what is said after it.
    """
    samples = between_silences(recording.samples) if word else recording.samples
    found = probabilities(network, samples, config)
    after = int(AFTER * RATE / config.hop / network.patches.hop) if word else len(found)
    return np.stack([found[-after:].mean(0), found[-1]])


def evaluate(
    network: SoundNetwork, recordings: Sequence[LabelledSound], labels: Sequence[str], config: MelConfig, *, word: bool
) -> dict[str, object]:
    """Accuracies in [0, 1], by class, and what is taken for what; an answer 'unknown' is wrong."""
    answers = np.stack([decide(network, recording, config, word=word) for recording in recordings])
    truth = np.array([labels.index(recording.label) for recording in recordings])
    right = answers.argmax(2) == truth[:, None]
    pairs = list(zip(truth.tolist(), answers[:, 0].argmax(1).tolist(), strict=True))
    confused = {(a, b): pairs.count((a, b)) for a, b in set(pairs) if a != b}
    most = sorted(confused, key=lambda pair: -confused[pair])[:5]
    return {
        "recordings": len(truth),
        "accuracy": round(float(right[:, 0].mean()), 4),
        "accuracy of the last token": round(float(right[:, 1].mean()), 4),
        "by class": {labels[k]: round(float(right[truth == k, 0].mean()), 3) for k in sorted(set(truth.tolist()))},
        "confused": {f"{labels[a]} as {labels[b]}": confused[a, b] for a, b in most},
    }


def summary(figures: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The figures of all groups, with mean and standard deviation over them."""
    accuracy = [float(found["accuracy"]) for found in figures.values()]
    last = [float(found["accuracy of the last token"]) for found in figures.values()]
    return {
        "accuracy": {"mean": round(float(np.mean(accuracy)), 4), "deviation": round(float(np.std(accuracy)), 4)},
        "accuracy of the last token": round(float(np.mean(last)), 4),
        "by group left out": {group: dict(found) for group, found in figures.items()},
    }
