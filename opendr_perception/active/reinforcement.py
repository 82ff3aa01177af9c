"""Views are chosen by a network that has learned by trial and error in simulation what moves are worth.

[Tosidis 2022] gives the network the camera's picture. Here it is given what the recogniser perceives, now and so far:
a few numbers, which look the same for simulated and for real people, and which a small network learns from in minutes.
The published variant is `FramePolicy`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opendr_perception.active.motion import Move
from opendr_perception.active.policy import Decision, Recognition, View, best
from opendr_perception.engine.session import Session, Tensor
from opendr_perception.tasks.image import crop_resize


@dataclass(frozen=True)
class Option:
    """One of the moves that a network can choose.

    Args:
        name: in words.
        pan: how far around the person, rad.
        nearer: part of the distance to go towards them.
        advance: how far to go towards them, m.
    """

    name: str
    pan: float = 0.0
    nearer: float = 0.0
    advance: float = 0.0

    def move(self, distance: float) -> Move | None:
        """The move at this distance of the person, m; None to stay, also where it would lead too near."""
        advance = self.advance + (self.nearer * distance if self.nearer else 0.0)
        if self.pan:
            return Move(pan=self.pan)
        if not advance or not math.isfinite(advance) or (advance > 0 and not distance - advance >= NEAREST):
            return None
        return Move(advance=advance)


NEAREST = 0.95
"""m, up to which a person is approached."""
OPTIONS = (
    Option("stay"),
    Option("15 degrees to the left", pan=-math.radians(15)),
    Option("15 degrees to the right", pan=math.radians(15)),
    Option("30 degrees to the left", pan=-math.radians(30)),
    Option("30 degrees to the right", pan=math.radians(30)),
    Option("a quarter of the way nearer", nearer=0.25),
    Option("half of the way nearer", nearer=0.4375),
)
"""What the network chooses from, in the order of its output."""
MIRRORED_OPTIONS = np.array([0, 2, 1, 4, 3, 5, 6])
"""The same in a mirror."""
CERTAIN = 0.6
"""Confidence from which on there is nothing to win; the network has not learned what to do then."""

LANDMARKS = 12
FEATURES = LANDMARKS + 15
"""Numbers of an observation."""
_MIRRORED_PLACES = np.array([2, 3, 0, 1, 4, 5, 6, 7, 10, 11, 8, 9, *range(12, 20), 21, 20, *range(22, FEATURES)])
_MIRRORED_SIGNS = np.where(np.isin(np.arange(FEATURES), [0, 2, 4, 6, 8, 10, 18, 19, 20, 21, 23]), -1, 1)


def observe(views: Sequence[View]) -> np.ndarray:
    """What the network is told of all views of an episode, the newest last.

    Returns:
        (27,) float32: 0-11 landmarks x, y from the middle of the face's box in its sides; 12, 13 confidence of the
        likeliest and the second name now; 14 log2 of the face's side over 64 pixels; 15, 16 confidence of the likeliest
        and the second name in the best of all views; 17 whether the names now and in all views are the same; 18 pan
        from here to the best view; 19 pan from the first view; 20, 21 pan from here to the outermost views on the left
        and the right; 22, 23, 24 what the last move changed: confidence, pan, log2 of the distance; 25 number of moves
        over 6; 26 log2 of the distance over 2 m. Angles in rad; what is not known is 0.
    """
    now, favourite = views[-1], best(views)
    before = views[-2] if len(views) > 1 else now
    side = np.maximum(now.box[2:] - now.box[:2], 1e-6)
    landmarks = (now.landmarks - (now.box[:2] + now.box[2:]) / 2) / side
    pans = [view.pan - now.pan for view in views]
    identity = favourite.recognition.identity
    numbers = [
        now.recognition.confidence,
        _second(now.recognition, now.recognition.identity),
        math.log2(math.sqrt(side[0] * side[1]) / 64),
        favourite.recognition.confidence,
        max(_second(view.recognition, identity) for view in views),
        float(now.recognition.identity == identity),
        favourite.pan - now.pan,
        now.pan,
        min(pans),
        max(pans),
        now.recognition.confidence - before.recognition.confidence,
        now.pan - before.pan,
        _log_ratio(now.distance, before.distance),
        (len(views) - 1) / 6,
        _log_ratio(now.distance, 2.0),
    ]
    observation = np.array([*landmarks.ravel(), *numbers], np.float32)
    observation[~np.isfinite(observation)] = 0.0
    return observation.clip(-4, 4)


def mirror(observation: np.ndarray) -> np.ndarray:
    """The observation (27,) in a mirror."""
    return np.asarray(observation[_MIRRORED_PLACES] * _MIRRORED_SIGNS, np.float32)


def _second(recognition: Recognition, identity: str) -> float:
    """Confidence of the likeliest name but one; at least -1."""
    if recognition.identity != identity:
        return max(recognition.confidence, -1.0)
    nearest, second = (*sorted(recognition.distances.values())[:2], math.inf, math.inf)[:2]
    # One less the confidence is the distance over the threshold, by the definition of the confidence.
    return max(1 - second / nearest * (1 - recognition.confidence), -1.0) if nearest > 0 else -1.0


def _log_ratio(distance: float, other: float) -> float:
    return math.log2(distance / other) if distance > 0 and other > 0 else 0.0


class ReinforcementPolicy:
    """Makes the move that the network prefers.

    Args:
        network: `observation` (N, 27) float32 of `observe` to `probabilities` (N, 7) in the order of OPTIONS.
    """

    def __init__(self, network: Session) -> None:
        network.expect(
            [Tensor("observation", (None, FEATURES), np.dtype(np.float32))],
            [Tensor("probabilities", (None, len(OPTIONS)), np.dtype(np.float32))],
        )
        self._network = network

    def begin(self) -> None:
        """Nothing is kept: the views say it all."""

    def decide(self, views: Sequence[View]) -> Decision:
        if best(views).recognition.rank >= CERTAIN:
            return Decision(None, "this view is good enough")
        outputs = self._network.run({"observation": observe(views)[None]})
        return _preferred(OPTIONS, outputs["probabilities"][0], views[-1].distance)


FRAME = 300, 400
"""Height and width of the picture that the published network takes."""
FRAME_OPTIONS = (
    Option("stay"),
    Option("0.1 m nearer", advance=0.1),
    Option("0.1 m back", advance=-0.1),
    Option("5 degrees to the left", pan=-math.radians(5)),
    Option("5 degrees to the right", pan=math.radians(5)),
)
"""As published, but for the angle, which is not given there."""


class FramePolicy:
    """Makes the move that a network prefers that sees the picture alone [Tosidis 2022].

    Args:
        network: `frame` (N, 300, 400, 3) uint8 RGB to `probabilities` (N, 5) in the order of FRAME_OPTIONS.
    """

    def __init__(self, network: Session) -> None:
        network.expect(
            [Tensor("frame", (None, *FRAME, 3), np.dtype(np.uint8))],
            [Tensor("probabilities", (None, len(FRAME_OPTIONS)), np.dtype(np.float32))],
        )
        self._network = network

    def begin(self) -> None:
        """Nothing is kept: the picture is all that the network knows."""

    def decide(self, views: Sequence[View]) -> Decision:
        image = views[-1].image
        frame = crop_resize(image, (0, 0, image.width, image.height), FRAME, "rgb")[0]
        probabilities = self._network.run({"frame": frame[None]})["probabilities"][0]
        return _preferred(FRAME_OPTIONS, probabilities, views[-1].distance)


def _preferred(options: Sequence[Option], probabilities: np.ndarray, distance: float) -> Decision:
    """The most probable option; a robot that may not come nearer stays."""
    chosen = int(np.argmax(probabilities))
    option = options[chosen]
    move = option.move(distance)
    reason = f"{option.name} is preferred with {100 * probabilities[chosen]:.0f} %"
    return Decision(move, reason if move or not chosen else f"{reason}, but leads too near")
