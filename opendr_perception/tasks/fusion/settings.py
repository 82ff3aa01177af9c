"""Settings of the fusion of people."""

from __future__ import annotations

from dataclasses import dataclass

from opendr_perception.settings import parameter
from opendr_perception.tasks.perceiver import PerceiverSettings


@dataclass(frozen=True)
class Settings(PerceiverSettings):
    """People: who is who, where, and what happens."""

    appear_after: float = parameter(
        0.3,
        "Seconds that somebody must be seen before they get an id; meanwhile it is looked who they could be.",
        minimum=0.0,
        maximum=5.0,
    )
    lost_after: float = parameter(
        2.0,
        "Seconds without being seen by any camera after which somebody has left. Until then they stay in the array, "
        "not visible.",
        minimum=0.1,
        maximum=60.0,
    )
    forget_after: float = parameter(
        600.0,
        "Seconds after leaving for which somebody can be recognised by clothes or face as the same person; 0 forgets "
        "at once. What is remembered is in memory alone, never on disk.",
        minimum=0.0,
        maximum=86400.0,
    )
    max_remembered: int = parameter(
        100, "At most so many people who have left are remembered, the last ones.", minimum=0, maximum=10000
    )
    same_look: float = parameter(
        0.72,
        "Likeness of clothes from which somebody who comes is one who has left, if nobody else is nearly as alike. "
        "Most strangers are below 0.6, one person in two views is above 0.7; 1 recognises nobody by clothes.",
        minimum=0.5,
        maximum=1.0,
    )
    name_half_life: float = parameter(
        120.0,
        "Seconds in which half of the confidence in a name is lost while the face is not seen.",
        minimum=1.0,
        maximum=86400.0,
    )
    person_height: float = parameter(
        1.68,
        "Mean height of the people who are to be expected, m, for distances by size. Grown-ups vary by 6 %; among "
        "children set theirs.",
        minimum=0.5,
        maximum=2.5,
    )
    ground_plane: bool = parameter(
        True,
        "Also locate people by where their feet touch the floor, z = 0 of target_frame. Set it to false where the "
        "floor is not flat.",
    )
    near: float = parameter(
        1.2, "Distance from the camera, m, below which somebody is near.", minimum=0.1, maximum=20.0
    )
