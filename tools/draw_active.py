"""Draw the figures of docs/active-perception.md.

    python tools/draw_active.py

One shows a portrait in the public domain as it would be seen from elsewhere; the other simulated people, from whose
faces networks learn to see what covers them. That one needs MuJoCo (requirements/sim.txt).
"""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np

from opendr_perception import zoo
from opendr_perception.active.perception import FaceMesh, synthesise
from opendr_perception.active.policies import SIDES
from opendr_perception.sim.scene import facing
from opendr_perception.sim.world import SimulatedCamera, World
from opendr_perception.tasks.face import FaceDetector, align
from opendr_perception.tasks.imaging import Image
from opendr_perception.training.view.occluders import draw_occluder

IMAGES = Path(__file__).parents[1] / "docs" / "images"
ANGLES = (-45, -30, -15, 0, 15, 30, 45)
GAP = 6


def main() -> None:
    detector = FaceDetector(zoo.session("blazeface"))
    write("view-synthesis.jpg", [views_of_the_astronaut(detector)])
    write("occluders.jpg", covered_faces(detector))


def views_of_the_astronaut(detector: FaceDetector) -> list[np.ndarray]:
    """The portrait, and what it would look like from -45 to 45 degrees."""
    zoo.fetch(["astronaut.png"])
    image = Image(np.asarray(cv2.imread(str(zoo.sample("astronaut.png")))), "bgr8")
    (faces,) = detector([image])
    fit = FaceMesh(zoo.session("facemesh")).fit(image, faces.detections.boxes[0], faces.landmarks[0])
    rendered = [synthesise(image, fit, math.radians(angle)).pixels for angle in ANGLES]
    return [align(image, faces.landmarks[0]), *rendered]


def covered_faces(detector: FaceDetector) -> list[list[np.ndarray]]:
    """For each side a row: before the robot's first step, after it, and when the rest of the way is gone."""
    random = np.random.default_rng(4)
    columns = []
    with World(camera=SimulatedCamera(480, 480, math.radians(36), above=1.6)) as world:
        for side, name in zip(range(len(SIDES) - 1), sorted(world.people), strict=False):
            image = world.reset(facing(name, 1.3, math.radians(random.uniform(-25, 25)))).image
            assert image is not None
            (faces,) = detector([Image(image, "rgb8")])
            box = faces.detections.boxes[0]
            thing = draw_occluder(random, image.shape[:2], side)
            x, y = ((box[:2] + box[2:]) / 2).astype(int)
            shifts = (0.0, thing.coverage * 0.4, thing.coverage)
            columns.append([thing.paint(image, box, shift)[y - 90 : y + 90, x - 90 : x + 90] for shift in shifts])
    return [list(row) for row in zip(*columns, strict=True)]


def write(name: str, rows: list[list[np.ndarray]]) -> None:
    """One image of rows of RGB images."""
    padded = [
        [cv2.copyMakeBorder(p, 0, GAP, 0, GAP, cv2.BORDER_CONSTANT, value=(255,) * 3) for p in row] for row in rows
    ]
    sheet = np.concatenate([np.concatenate(row, axis=1) for row in padded])
    cv2.imwrite(str(IMAGES / name), np.ascontiguousarray(sheet[:-GAP, :-GAP, ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 88])


if __name__ == "__main__":
    main()
