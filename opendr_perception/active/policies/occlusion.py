"""Something before the face: find the side that it covers, step aside once, and measure how far is still to go.

The two networks of [Dimaridou 2022]: D_m names the covered side from the recogniser's last map that knows of places;
R_m compares the crops from before and after a step and says how many more such steps clear the face. Neither needs a
scale.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opendr_perception.active.control import Move
from opendr_perception.active.perception import FaceObservation
from opendr_perception.active.policies.base import Decision
from opendr_perception.engine.session import Session, Tensor
from opendr_perception.tasks.face import ALIGNED, align
from opendr_perception.tasks.imaging import Image, Pixels, crop_resize, square

SIDES = ("top", "bottom", "right", "left", "none")
"""Of the face in the image: the one that is covered."""
NONE = 4
CROP = 64
"""Side in pixels of the crops that are compared."""
CROP_MARGIN = 1.25
"""Side of such a crop over that of the face's box."""
LARGEST_RATIO = 4.0
"""Upper bound of R_m. As published it is 1: the first step can only be doubled."""


class OcclusionNetworks:
    """D_m and R_m.

    Args:
        features: the zoo's `face-features`.
        direction: D_m, `features` (N, 256, 4, 4) to `probabilities` (N, 5) in the order of SIDES.
        ratio: R_m, `crops` (N, 64, 64, 6) uint8, RGB before and after a step, to `ratio` (N,).
    """

    def __init__(self, features: Session, direction: Session, ratio: Session) -> None:
        features.expect([Tensor("image", (None, ALIGNED, ALIGNED, 3), np.dtype(np.uint8))], ["features"])
        direction.expect(["features"], [Tensor("probabilities", (None, len(SIDES)), np.dtype(np.float32))])
        ratio.expect([Tensor("crops", (None, CROP, CROP, 6), np.dtype(np.uint8))], ["ratio"])
        self._features, self._direction, self._ratio = features, direction, ratio

    def direction(self, view: FaceObservation) -> np.ndarray:
        """The probability (5,) of each of SIDES."""
        image = align(view.image, view.landmarks)[None]
        features = self._features.run({"image": image})["features"]
        return np.asarray(self._direction.run({"features": features})["probabilities"][0])

    def ratio(self, before: FaceObservation, after: FaceObservation) -> float:
        """Number of further steps like the one between two views that clear the face."""
        crops = np.concatenate([comparable(view.image, view.box) for view in (before, after)], axis=2)
        return float(self._ratio.run({"crops": crops[None]})["ratio"][0])


def comparable(image: Image, box: np.ndarray) -> Pixels:
    """The crop (64, 64, 3) RGB by which a face is compared with itself."""
    return crop_resize(image, square(box, CROP_MARGIN), (CROP, CROP), "rgb")[0]


@dataclass(frozen=True)
class OcclusionSettings:
    """Settings of the policy that clears occluders.

    Args:
        first_step: rad; far enough to be measured, and not far enough to be in the way.
        largest_step: rad.
        largest_ratio: to which the rest of the way is cut. As published it is 1.
        certain: probability from which on a side is believed to be covered.
        hysteresis: by how much another side must be more probable before the robot turns back.
        finished: ratio below which nothing more is to go.
        attached: part of the largest ratio from which on the occluder moves with the face.
        rounds: of a first step and the rest of the way. As published there is one, and then the person is named.
    """

    first_step: float = math.radians(5)
    largest_step: float = math.radians(20)
    largest_ratio: float = LARGEST_RATIO
    certain: float = 0.6
    hysteresis: float = 0.3
    finished: float = 0.1
    attached: float = 0.85
    rounds: int = 2


class OcclusionPolicy:
    """Steps aside until nothing covers the face.

    Args:
        networks: D_m and R_m.
        settings: of the policy.
        flies: the robot goes up and down too, and clears what covers the top or the bottom.
    """

    def __init__(
        self, networks: OcclusionNetworks, settings: OcclusionSettings | None = None, flies: bool = False
    ) -> None:
        self._networks, self._settings, self._flies = networks, settings or OcclusionSettings(), flies
        self.begin()

    def begin(self) -> None:
        """The first step comes first."""
        self._side, self._measuring, self._round = NONE, False, 0

    def decide(self, views: Sequence[FaceObservation]) -> Decision:
        probabilities = self._networks.direction(views[-1])
        side = self._choose(probabilities)
        if side == NONE:
            self._measuring = False
            return Decision(None, "nothing covers the face")
        covered = f"the {SIDES[side]} of the face is covered"
        if SIDES[side] not in ("left", "right") and not self._flies:
            return Decision(None, f"{covered}, which a robot on the ground cannot clear")
        if self._measuring and side == self._side:
            return self._rest(views, covered)
        if self._round >= self._settings.rounds:
            return Decision(None, f"{covered} still")
        self._side, self._measuring, self._round = side, True, self._round + 1
        return Decision(step_aside(side, self._settings.first_step, views[-1].distance), covered)

    def _choose(self, probabilities: np.ndarray) -> int:
        side = int(np.argmax(probabilities))
        if side == NONE or probabilities[side] < self._settings.certain:
            return NONE
        if self._side != NONE and probabilities[side] <= probabilities[self._side] + self._settings.hysteresis:
            return self._side
        return side

    def _rest(self, views: Sequence[FaceObservation], covered: str) -> Decision:
        """The rest of the way, by how much the first step has changed."""
        self._measuring = False
        ratio = self._networks.ratio(views[-2], views[-1])
        if ratio >= self._settings.attached * LARGEST_RATIO:
            self._round = self._settings.rounds
            return Decision(None, f"{covered} by something that moves with it")
        if ratio < self._settings.finished:
            return Decision(None, f"{covered} a little")
        rest = min(min(ratio, self._settings.largest_ratio) * self._settings.first_step, self._settings.largest_step)
        move = step_aside(self._side, rest, views[-1].distance)
        return Decision(move, f"{covered}, {ratio:.1f} more steps clear it")


def step_aside(side: int, angle: float, distance: float) -> Move:
    """Move by an angle at the person, rad, that clears a side: around them, or up or down at this distance, m."""
    if SIDES[side] in ("left", "right"):
        return Move(pan=side_to_pan(side) * angle)
    return Move(rise=side_to_rise(side) * distance * math.tan(angle))


def side_to_rise(side: int) -> int:
    """Sign of the way upwards that clears a side: below a sign, over a box."""
    return {"top": -1, "bottom": 1}[SIDES[side]]


def side_to_pan(side: int) -> int:
    """The sign of the pan that clears a side: what is nearer than the face goes against the camera."""
    return {"left": 1, "right": -1}[SIDES[side]]
