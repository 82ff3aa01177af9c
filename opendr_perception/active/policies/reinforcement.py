"""Choice of views by a network that was trained by reinforcement learning in simulation.

[Tosidis 2022] gives the network the camera's image. Here it is given what the recogniser perceives, now and so far:
a few numbers, which look the same for simulated and for real people, and which a small network learns from in minutes.
The published variant is `FramePolicy`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opendr_perception.active.control import Move
from opendr_perception.active.perception import UNKNOWN, FaceObservation, RangeOnly
from opendr_perception.active.policies.base import Decision
from opendr_perception.active.policies.situation import FEATURES, Situation, observe
from opendr_perception.engine.session import Session, Tensor
from opendr_perception.tasks.imaging import crop_resize


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
    Option("almost half of the way nearer", nearer=0.4375),
)
"""Actions of the network, in the order of its output."""
CERTAIN = 0.95
"""Probability of one person from which on there is nothing to win."""


class ReinforcementPolicy:
    """Makes the move that the network prefers, also to search for a face that is not found.

    Args:
        network: `observation` (N, 31) float32 of `observe` to `probabilities` (N, 7) in the order of OPTIONS.
    """

    def __init__(self, network: Session) -> None:
        network.expect(
            [Tensor("observation", (None, FEATURES), np.dtype(np.float32))],
            [Tensor("probabilities", (None, len(OPTIONS)), np.dtype(np.float32))],
        )
        self._network = network
        self.begin()

    def begin(self) -> None:
        """Nothing has been seen."""
        self._situation, self._blocked = Situation(), False

    def decide(self, views: Sequence[FaceObservation]) -> Decision:
        for view in views[len(self._situation.views) :]:
            self._situation = self._situation.after(view, self._blocked)
        name, probability = max(self._situation.belief.items(), key=lambda item: item[1])
        if name != UNKNOWN and probability >= CERTAIN:
            return Decision(None, f"all views together say that it is {name}")
        return self._choose()

    def search(self, glimpse: RangeOnly) -> Decision:
        """Go to where the face may be found."""
        self._situation = self._situation.after(glimpse, self._blocked)
        return self._choose()

    def blocked(self, move: Move) -> None:
        """The network is told so when it chooses the next one."""
        self._blocked = True

    def _choose(self) -> Decision:
        self._blocked = False
        outputs = self._network.run({"observation": observe(self._situation)[None]})
        return _preferred(OPTIONS, outputs["probabilities"][0], self._situation.places[-1].distance)


FRAME = 300, 400
"""Height and width of the image that the published network takes."""
FRAME_OPTIONS = (
    Option("stay"),
    Option("0.1 m nearer", advance=0.1),
    Option("0.1 m back", advance=-0.1),
    Option("5 degrees to the left", pan=-math.radians(5)),
    Option("5 degrees to the right", pan=math.radians(5)),
)
"""As published, but for the angle, which is not given there."""


class FramePolicy:
    """Makes the move that a network prefers that sees the image alone [Tosidis 2022].

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
        """Nothing is kept: the image is all that the network knows."""

    def decide(self, views: Sequence[FaceObservation]) -> Decision:
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
