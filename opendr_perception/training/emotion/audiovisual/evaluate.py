"""Accuracy of a network on voices and faces that it has not learnt from, with both and with one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from opendr_perception.networks.emotion.audiovisual import FRAMES, AudiovisualNetwork
from opendr_perception.training.emotion.audiovisual.data import Clips, FaceFeatures, VoiceFeatures

MODALITIES = ("av", "a", "v")


@dataclass(frozen=True)
class Measured:
    """Answers about one voice, and a face with the same emotion.

    Attributes:
        speaker: whose voice, with the set.
        label: index of the emotion.
        answers: index of the answer by modalities.
    """

    speaker: str
    label: int
    answers: dict[str, int]


def measure(
    network: AudiovisualNetwork, voices: Sequence[VoiceFeatures], faces: FaceFeatures | None, clips: Clips, seed: int
) -> list[Measured]:
    """Ask a network about voices as they are, each with a face of the same emotion, drawn at random.

    Args:
        network: in evaluation mode.
        voices: that it has not heard.
        faces: that it has not seen; None to ask about voices alone.
        clips: that it was trained with.
        seed: of the faces.
    """
    rng = np.random.default_rng(seed)
    audio = torch.from_numpy(np.stack([clips.plain(voice) for voice in voices]))
    if faces is None:
        video = torch.zeros(len(voices), 1, FRAMES)
    else:
        films = []
        for voice in voices:
            pool = np.flatnonzero(faces.labels == voice.label)
            face = faces.features[pool[int(rng.integers(len(pool)))]]
            films.append(face[rng.integers(len(face), size=FRAMES)].T)
        video = torch.from_numpy(np.stack(films))
    given = {"av": (audio, video), "a": (audio, torch.zeros_like(video)), "v": (torch.zeros_like(audio), video)}
    with torch.no_grad():
        found = {name: network(*inputs).argmax(1).tolist() for name, inputs in given.items()}
    return [
        Measured(voice.speaker, voice.label, {name: int(found[name][place]) for name in MODALITIES})
        for place, voice in enumerate(voices)
    ]


def summary(answers: Sequence[Measured]) -> dict[str, Any]:
    """Shares of right answers by set and modalities, and the standard deviation over speakers."""
    told: dict[str, Any] = {}
    for name in sorted({each.speaker.split()[0] for each in answers}):
        own = [each for each in answers if each.speaker.split()[0] == name]
        speakers = sorted({each.speaker for each in own})
        told[name] = {"voices": len(own), "speakers": len(speakers)}
        for modalities in MODALITIES:
            right = {s: [a.answers[modalities] == a.label for a in own if a.speaker == s] for s in speakers}
            mean = float(np.mean([hit for hits in right.values() for hit in hits]))
            spread = float(np.std([np.mean(hits) for hits in right.values()]))
            told[name][modalities] = {"right": round(mean, 4), "deviation over speakers": round(spread, 4)}
    return told
