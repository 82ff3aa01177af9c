"""Measure how far views of faces are from their own people and from others, for `active.perception.identity`:
`python -m opendr_perception.training.view.distances views.npz`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from opendr_perception import zoo
from opendr_perception.active.perception import ANGLES, LARGE_ENOUGH
from opendr_perception.files import replacing
from opendr_perception.sim.scene import ROOMS, Light, Scene, facing
from opendr_perception.sim.world import SimulatedCamera, World
from opendr_perception.tasks.face import THRESHOLD, FaceDetector, FaceEmbedder, align, head_pose
from opendr_perception.tasks.imaging import Image, PinholeCamera

CAMERA = SimulatedCamera(960, 720, math.radians(60.0), above=1.55)
ENROLLED_FROM = (-15, 0, 15)
"""Degrees around a person, 1.2 m away."""
UNSEEN: np.ndarray = np.full(4, np.nan)
CHUNK = 100
"""Views after which everything is stored."""


class Eye:
    """Sees the simulated people.

    Args:
        world: with all of them.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.names = sorted(world.people)
        self._detector = FaceDetector(zoo.session("blazeface", threads=1), tile_size=320)
        self._embedder = FaceEmbedder(zoo.session("face-embedding", threads=1))
        self._camera = PinholeCamera(world.camera.matrix, world.camera.width, world.camera.height, np.zeros(5))
        enrolled = [[self.look(self._enrolling(name, pan)) for pan in ENROLLED_FROM] for name in self.names]
        self._gallery = np.array([[view[2:] for view in views if view is not None] for views in enrolled])

    @staticmethod
    def _enrolling(name: str, degrees: float) -> Scene:
        return facing(name, 1.2, math.radians(degrees), room=ROOMS["hall"])

    def look(self, scene: Scene) -> np.ndarray | None:
        """Angle of the face by its landmarks, rad, side of its box in pixels, embedding: (130,); None without one."""
        pixels = self._world.reset(scene).image
        assert pixels is not None
        image = Image(np.ascontiguousarray(pixels), "rgb8")
        (faces,) = self._detector([image])
        if not len(faces):
            return None
        yaw = head_pose(faces.landmarks[0], self._camera)[0]
        box = faces.detections.boxes[0]
        embedding = self._embedder([align(image, faces.landmarks[0])])[0]
        return np.concatenate([[abs(yaw), (box[2:] - box[:2]).max()], embedding])

    def distances(self, embedding: np.ndarray) -> np.ndarray:
        """To each person (p,), in units of the threshold."""
        return np.asarray(np.linalg.norm(self._gallery - embedding, axis=2).min(1) / THRESHOLD)


def draw(seed: int, name: str) -> Scene:
    """Somebody from anywhere, in any light."""
    random = np.random.default_rng(seed)
    pan, away = math.radians(random.uniform(-95, 95)), math.exp(random.uniform(0, math.log(8)))
    light = Light(
        random.uniform(-math.pi, math.pi), random.uniform(0.5, 1.3), random.uniform(0.4, 0.8), random.uniform(0.35, 0.6)
    )
    room = ROOMS[str(random.choice(["lab", "living_room"]))] if away < 3.4 else ROOMS["hall"]
    return facing(name, away, pan, light=light, room=room)


def fit(views: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least squares of the mean distances at ANGLES, large faces, and of what faces of half that size add.

    Args:
        views: (n, 4) angle, size, distance to oneself, mean distance to the others.

    Returns:
        (8,) for oneself and (8,) for others.
    """
    angle, size = np.minimum(views[:, 0], ANGLES[-1]), views[:, 1]
    hats = np.array([np.interp(angle, ANGLES, row) for row in np.eye(len(ANGLES))]).T
    lack = np.maximum(LARGE_ENOUGH / np.maximum(size, 1) - 1, 0) * np.cos(angle)
    found = np.linalg.lstsq(np.column_stack([hats, lack]), views[:, 2:], rcond=None)[0]
    return found[:, 0], found[:, 1]


def measure(
    output: Annotated[Path, typer.Argument(help="The .npz of all views; what it has already is not done again.")],
    count: Annotated[int, typer.Option(help="Views.")] = 1200,
    seed: Annotated[int, typer.Option(help="Of the first one.")] = 500_000,
) -> None:
    """Look at people from anywhere, and print the tables of `active.perception.identity`."""
    views: list[np.ndarray] = []
    if output.exists():
        with np.load(output, allow_pickle=False) as data:
            views = list(data["views"])
    with World(camera=CAMERA) as world:
        eye = Eye(world)
        for number in range(len(views), count):
            who = number % len(eye.names)
            seen = eye.look(draw(seed + number, eye.names[who]))
            row = UNSEEN
            if seen is not None and math.isfinite(seen[0]):
                distances = eye.distances(seen[2:])
                row = np.array([seen[0], seen[1], distances[who], np.delete(distances, who).mean()])
            views.append(row)
            if (number + 1) % CHUNK == 0 or number + 1 == count:
                with replacing(output, ".npz") as unfinished:
                    np.savez_compressed(unfinished, views=np.array(views))
                typer.echo(f"{number + 1} of {count} views")
    found = np.array(views)
    for name, means in zip(("own", "other"), fit(found[np.isfinite(found).all(1)]), strict=True):
        typer.echo(f"{name}: {np.round(means[:-1], 2).tolist()}, of small faces {means[-1]:.2f}")


if __name__ == "__main__":
    typer.run(measure)
