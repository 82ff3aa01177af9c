"""Measure how well faces are found and told apart in the simulated world; prints a table for docs/nodes/simulation.md.

    python tools/measure_people.py

Each person is enrolled by one view from the front under one lamp, and recognised from other sides under two others.
"""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np

from opendr_perception import zoo
from opendr_perception.sim.scene import Light, facing
from opendr_perception.sim.world import World
from opendr_perception.tasks.face import FaceDetector, FaceEmbedder, align
from opendr_perception.tasks.imaging import Image

THRESHOLD = 0.47
AWAY = 1.2
"""m."""
PANS = (0, 20, 40, 60, 75, 90)
"""Degrees, to both sides."""
ENROLLED, OTHERS = Light(0.3, 0.9), (Light(-1.2, 0.6, 0.7, 0.35), Light(1.3, 1.2, 0.5, 0.5))


class Eye:
    """A world, and what recognises the faces in it."""

    def __init__(self, world: World) -> None:
        zoo.fetch(["blazeface", "face-embedding"])
        self._world = world
        self._detector = FaceDetector(zoo.session("blazeface"))
        self._embedder = FaceEmbedder(zoo.session("face-embedding"))

    def look(self, name: str, pan: float, light: Light) -> np.ndarray | None:
        """The embedding of a person's face, seen from an azimuth (degrees); None when it is not found."""
        pixels = self._world.reset(facing(name, AWAY, math.radians(pan), light=light)).image
        assert pixels is not None
        image = Image(pixels, "rgb8")
        [faces] = self._detector([image])
        return self._embedder([align(image, faces.landmarks[0])])[0] if len(faces) else None


def main() -> None:
    with World() as world:
        eye, names = Eye(world), list(world.people)
        gallery = {name: eye.look(name, 0, ENROLLED) for name in names}
        assert all(embedding is not None for embedding in gallery.values())
        known = np.array([gallery[name] for name in names])
        apart = {(a, b): float(np.linalg.norm(known[a] - known[b])) for a, b in combinations(range(len(names)), 2)}
        a, b = min(apart, key=lambda pair: apart[pair])
        mean = np.mean(list(apart.values()))
        print(f"Nearest: {names[a]} and {names[b]}, {apart[a, b]:.2f}; mean of all pairs: {mean:.2f}\n")
        print("| azimuth | found | distance to oneself | to others | AUC | rank 1 | FRR | FAR |")
        print("|---|---|---|---|---|---|---|---|")
        for pan in PANS:
            views = [
                (number, eye.look(name, side * pan, light))
                for number, name in enumerate(names)
                for side in ((1, -1) if pan else (1,))
                for light in OTHERS
            ]
            print(row(pan, views, known))


def row(pan: int, views: list[tuple[int, np.ndarray | None]], known: np.ndarray) -> str:
    """One line of the table, of all views from one azimuth: (number of the person, embedding)."""
    found = [
        (number, np.linalg.norm(known - embedding, axis=1)) for number, embedding in views if embedding is not None
    ]
    own = np.array([distances[number] for number, distances in found])
    other = np.concatenate([np.delete(distances, number) for number, distances in found])
    area = np.searchsorted(np.sort(own), other).mean() / len(own)
    first = np.mean([distances.argmin() == number for number, distances in found])
    return (
        f"| {pan}° | {len(found)}/{len(views)} | {own.mean():.2f} | {other.mean():.2f} | {area:.3f} | {first:.0%} "
        f"| {np.mean(own >= THRESHOLD):.0%} | {np.mean(other < THRESHOLD):.1%} |"
    )


if __name__ == "__main__":
    main()
