"""Draw docs/images/simulation.jpg: all people of the simulated world, in front of the robot's camera.

python tools/draw_simulation.py
"""

from __future__ import annotations

import math
from pathlib import Path

import cv2

from opendr_perception.sim.robot import SimulatedCamera
from opendr_perception.sim.scene import ROOMS, Light, Pose, Scene, Standing
from opendr_perception.sim.world import World

IMAGE = Path(__file__).parents[1] / "docs" / "images" / "simulation.jpg"


def main() -> None:
    with World(camera=SimulatedCamera(1280, 480, math.radians(75), samples=4)) as world:
        names = list(world.people)
        half = len(names) // 2
        people = tuple(
            Standing(
                name,
                Pose(
                    2.6 + 0.9 * (number // half),
                    0.42 * (half / 2 - number % half - 0.7 + 0.5 * (number // half)),
                    math.pi,
                ),
            )
            for number, name in enumerate(names)
        )
        light = Light(azimuth=2.6, elevation=0.7, strength=0.6, ambient=0.5)
        image = world.reset(Scene(people, room=ROOMS["living_room"], light=light)).image
        assert image is not None
        cv2.imwrite(str(IMAGE), image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])


if __name__ == "__main__":
    main()
