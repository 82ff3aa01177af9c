"""Draw docs/images/high-resolution.jpg: what is looked at in a large image of the simulated world, and who is found.

python tools/draw_high_resolution.py [FILE]
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
from opendr_perception.tasks.body import PoseEstimator
from opendr_perception.tasks.drawing import draw_poses
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.people import (
    DetectorOverview,
    HighResolutionDetector,
    PersonDetector,
    RegionProposer,
    pool,
)

FILE = Path(__file__).parents[1] / "docs" / "images" / "high-resolution.jpg"
ROBOT = Pose(-11.0, 0.0, 0.0)
PLACES = ((-5.0, 2.2), (-1.0, -3.0), (-0.5, -2.2), (2.0, 5.5), (8.0, 0.5))
"""Positions of people, in metres."""
SKY, GROUND = 420, 1260
"""Rows that are shown."""
PART = (40, 200, 255)


def main() -> None:
    """Draw the glance, beside it the parts of the image that it has pointed out, and the poses found in them."""
    with World(camera=SimulatedCamera(2560, 1440, math.radians(80), above=2.2, samples=4)) as world:
        standing = [
            Standing(name, Pose(x, y, math.pi + 0.8 * k))
            for k, (name, (x, y)) in enumerate(zip(world.people, PLACES, strict=False))
        ]
        light = Light(azimuth=2.6, elevation=0.7, strength=0.6, ambient=0.5)
        rendered = world.reset(Scene(tuple(standing), ROBOT, room=ROOMS["hall"], light=light)).image
    assert rendered is not None
    pixels = np.ascontiguousarray(rendered[..., ::-1])
    image = Image(pixels, "bgr8")
    session = zoo.session("nanodet")
    glance = RegionProposer(DetectorOverview(session))
    estimate = PoseEstimator(HighResolutionDetector(PersonDetector(session), glance), zoo.session("movenet-lightning"))
    [poses] = estimate([image])
    drawn = pixels.copy()
    for view in glance(image):
        cv2.rectangle(drawn, (view.left, view.top), (view.right, view.bottom), PART, 5)
    draw_poses(drawn, poses)
    small, k = pool(image, glance.resolution.base_height_1)
    hot = cv2.resize(glance.overview(small).values, small.shape[1::-1], interpolation=cv2.INTER_NEAREST)[..., None]
    shown = np.round(small * (1 - 0.6 * hot) + np.array(PART) * 0.6 * hot).astype(np.uint8)
    size = (960, 960 * (GROUND - SKY) // drawn.shape[1])
    glanced = cv2.resize(shown[SKY // k : GROUND // k], size)
    looked = cv2.resize(drawn[SKY:GROUND], size, interpolation=cv2.INTER_AREA)
    canvas = np.hstack([glanced, looked])
    cv2.imwrite(str(Path(sys.argv[1]) if len(sys.argv) > 1 else FILE), canvas, [cv2.IMWRITE_JPEG_QUALITY, 88])


if __name__ == "__main__":
    main()
