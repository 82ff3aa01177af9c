"""Cost of an answer about a voice and a face every quarter of a second, against the clip of 3.6 s done again.

Weights do not change the time, so the networks are those of the paper, with random ones.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from opendr_perception.bench.emotion.endurance import endurance
from opendr_perception.bench.harness.extent import Extent
from opendr_perception.bench.harness.figure import Figure, smaller_is_better
from opendr_perception.bench.harness.timing import Run, alternating
from opendr_perception.bench.peers.pytorch import torch_is_there
from opendr_perception.engine.session import Session
from opendr_perception.tasks.emotion import FaceView
from opendr_perception.tasks.emotion.audiovisual import (
    PERIOD,
    AudiovisualMemory,
    AudiovisualModel,
    FaceDescriber,
    Fuser,
    FusionSettings,
)
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.sound import MFCC_RATE, mfcc
from opendr_perception.tasks.sound.mfcc import HOP
from opendr_perception.zoo.cache import sha256_of

CASE = "av"
SIDE = 320
"""Pixels of the side of an image, all of which is a face."""
DIFFERENT, FIRST = 17, 1000
"""Different sounds and images, made before the clock counts, and the number of the first period."""


def audiovisual(extent: Extent) -> list[Figure]:
    """The case `av`."""
    if not torch_is_there("networks are made by torch"):
        return []
    rounds, ticks = extent.pick(60, 15, 1), extent.pick(60, 30, 2)
    with tempfile.TemporaryDirectory() as folder:
        model, describe = _networks(Path(folder))
        scene = _Scene(model, describe)
        runs: dict[str, tuple[Run, int]] = {"tick": (scene.tick, 1), "clip": (scene.clip, 1)}
        for _ in range(model.frames):
            scene.tick()
        times = alternating(runs, rounds, warm_up=1)
        error = max(float(np.abs(scene.tick() - scene.clip()).max()) for _ in range(ticks))
    return [
        smaller_is_better(
            CASE,
            "a quarter of a second of one face and one voice",
            "ms",
            times["tick"],
            times["clip"] / 10,
            times["clip"],
            "its clip of 3.6 s again",
        ),
        smaller_is_better(CASE, "logarithms of probabilities, against the clip again", "", error, 1e-4),
        *endurance(extent.pick(100_000, 3_000, 150)),
    ]


def _networks(folder: Path) -> tuple[AudiovisualModel, FaceDescriber]:
    """The paper's network with intermediate attention, as the node runs it."""
    import torch

    from opendr_perception.networks.emotion.audiovisual import AudiovisualClip
    from opendr_perception.training.emotion.audiovisual.export import RAVDESS, export_head, export_trunk

    torch.manual_seed(0)
    network, faces, joined = AudiovisualClip(8).eval(), folder / "faces.onnx", folder / "joined.onnx"
    network.head.classifier.weight.data *= 100  # random ones say nearly the same of everything
    export_trunk(network.trunk, faces)
    texts = {"labels": json.dumps(RAVDESS), "faces": sha256_of(faces), "face_labels": "[]"}
    texts |= {"mean": json.dumps([-400.0] + [0.0] * 9), "spread": json.dumps([100.0] + [30.0] * 9)}
    export_head(network.head, joined, 10, 1024, texts)
    model = AudiovisualModel(Session(joined, threads=1))
    return model, FaceDescriber(Session(faces, threads=1), model)


class _Scene:
    """Somebody who speaks before a camera, and an answer of either kind about the last 3.6 s."""

    def __init__(self, model: AudiovisualModel, describe: FaceDescriber) -> None:
        self._model, self._describe = model, describe
        self._fuse, self._memory = Fuser(model, FusionSettings()), AudiovisualMemory.of(model, describe)
        rng, self._period = np.random.default_rng(0), FIRST
        size = round(PERIOD * 1e-9 * MFCC_RATE)
        self._waves = [(rng.normal(size=size) * rng.uniform(0.01, 0.2)).astype(np.float32) for _ in range(DIFFERENT)]
        self._pool = [Image(rng.integers(0, 256, (SIDE, SIDE, 3), np.uint8), "rgb8") for _ in range(DIFFERENT)]
        self._sound: list[np.ndarray] = []
        self._images: list[Image] = []
        self._face: Sequence[FaceView] = [FaceView(np.array([0.0, 0.0, SIDE, SIDE]), track="face")]

    def tick(self) -> np.ndarray:
        """A period goes by; what is said is (labels,) logarithms of probabilities."""
        self._period += 1
        begin = self._period * PERIOD
        sound, image = self._waves[self._period % DIFFERENT], self._pool[self._period % DIFFERENT]
        self._sound, self._images = [*self._sound[-20:], sound], [*self._images[1 - self._model.frames :], image]
        self._memory.sound.push(sound, begin)
        self._memory.faces.add(begin, self._describe, image, self._face)
        (answer,) = self._fuse(self._memory, self._period)
        return np.log(answer.probabilities)

    def clip(self) -> np.ndarray:
        """The same of the newest period, from its sound and images alone."""
        count, config = round((self._period - FIRST) * PERIOD * 1e-9 * MFCC_RATE), self._model.config
        first = (count - config.samples) // HOP * HOP  # frames lie on a grid, as they do for a stream
        wave = np.concatenate(self._sound)
        wave = wave[len(wave) - (count - first) :][: config.samples]
        audio = self._model.scaled(mfcc(wave, config))
        video = np.stack([self._describe(image, self._face)[0] for image in self._images], 1)
        found: np.ndarray = np.log(self._model(audio[None], video[None])[0])
        return found
