"""Re-identification of people by their clothes: remembered looks, and the best match among them.

The descriptor is that by which tracks tell people apart, the colours of parts of the body [`appearance`], in finer
parts. It knows neither faces nor shapes: two people in one uniform are one for it, so that it only decides where the
best is clearly ahead of all others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opendr_perception.tasks.fusion.sight import Floats

Look = npt.NDArray[np.float32]

STRIPES = ((0.1, 0.25), (0.25, 0.4), (0.4, 0.55), (0.55, 0.7), (0.7, 0.9))
"""Of the height of a box."""
KEPT = 0.95
"""Share of a remembered look that stays when it is seen anew."""
VIEWS = 4
"""Different looks that are remembered of one person."""
ANOTHER_VIEW = 0.9
"""Likeness below which a look is another view, such as the back."""
COVERED = 0.25
"""Share of a box that others may cover; more, and its colours may be theirs."""
BORDER = 2.0
"""Pixels from the left or right border of the image up to which a box is cut."""
LEAST_HEIGHT = 40
"""Pixels of a box; smaller ones have no colours to speak of."""
SUREST = 0.2
"""Most by which the probability of a match by clothes exceeds one half."""
AHEAD = 0.03
"""Likeness by which the best must be ahead of all others."""


@dataclass(frozen=True, eq=False)
class Wardrobe:
    """Remembered looks of one person.

    Args:
        views: looks (640,), the newest last.
    """

    views: Sequence[Look] = ()

    def wear(self, look: Look) -> Wardrobe:
        """Take note of a look: it refreshes the view that is most like it, or is another one."""
        likes = [float(view @ look) for view in self.views]
        if not likes or max(likes) < ANOTHER_VIEW:
            return Wardrobe((*self.views, look)[-VIEWS:])
        best = int(np.argmax(likes))
        mixed = KEPT * self.views[best] + (1 - KEPT) * look
        others = [view for number, view in enumerate(self.views) if number != best]
        return Wardrobe((*others, np.asarray(mixed / max(float(np.linalg.norm(mixed)), 1e-6), np.float32)))

    def likeness(self, look: Look) -> float:
        """Of the most similar view, in [0, 1]; 0 when nothing is known."""
        return max((float(view @ look) for view in self.views), default=0.0)


def uncovered(boxes: Floats, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Mask (n,) of the boxes (n, 4) whose clothes are surely of one person: large, whole, not behind another one."""
    if not len(boxes):
        return np.zeros(0, bool)
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    np.fill_diagonal(shared, 0)
    areas = np.maximum((boxes[:, 2:] - boxes[:, :2]).prod(axis=1), 1)
    nearer = boxes[None, :, 3] >= boxes[:, None, 3]  # whose feet are lower
    covered = (shared * nearer).sum(axis=1) / areas > COVERED
    whole = (boxes[:, 0] >= BORDER) & (boxes[:, 2] <= size[0] - BORDER)
    return np.asarray(~covered & whole & (boxes[:, 3] - boxes[:, 1] >= LEAST_HEIGHT))


@dataclass(frozen=True)
class Match:
    """Candidate for the identity of a person.

    Args:
        person: id.
        likeness: of their clothes.
        probability: that it is them.
    """

    person: str
    likeness: float
    probability: float


def recognise(
    look: Look, candidates: Mapping[str, Wardrobe], rivals: Mapping[str, Wardrobe], least: float
) -> Match | None:
    """The one of whom a look is; None where nobody is alike enough, or somebody else nearly as much.

    Args:
        look: the mean of some images.
        candidates: who it could be.
        rivals: who it cannot be; whom it is as much like, it tells nothing about.
        least: likeness that is needed.
    """
    likes = {name: wardrobe.likeness(look) for name, wardrobe in candidates.items()}
    best = max(likes, key=likes.__getitem__, default="")
    if not best or likes[best] < least:
        return None
    others = [like for name, like in likes.items() if name != best]
    ahead = likes[best] - max([*others, *(rival.likeness(look) for rival in rivals.values())], default=0.0)
    if ahead < AHEAD:
        return None
    return Match(best, likes[best], probability(likes[best], ahead, least))


def probability(likeness: float, ahead: float, least: float) -> float:
    """That two looks are of one person: half at the threshold, more where it is passed, and by how far.

    Never much more: somebody else may wear the same, and of those who do, clothes know nothing.
    """
    surplus = (likeness - least) / max(1 - least, 1e-6)
    return float(0.5 + SUREST * min(surplus / 0.5, ahead / 0.2, 1.0))
