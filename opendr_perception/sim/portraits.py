"""Images of simulated people from the front, as a gallery of faces wants them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import cv2

from opendr_perception.sim.scene import ROOMS, facing
from opendr_perception.sim.world import World

AWAY = 1.2
"""m, of the camera from the person."""
PANS = (-15, 0, 15)
"""Degrees around the person."""


def take_portraits(world: World, names: Sequence[str], gallery: Path) -> None:
    """Write a folder with images for each person; the world is in another scene afterwards.

    Args:
        world: has these people.
        names: of the people.
        gallery: folder, which is made; it must not know them yet.
    """
    for name in names:
        (gallery / name).mkdir(parents=True)
        for degrees in PANS:
            image = world.reset(facing(name, AWAY, math.radians(degrees), room=ROOMS["hall"])).image
            assert image is not None
            cv2.imwrite(str(gallery / name / f"{degrees}.png"), image[..., ::-1])
