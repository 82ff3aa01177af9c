"""Views are rendered before the robot moves: it goes where the face is recognised best [Kakaletsis 2022]."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from opendr_perception.active.control import Move
from opendr_perception.active.perception import FaceMesh, FaceObservation, Recogniser, synthesise
from opendr_perception.active.policies.base import Decision
from opendr_perception.tasks.face import OWN, Alignment


class Predictor(Protocol):
    """Says how well a face would be recognised from elsewhere."""

    def __call__(self, view: FaceObservation, pans: Sequence[float]) -> Sequence[float] | None:
        """The confidence after going around the person by each angle, rad; None when the view does not tell."""
        ...


TYPICAL = np.array([[0, 0.70], [15, 0.50], [30, 0.17], [45, 0.0], [60, -0.13], [75, -0.20], [90, -0.22]])
"""Confidence by the angle from the front, degrees, of simulated people who are enrolled from the front."""
TRUST = 0.5
"""In renderings; the rest is in what is typical."""


class RenderedConfidence:
    """Renders the face from elsewhere and recognises that.

    Args:
        mesh: fits the face.
        recogniser: judges the renderings.
        calibrated: add to the confidence at hand what the rendering from there is better than the rendering from here,
            because renderings are recognised a little differently from images, and what is typical for the angle,
            because a face that is hardly seen cannot be rendered well. As published, a rendering's confidence is taken
            as it is.
        min_presence: of a face, below which the mesh is not believed.
        alignment: of the faces that the recogniser takes.
    """

    def __init__(
        self,
        mesh: FaceMesh,
        recogniser: Recogniser,
        calibrated: bool = True,
        min_presence: float = 0.5,
        alignment: Alignment = OWN,
    ) -> None:
        self._alignment = alignment
        self._mesh, self._recogniser = mesh, recogniser
        self._calibrated, self._min_presence = calibrated, min_presence

    def __call__(self, view: FaceObservation, pans: Sequence[float]) -> Sequence[float] | None:
        fit = self._mesh.fit(view.image, view.box, view.landmarks)
        if fit.presence < self._min_presence:
            return None
        here = (0.0,) if self._calibrated else ()
        crops = [synthesise(view.image, fit, pan, self._alignment).pixels for pan in (*here, *pans)]
        found = [recognition.rank for recognition in self._recogniser(crops)]
        if not self._calibrated:
            return found
        now, typical = view.recognition.rank, typical_confidence(fit.yaw)
        # The nose goes to the left in the image when the camera goes to the right.
        return [
            now + TRUST * (rank - found[0]) + (1 - TRUST) * (typical_confidence(fit.yaw - pan) - typical)
            for pan, rank in zip(pans, found[1:], strict=True)
        ]


def typical_confidence(yaw: float) -> float:
    """Typical confidence of a face that is turned by an angle, rad."""
    return float(np.interp(abs(math.degrees(yaw)), *TYPICAL.T))


@dataclass(frozen=True)
class SynthesisSettings:
    """Settings of the comparison of views.

    Args:
        step: between views, rad.
        min_gain: by how much the next view must be better than the one at hand.
    """

    step: float = math.radians(15)
    min_gain: float = 0.02


class SynthesisPolicy:
    """Compares both sides first, then goes on to the side that it has chosen as long as that helps.

    Args:
        predict: how well the face would be recognised from elsewhere.
        settings: of the comparison. As published, `min_gain` is 0.
    """

    def __init__(self, predict: Predictor, settings: SynthesisSettings | None = None) -> None:
        self._predict, self._settings = predict, settings or SynthesisSettings()
        self._side = 0

    def begin(self) -> None:
        """The direction is free again."""
        self._side = 0

    def decide(self, views: Sequence[FaceObservation]) -> Decision:
        step, now = self._settings.step, views[-1].recognition.rank
        sides = (self._side,) if self._side else (-1, 1)
        predicted = self._predict(views[-1], [side * step for side in sides])
        if predicted is None:
            return Decision(None, "the face is not seen well enough to render it")
        expected, side = max(zip(predicted, sides, strict=True))
        gain = expected - now
        # Of equal views the first one stays; once under way, the robot goes on unless the next view is worse.
        enough = gain >= self._settings.min_gain if self._side else gain > self._settings.min_gain
        reason = f"{expected:.2f} is expected from the next view, {now:.2f} is here"
        if not enough:
            return Decision(None, reason, expected)
        self._side = side
        return Decision(Move(pan=side * step), reason, expected)
