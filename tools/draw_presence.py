"""Draw docs/images/presence.jpg: people of the simulated world, and where the network of human presence sees them.

python tools/draw_presence.py [FILE]
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

import cv2
import numpy as np

from opendr_perception import zoo
from opendr_perception.sim.robot import SimulatedCamera
from opendr_perception.sim.scene import ROOMS, Light, Pose, Scene, Standing
from opendr_perception.sim.world import World
from opendr_perception.tasks.drawing import draw_heatmap
from opendr_perception.tasks.presence import HumanPresence

FILE = Path(__file__).parents[1] / "docs" / "images" / "presence.jpg"
ROBOT = Pose(-11.0, 0.0, 0.0)
PLACES = ((-7.5, 2.2), (-6.0, -2.0), (-4.0, 0.7), (-2.0, 5.5), (0.0, -4.0), (3.0, 1.0), (6.0, -8.0), (10.0, 4.0))
"""Positions of people, in metres."""
THRESHOLD = 0.95
SKY = 300
"""Rows without anybody."""


def main() -> None:
    """Draw the figure of the robot's camera beside the same with the heatmap."""
    with World(camera=SimulatedCamera(1920, 1080, math.radians(80), above=2.2, samples=4)) as world:
        standing = [
            Standing(name, Pose(x, y, math.pi + 0.8 * k))
            for k, (name, (x, y)) in enumerate(zip(world.people, PLACES, strict=False))
        ]
        light = Light(azimuth=2.6, elevation=0.7, strength=0.6, ambient=0.5)
        image = world.reset(Scene(tuple(standing), ROBOT, room=ROOMS["hall"], light=light)).image
    assert image is not None
    pixels = np.ascontiguousarray(image[..., ::-1])
    heatmap = HumanPresence(zoo.session("presence-1080p"))(pixels)
    drawn = pixels.copy()
    draw_heatmap(drawn, heatmap, THRESHOLD)
    both = cv2.resize(np.hstack([pixels, drawn])[SKY:], None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(Path(sys.argv[1]) if len(sys.argv) > 1 else FILE), both, [cv2.IMWRITE_JPEG_QUALITY, 88])


if __name__ == "__main__":
    main()
