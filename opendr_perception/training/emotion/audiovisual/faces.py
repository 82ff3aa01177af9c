"""Descriptors of the faces of FER2013: of each, as it is and moved, turned or lit differently."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.evaluate.emotion.sets import read_fer2013
from opendr_perception.tasks.emotion import EXPRESSIONS, name_of
from opendr_perception.tasks.emotion.audiovisual import descriptors
from opendr_perception.training.emotion.audiovisual.data import FaceFeatures
from opendr_perception.training.emotion.compact.variation import vary

MOST = 500
"""Faces of an expression that are taken: what the network for single faces makes of them is less than that."""
VARIANTS = 4
TOGETHER = 64


def face_features(folder: Path, part: str, describer: str, seed: int) -> FaceFeatures:
    """Read faces and describe them.

    Args:
        folder: of FER2013.
        part: train or validation.
        describer: a network for expressions of the zoo, whose faces are 48 pixels high.
        seed: of what is drawn.
    """
    crops, session = read_fer2013(folder), Session(zoo.require(describer).path, threads=1)
    source, rng = torch.Generator().manual_seed(seed), np.random.default_rng(seed)
    named = np.array([EXPRESSIONS.index(name_of(label)) for label in crops.labels])[crops.label]
    chosen = np.concatenate(
        [
            rng.permutation(np.flatnonzero((crops.part == part) & (named == label)))[:MOST]
            for label in range(len(EXPRESSIONS))
        ]
    )
    planes = torch.from_numpy(crops.images[chosen].astype(np.float32))[:, None]
    varied = [planes, *(vary(planes, source) for _ in range(VARIANTS - 1))]
    found = [_described(session, each.clamp(0, 255).round().to(torch.uint8)[:, 0].numpy()) for each in varied]
    return FaceFeatures(np.stack(found, 1), named[chosen])


def _described(session: Session, images: np.ndarray) -> np.ndarray:
    """Descriptors (n, labels) of grey faces (n, 48, 48) uint8."""
    probabilities = [
        session.run({"image": np.repeat(images[begin : begin + TOGETHER, :, :, None], 3, 3)})["probabilities"]
        for begin in range(0, len(images), TOGETHER)
    ]
    return descriptors(np.concatenate(probabilities))
