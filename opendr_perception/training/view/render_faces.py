"""Render faces of the simulated people for training.

`python -m opendr_perception.training.view.render_faces faces.npz`
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from opendr_perception.files import replacing
from opendr_perception.sim.scene import ROOMS, Light, facing
from opendr_perception.sim.world import SimulatedCamera, World
from opendr_perception.training.common.command import run_command

CAMERA = SimulatedCamera(480, 480, math.radians(36), above=1.6)
SIDE = 224
"""Of each image, pixels; a face fills about a third of it."""


def render_faces(
    output: Annotated[Path, typer.Argument(help="The .npz to write.")],
    count: Annotated[int, typer.Option(help="Images.")] = 1500,
    seed: Annotated[int, typer.Option(help="Of poses, lamps and rooms.")] = 1,
) -> None:
    """Write `images` (n, 224, 224, 3) uint8 RGB and `people` (n,), the number of the person in each."""
    random = np.random.default_rng(seed)
    images = np.empty((count, SIDE, SIDE, 3), np.uint8)
    people = np.empty(count, np.int16)
    with World(camera=CAMERA) as world:
        names = sorted(world.people)
        rooms = list(ROOMS.values())
        for number in range(count):
            people[number] = number % len(names)
            name = names[people[number]]
            light = Light(
                random.uniform(-1.2, 1.2), random.uniform(0.4, 1.3), random.uniform(0.3, 0.8), random.uniform(0.3, 0.6)
            )
            away, pan = random.uniform(1.0, 1.8), math.radians(random.uniform(-60, 60))
            scene = facing(name, away, pan, light=light, room=rooms[random.integers(len(rooms))])
            image = world.reset(scene).image
            assert image is not None
            below = CAMERA.focal * (CAMERA.above - world.people[name].eyes[2]) / away
            top = int(np.clip(CAMERA.height / 2 + below - 0.45 * SIDE, 0, CAMERA.height - SIDE))
            left = (CAMERA.width - SIDE) // 2
            images[number] = image[top : top + SIDE, left : left + SIDE]
    with replacing(output, ".npz") as unfinished:
        np.savez_compressed(unfinished, images=images, people=people)


if __name__ == "__main__":
    run_command(render_faces)
