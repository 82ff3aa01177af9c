"""The network that joins a voice and a face, and what its file says about it."""

from __future__ import annotations

import json

import numpy as np

from opendr_perception.engine.session import EngineError, Session, Tensor
from opendr_perception.tasks.sound import MfccConfig

PROBABILITIES = "probabilities"
"""Descriptors of faces that are made of the probabilities of any network for expressions with the same labels."""


class AudiovisualModel:
    """Emotions of clips.

    Args:
        session: a model written by `training.emotion.audiovisual.export`: audio (N, coefficients, T) and video
            (N, features, frames), zeros where one is missing, to probabilities (N, labels).

    Attributes:
        labels: of the probabilities.
        config: of the coefficients.
        features, frames: numbers of a face, and faces of a clip.
        faces: `PROBABILITIES`; or the sha256 of the network whose numbers are taken as they are.
        face_labels: of these probabilities.

    Raises:
        EngineError: it is no such model.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        texts = session.metadata
        try:
            self.labels = tuple(map(str, json.loads(texts["labels"])))
            self.config = MfccConfig(**json.loads(texts["mfcc"]))
            self._mean, self._spread = (
                np.array(json.loads(texts[name]), np.float32)[:, None] for name in ("mean", "spread")
            )
            self.faces = str(texts["faces"])
            self.face_labels = tuple(map(str, json.loads(texts["face_labels"])))
            shapes = {tensor.name: tensor.shape for tensor in session.inputs}
            _, self.features, self.frames = (int(size or 0) for size in shapes["video"])
        except (KeyError, TypeError, ValueError) as error:
            raise EngineError(f"{session.path}: not a network that joins voices and faces: {error}") from error
        floats = np.dtype(np.float32)
        audio = (None, self.config.coefficients, self.config.frames)
        session.expect(
            inputs=[Tensor("audio", audio, floats), Tensor("video", (None, self.features, self.frames), floats)],
            outputs=[Tensor("probabilities", (None, len(self.labels)), floats)],
        )
        if len(self._mean) != len(self._spread) or len(self._mean) != self.config.coefficients:
            raise EngineError(f"{session.path}: a mean and a spread for each coefficient are needed")

    def scaled(self, coefficients: np.ndarray) -> np.ndarray:
        """Coefficients (coefficients, T) as the network takes them."""
        scaled: np.ndarray = ((coefficients - self._mean) / self._spread).astype(np.float32)
        return scaled

    def __call__(self, audio: np.ndarray, video: np.ndarray) -> np.ndarray:
        """Probabilities (N, labels) of clips: audio (N, coefficients, T), `scaled`, and video (N, features, frames)."""
        found: np.ndarray = self._session.run({"audio": audio, "video": video})["probabilities"]
        return found
