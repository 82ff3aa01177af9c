"""People in space: how far from the truth they are in the simulated world, how honest that is, and what it costs.

One simulated person after the other stands somewhere before the camera; detector, pose network and fusion are those of
the nodes. Each is seen in one image: a filter makes nothing better of somebody who stands still. What a robot never
knows exactly is wrong here too, anew in each image: the tilt of the camera, and the scale of its depth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from opendr_perception import zoo
from opendr_perception.bench.harness.extent import Extent
from opendr_perception.bench.harness.figure import Figure, smaller_is_better
from opendr_perception.bench.people.events import falls
from opendr_perception.bench.people.ids import ids
from opendr_perception.sim.model import CAMERA_AHEAD
from opendr_perception.sim.scene import Light, Pose, Scene, Standing
from opendr_perception.sim.world import World
from opendr_perception.tasks.body import PoseEstimator
from opendr_perception.tasks.fusion import Mount, PersonLocation, PositionSource, Settings, Sight, build
from opendr_perception.tasks.imaging import Image, PinholeCamera
from opendr_perception.tasks.nms import Detections
from opendr_perception.tasks.people import PersonDetector

CASE = "people"
WITH_DEPTH, WITHOUT = 5.0, 12.0
"""Per cent of the distance, the median, that are good enough."""
SHARE, AROUND = 68.0, 5.0
"""Per cent of distances inside of one standard deviation, as they should be, and how far from that they may be."""
NEAREST, FARTHEST = 1.5, 8.0
ASIDE = math.radians(20)
NOISE = 0.01
"""Of the simulated depth: standard deviation at 1 m, growing with the square of the distance."""
TILTED, SHIFTED = 0.006, 0.002
"""Standard deviations of the camera's tilt, rad, from what is said of it, and of the disparity of a whole depth image,
1/m, as calibrations leave them."""
CROWD = 30


@dataclass(frozen=True)
class Guess:
    """Estimated distance of a person over the floor, its standard deviation, and the true distance, m."""

    distance: float
    spread: float
    truth: float

    @property
    def error(self) -> float:
        """Relative to the truth."""
        return abs(self.distance / self.truth - 1)


def people(extent: Extent) -> list[Figure]:
    """The case `people`: places in simulation by size, floor and depth, ids, events, and the time of an image."""
    guesses = look(extent.pick(400, 60, 4), seed=extent.pick(1, 1, 1))
    figures = []
    for way, found in guesses.items():
        target = WITH_DEPTH if way == "depth" else WITHOUT
        errors = np.array([guess.error for guess in found])
        inside = 100 * float(np.mean([abs(one.distance - one.truth) <= one.spread for one in found]))
        middle, most = (100 * float(np.quantile(errors, share)) for share in (0.5, 0.9))
        honest = abs(inside - SHARE) <= AROUND
        figures += [
            smaller_is_better(CASE, f"{way}: median error of the distance", "%", middle, target),
            Figure(CASE, f"{way}: 90th percentile of the error", "%", most, None, "", None, None, None),
            Figure(CASE, f"{way}: inside of 1 sigma", "%", inside, None, "", None, SHARE, honest),
        ]
    figures += ids(extent.pick(64, 16, 2)) + falls(extent.pick(3.0, 0.5, 0.01))
    return figures + [cost(count, extent.pick(200, 50, 3)) for count in (1, CROWD)]


def look(count: int, seed: int) -> dict[str, list[Guess]]:
    """Show so many people, and guess where they are in three ways."""
    rng = np.random.default_rng(seed)
    detector = PersonDetector(zoo.session("nanodet", threads=1))
    estimator = PoseEstimator(detector, zoo.session("movenet-lightning", threads=1))
    guesses: dict[str, list[Guess]] = {"size": [], "size and floor": [], "depth": []}
    with World() as world:
        camera = world.camera
        lens = PinholeCamera(camera.matrix, camera.width, camera.height, np.zeros(4))
        ahead = np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]])
        floor = Mount(ahead, np.array([0.0, 0.0, camera.above]), upright=True)
        for _ in range(count):
            truth = _stand_somewhere(world, rng)
            seen = world.observe()
            assert seen.image is not None
            image = Image(seen.image, "rgb8")
            [poses] = estimator([image])
            if not len(poses):
                continue
            depth = world.depth()
            depth += (rng.normal(0, NOISE, depth.shape) + rng.normal(0, SHIFTED)) * depth**2
            tilted = Mount(floor.rotation @ _pitch(rng.normal(0, TILTED)), floor.translation, upright=True)
            best = int(np.argmax(poses.people.scores))
            for way, mount, measured in (
                ("size", Mount(), None),
                ("size and floor", tilted, None),
                ("depth", tilted, depth.astype(np.float32)),
            ):
                bodies = poses.people[best : best + 1]
                sight = Sight("", (image.width, image.height), bodies, ["1"], None, poses, lens=lens, mount=mount)
                sight = Sight(**{**vars(sight), "frame": "base", "depth": measured})
                place = _place(sight)
                if place.source != PositionSource.NONE:
                    guesses[way].append(_guess(place, mount, truth))
    return guesses


def _pitch(angle: float) -> np.ndarray:
    """The rotation (3, 3) of a camera's axes about its x axis, rad."""
    sine, cosine = math.sin(angle), math.cos(angle)
    return np.array([[1.0, 0, 0], [0, cosine, -sine], [0, sine, cosine]])


def _stand_somewhere(world: World, rng: np.random.Generator) -> float:
    """Let somebody stand before the robot, and say how far from the camera, over the floor."""
    far, bearing = rng.uniform(NEAREST, FARTHEST), rng.uniform(-ASIDE, ASIDE)
    name = str(rng.choice(list(world.people)))
    place = Pose(CAMERA_AHEAD + far * math.cos(bearing), far * math.sin(bearing), rng.uniform(-math.pi, math.pi))
    world.reset(Scene((Standing(name, place),), light=Light(rng.uniform(-3, 3))), render=False)
    return float(far)


def _place(sight: Sight) -> PersonLocation:
    perceiver = build(Settings(appear_after=0.0))
    found = perceiver(sight, stamp=1.0).people
    return found[0].place if found else PersonLocation.unknown()


def _guess(place: PersonLocation, mount: Mount, truth: float) -> Guess:
    away = place.position - mount.translation
    level = np.array([1.0, 1, 0]) if mount.upright else np.array([1.0, 0, 1])
    far = float(np.linalg.norm(away * level))
    direction = away * level / far
    return Guess(far, math.sqrt(float(direction @ place.covariance @ direction)), truth)


def cost(count: int, images: int) -> Figure:
    """The time that one image with so many people takes, without networks."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (480, 640, 3), np.uint8)
    boxes = np.array([[20 * k, 100, 20 * k + 18, 200] for k in range(count)], np.float32)
    bodies = Detections(boxes, np.full(count, 0.9, np.float32))
    tracks = [str(number) for number in range(count)]
    lens = PinholeCamera.assumed(640, 480)
    sight = Sight("", (640, 480), bodies, tracks, Image(pixels, "bgr8"), lens=lens, mount=Mount(), frame="eye")
    perceiver = build()
    memory = perceiver.new_memory()
    times = []
    for number in range(images):
        started = perf_counter()
        perceiver(sight, memory, 1 + number / 10)
        times.append(perf_counter() - started)
    named = f"{count} people in an image" if count > 1 else "one person in an image"
    return Figure(CASE, named, "ms", 1e3 * float(np.median(times)), None, "", None, None, None)
