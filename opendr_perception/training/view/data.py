"""Look at simulated people from everywhere, once: `python -m opendr_perception.training.view.data FOLDER`.

A policy that is learned by trial needs millions of looks. They are taken from tables: for each scene the robot is put
on a grid of angles around the person and of distances, and what detector and recogniser say is written down. Every
view is a little beside its place on the grid, so that the grid itself cannot be learned. A scene is one file; what is
there already is not made again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.progress import track

from opendr_perception import zoo
from opendr_perception.active.surroundings import Locator, looking_ahead
from opendr_perception.arrays import open_arrays
from opendr_perception.files import replacing
from opendr_perception.sim.people import PersonModel, load_people, read_people
from opendr_perception.sim.scene import HALF_WIDTH, HELD, ROOMS, Light, Pose, Scene, facing, occlude, seen_from
from opendr_perception.sim.world import SimulatedCamera, World
from opendr_perception.tasks.face import DIMENSIONS, FaceDetector, FaceEmbedder, Faces, align
from opendr_perception.tasks.imaging import Image, PinholeCamera
from opendr_perception.training.common.command import run_command

WIDTH, HEIGHT = 960, 720
"""Pixels of the robot's camera; only the part of its image around the person is drawn."""
FOCAL = WIDTH / 2 / math.tan(math.radians(30))
DRAWN = SimulatedCamera(480, 480, 2 * math.atan(240 / FOCAL), above=1.55)
LOOKED_AT = 320
"""Side of the part in which a face is looked for, pixels: a tile of the detector."""
FACE_SIZE = 0.135
"""m, of the detector's boxes around the simulated faces."""
PAN_STEP = math.radians(15)
PANS = 15
"""Angles around the person, the middle one from the front."""
NEARER = 0.75
"""Each distance over the next larger one."""
NEAREST, FARTHEST = 0.95, 8.0
"""m."""
SIDEWAYS, ALONG = math.radians(4), 0.05
"""Offsets of views from their place on the grid: rad around the person, and part of the distance."""
ENROLLED_FROM = (-15, 0, 15)
"""Degrees around a person, 1.2 m away, from where they are enrolled."""
OCCLUDED, HOLDING = 0.35, 0.05
"""Shares of scenes with something before the face, standing or held."""


@dataclass(frozen=True, eq=False)
class Table:
    """Observations of one scene from D distances and P pans.

    Args:
        person: number of who is in it.
        distances: (D,) m, decreasing.
        pans: (P,) of the camera about the person, 0 in front, rad, increasing.
        start: (2,) indices of the distance and the pan for which a thing was put before the face.
        covered: whether something was.
        found: (D, P) bool, whether the detector found the face.
        boxes: (D, P, 4) of it, pixels.
        landmarks: (D, P, 6, 2), pixels.
        measured: (D, P) distance by the size of the face, m.
        embeddings: (D, P, 128).
        clearance: (D, P) from the robot's middle to the nearest thing, m.
    """

    person: np.ndarray
    distances: np.ndarray
    pans: np.ndarray
    start: np.ndarray
    covered: np.ndarray
    found: np.ndarray
    boxes: np.ndarray
    landmarks: np.ndarray
    measured: np.ndarray
    embeddings: np.ndarray
    clearance: np.ndarray


def read_table(path: Path) -> Table:
    """Read what was written of a scene.

    Raises:
        ValueError: the file is none of that kind.
    """
    names = [field.name for field in fields(Table)]
    with open_arrays(path) as data:
        if set(names) != set(data):
            raise ValueError(f"{path}: not a table of views")
        return Table(**{name: data[name] for name in names})


class Observer:
    """Looks at simulated people.

    Args:
        people: who can be in scenes.
    """

    def __init__(self, people: Sequence[PersonModel]) -> None:
        self._world = World(camera=DRAWN, people=people)
        self._people = people
        self._detector = FaceDetector(zoo.session("blazeface", threads=1), tile_size=0)
        self._embedder = FaceEmbedder(zoo.session("face-embedding", threads=1))

    def enrol(self, number: int) -> np.ndarray:
        """Embeddings (n, 128) of a person from the front."""
        found = []
        for degrees in ENROLLED_FROM:
            scene = facing(self._people[number].name, 1.2, math.radians(degrees))
            self.enter(scene)
            embedding = self.embedding(number, scene.robot, 1.2)
            if embedding is not None:
                found.append(embedding)
        return np.array(found, np.float32).reshape(-1, DIMENSIONS)

    def tabulate(self, number: int, seed: int) -> Table:
        """Look at one person in a scene that is drawn by the seed, from everywhere."""
        random = np.random.default_rng((seed, number))
        scene, distances, start, covered = self._draw(random, number)
        pans = (np.arange(PANS) - PANS // 2) * PAN_STEP
        grid = len(distances), len(pans)
        table = Table(
            np.array(number),
            distances,
            pans,
            start,
            np.array(covered),
            np.zeros(grid, bool),
            np.zeros((*grid, 4), np.float32),
            np.zeros((*grid, 6, 2), np.float32),
            np.zeros(grid, np.float32),
            np.zeros((*grid, DIMENSIONS), np.float32),
            np.full(grid, np.inf, np.float32),
        )
        self.enter(scene)
        for place in np.ndindex(grid):
            self._fill(table, place, number, scene, random)
        return table

    def enter(self, scene: Scene) -> None:
        """Look at another scene from now on."""
        self._world.reset(scene, render=False)

    def embedding(self, number: int, robot: Pose, away: float) -> np.ndarray | None:
        """The embedding (128,) of a person of the scene, seen from a pose at this distance, m; None if not found."""
        self._world.place_robot(robot)
        seen = self._look(number, away)
        return None if seen is None else self._embed(*seen)

    def _draw(self, random: np.random.Generator, number: int) -> tuple[Scene, np.ndarray, np.ndarray, bool]:
        """A scene with its person at the origin, looking along x, and the grid of distances."""
        light = Light(
            random.uniform(-math.pi, math.pi),
            random.uniform(0.5, 1.3),
            random.uniform(0.4, 0.8),
            random.uniform(0.35, 0.6),
        )
        farthest = float(random.uniform(1.0, FARTHEST))
        steps = 1 + int(math.log(farthest / NEAREST) / -math.log(NEARER))
        distances = farthest * NEARER ** np.arange(steps)
        pan = int(random.integers(PANS // 2 - 6, PANS // 2 + 7))
        room = ROOMS["hall"] if farthest > 3.4 else ROOMS[str(random.choice(["lab", "living_room"]))]
        held = str(random.choice(HELD)) if random.random() < HOLDING else ""
        name = self._people[number].name
        scene = facing(name, farthest, (pan - PANS // 2) * PAN_STEP, light=light, room=room, held=held)
        if standing := random.random() < OCCLUDED:
            side, thing = str(random.choice(["left", "right"])), str(random.choice(["board", "plant", "box"]))
            scene = occlude(scene, side, random.uniform(0.2, 0.6), random.uniform(0.3, 0.6), thing)
        return scene, distances, np.array([0, pan]), bool(standing or held)

    def _fill(
        self, table: Table, place: tuple[int, ...], number: int, scene: Scene, random: np.random.Generator
    ) -> None:
        away = float(table.distances[place[0]] * random.uniform(1 - ALONG, 1 + ALONG))
        around = float(table.pans[place[1]] + random.uniform(-SIDEWAYS, SIDEWAYS))
        robot = seen_from(Pose(), away, around, aside=float(random.normal(0, 0.01)))
        self._world.place_robot(robot)
        table.clearance[place] = clearance(robot, scene)
        seen = self._look(number, away)
        if seen is None:
            return
        image, faces, corner = seen
        box, landmarks = faces.detections.boxes[0] + np.tile(corner, 2), faces.landmarks[0] + corner
        locator = Locator(PinholeCamera.assumed(WIDTH, HEIGHT), looking_ahead(), FACE_SIZE)
        table.found[place] = True
        table.boxes[place], table.landmarks[place] = box, landmarks
        table.measured[place] = locator.face(box).distance
        table.embeddings[place] = self._embed(image, faces, corner)

    def _look(self, number: int, away: float) -> tuple[Image, Faces, np.ndarray] | None:
        """The image around the head, the face in it, and where it lies in the image of the robot's camera."""
        drawn = self._world.observe().image
        assert drawn is not None
        row = DRAWN.height / 2 + FOCAL * (DRAWN.above - self._people[number].eyes[2]) / away
        low = np.clip([(DRAWN.width - LOOKED_AT) / 2, row - LOOKED_AT / 2], 0, DRAWN.width - LOOKED_AT).astype(int)
        part = drawn[low[1] : low[1] + LOOKED_AT, low[0] : low[0] + LOOKED_AT]
        image = Image(np.ascontiguousarray(part), "rgb8")
        (faces,) = self._detector([image])
        corner = low + np.array([WIDTH - DRAWN.width, HEIGHT - DRAWN.height]) / 2
        return (image, faces, corner.astype(np.float32)) if len(faces) else None

    def _embed(self, image: Image, faces: Faces, corner: np.ndarray) -> np.ndarray:
        return np.asarray(self._embedder([align(image, faces.landmarks[0])])[0])


def clearance(robot: Pose, scene: Scene) -> float:
    """From the robot's middle to the nearest thing, m."""
    gaps = [math.inf]
    for thing in scene.things:
        half = HALF_WIDTH[thing.kind]
        x, y = robot.x - thing.pose.x, robot.y - thing.pose.y
        across = -x * math.sin(thing.pose.yaw) + y * math.cos(thing.pose.yaw)
        along = x * math.cos(thing.pose.yaw) + y * math.sin(thing.pose.yaw)
        gaps.append(math.hypot(max(abs(across) - half, 0.0), along))
    return min(gaps)


def training_people(path: Path) -> Sequence[PersonModel]:
    """Read people who are nobody of those that come with the package.

    Raises:
        typer.BadParameter: There is no such file; it says how to make it.
    """
    if not path.exists():
        raise typer.BadParameter(f"there is no {path}; to make it: python tools/people/make.py {path} --others 24")
    return read_people(path)


def make_tables(
    folder: Annotated[Path, typer.Argument(help="Where tables lie, in train/ and test/.")],
    scenes: Annotated[int, typer.Option(help="Of each person to train with.")] = 3,
    test_scenes: Annotated[int, typer.Option(help="Of each person of the package, who are for the test.")] = 2,
    people: Annotated[Path | None, typer.Option(help="Who to train with; FOLDER/people.npz by default.")] = None,
    seed: Annotated[int, typer.Option(help="Of all scenes.")] = 1,
) -> None:
    """Write `train/` and `test/`: `gallery.npz`, and a table for each scene."""
    trained_with = training_people(people or folder / "people.npz")
    parts = (("train", trained_with, scenes), ("test", load_people(), test_scenes))
    for part, members, count in parts:
        observer = Observer(members)
        if not (folder / part / "gallery.npz").exists():
            enrolled = [observer.enrol(number) for number in range(len(members))]
            whose = np.repeat(np.arange(len(members)), [len(samples) for samples in enrolled])
            _write(folder / part / "gallery.npz", {"embeddings": np.concatenate(enrolled), "people": whose})
        wanted = [(scene, number) for scene in range(count) for number in range(len(members))]
        for scene, number in track(wanted, f"scenes to {part}"):
            path = folder / part / f"{number:03}-{scene:03}.npz"
            if not path.exists():
                table = observer.tabulate(number, seed * 1000 + scene)
                _write(path, asdict(replace(table, embeddings=table.embeddings.astype(np.float16))))


def _write(path: Path, arrays: dict[str, Any]) -> None:
    with replacing(path, ".npz") as unfinished:
        np.savez_compressed(unfinished, **arrays)


if __name__ == "__main__":
    run_command(make_tables)
