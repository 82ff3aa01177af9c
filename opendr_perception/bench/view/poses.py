"""Poses of half-hidden people before and after one move that is chosen by expected gain.

python -m opendr_perception.bench.view.poses fit       the weights of `active/policies/expectation.py`, by some people
python -m opendr_perception.bench.view.poses FILE      joints that are right, of others, written to a file
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from opendr_perception import zoo
from opendr_perception.active.policies import AROUND, ExpectedGain, Lacking, lacking
from opendr_perception.bench.view.gains.looking import figure, write
from opendr_perception.sim.people import PersonModel, load_people
from opendr_perception.sim.scene import Light, Pose, Scene, distance, facing, occlude, pan, seen_from
from opendr_perception.sim.world import SimulatedCamera, World
from opendr_perception.tasks.body import PoseEstimator, Poses
from opendr_perception.tasks.body.calibration import curves_of
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.nms import Detections

MODEL = "movenet-lightning"
CAMERA = SimulatedCamera(640, 480, math.radians(60), above=1.3)
HELD_OUT = 8
"""People of the package by whom nothing is chosen."""
ANGLES = (0.0, *AROUND, *(-angle for angle in AROUND))
NEAR = 0.06
"""Part of a person's height in the image up to which a joint is at its place."""
SCENES, SEED = 60, 7000
BOX_NOISE = 0.03


def joints(person: PersonModel) -> np.ndarray:
    """Places (13, 3) of COCO's joints without eyes and ears, m: nose, then left and right from shoulders to ankles."""
    h = person.height
    shirt, hands = person.parts["shirt"].vertices, person.parts["hands"].vertices
    shoes = person.parts["shoes"].vertices
    legs = next((person.parts[name].vertices for name in ("trousers",) if name in person.parts), shirt)
    arms = person.parts.get("forearms", person.parts["shirt"]).vertices

    def at(part: np.ndarray, height: float, side: int, inner: float = 0.0) -> np.ndarray:
        near = part[(side * part[:, 1] > inner) & (np.abs(part[:, 2] - height) < 0.03 * h)]
        near = near if len(near) else part[side * part[:, 1] > inner]
        return np.asarray(near.mean(0))

    places = [np.array([person.eyes[0] + 0.02, 0.0, (person.eyes[2] + person.mouth[2]) / 2])]
    for part, height, inner in (
        (shirt, 0.81 * h, 0.09 * h),
        (arms, 0.64 * h, 0.09 * h),
        (hands, 0.53 * h, 0.0),
        (legs, 0.52 * h, 0.0),
        (legs, 0.28 * h, 0.0),
        (shoes, 0.045 * h, 0.0),
    ):
        places += [at(part, height, side, inner) for side in (1, -1)]
    return np.array(places)


JOINTS = [0, *range(5, 17)]
"""Of COCO's 17."""


@dataclass(frozen=True)
class PoseView:
    """One view: what is missing, the mean calibrated confidence, and the share of joints that are right."""

    missing: Lacking
    confidence: float
    right: float


class PoseViews:
    """Looks at bodies from places around them, to which the robot is put and does not drive.

    The box around the body comes from the simulation with noise, as a tracker would keep it.

    Args:
        people: who can be seen.
    """

    def __init__(self, people: Sequence[PersonModel]) -> None:
        self.world = World(camera=CAMERA, people=people)
        self._people = {person.name: person for person in people}
        self._estimator = PoseEstimator(lambda images: [], zoo.session(MODEL, threads=1))  # boxes are given
        self._curves = curves_of(MODEL)

    def scene(self, seed: int) -> Scene:
        """Somebody who is half hidden behind a box or a board, and looks anywhere; the same for the same seed."""
        random = np.random.default_rng(seed)
        light = Light(random.uniform(-math.pi, math.pi), random.uniform(0.5, 1.3), 0.6, 0.5)
        away, around = random.uniform(2.4, 4.0), random.uniform(-math.pi, math.pi)
        scene = facing(str(random.choice(list(self._people))), away, around, light=light)
        side = "left" if random.random() < 0.5 else "right"
        return occlude(scene, side, random.uniform(0.2, 1.2), random.uniform(0.3, 0.6), "box")

    def look(self, scene: Scene, angle: float, random: np.random.Generator) -> PoseView:
        """From an angle to the right of where the robot of the scene stands, rad."""
        _, poses, truth, height = self.see(scene, angle, random)
        found = poses.keypoints[0]
        near = np.hypot(*(found[JOINTS, :2] - truth).T) < NEAR * height
        return PoseView(lacking(found), float(found[:, 2].mean()), float(near.mean()))

    def see(self, scene: Scene, angle: float, random: np.random.Generator) -> tuple[Image, Poses, np.ndarray, float]:
        """Image from there, pose with calibrated scores, true joints (13, 2) and height of the person, pixels."""
        person, start = scene.people[0].pose, scene.robot
        robot = seen_from(person, distance(start, person), pan(start, person) + angle)
        if angle == 0.0:
            self.world.reset(scene, render=False)
        self.world.place_robot(robot)
        pixels = self.world.observe().image
        assert pixels is not None
        truth, box = self.expected(scene.people[0].name, person, robot)
        height = box[3] - box[1]
        box = box + random.normal(0, BOX_NOISE * height, 4)
        people = Detections(box[None].astype(np.float32), np.ones(1, np.float32))
        image = Image(np.ascontiguousarray(pixels), "rgb8")
        (poses,) = self._estimator.of([image], [people])
        if self._curves is not None:
            poses.keypoints[..., 2] = self._curves(poses.keypoints[..., 2])
        return image, poses, truth, float(height)

    def expected(self, name: str, person: Pose, robot: Pose) -> tuple[np.ndarray, np.ndarray]:
        """True joints (13, 2) of somebody in the image, and the box (4,) around all of them; pixels."""
        model = self._people[name]
        outline = self._project(np.concatenate([part.vertices for part in model.parts.values()]), person, robot)
        return self._project(joints(model), person, robot), np.concatenate([outline.min(0), outline.max(0)])

    def _project(self, points: np.ndarray, person: Pose, robot: Pose) -> np.ndarray:
        c, s = math.cos(person.yaw), math.sin(person.yaw)
        x = person.x + c * points[:, 0] - s * points[:, 1] - robot.x
        y = person.y + s * points[:, 0] + c * points[:, 1] - robot.y
        c, s = math.cos(robot.yaw), math.sin(robot.yaw)
        ahead, left = c * x + s * y - 0.1, c * y - s * x
        matrix = CAMERA.matrix
        u = matrix[0, 2] - CAMERA.focal * left / ahead
        v = matrix[1, 2] - CAMERA.focal * (points[:, 2] - CAMERA.above) / ahead
        return np.column_stack([u, v])


def views(people: Sequence[PersonModel], seeds: Sequence[int]) -> list[list[PoseView]]:
    """For each scene, the views from all ANGLES."""
    looker = PoseViews(people)
    found = []
    for seed in seeds:
        scene, random = looker.scene(seed), np.random.default_rng(seed)
        found.append([looker.look(scene, angle, random) for angle in ANGLES])
    return found


def fit(seen: Sequence[Sequence[PoseView]]) -> np.ndarray:
    """Weights (options, 3), by ridge regression of what confidence was gained; each scene counts in a mirror too."""
    weights = []
    for option in range(len(AROUND)):
        rows, gains = [], []
        for first, *others in seen:
            for swapped in (False, True):
                missing = first.missing
                sides = (missing.right, missing.left) if swapped else (missing.left, missing.right)
                rows.append([*sides, 1.0])
                gains.append(others[option + swapped * len(AROUND)].confidence - first.confidence)
        a = np.array(rows)
        weights.append(np.linalg.solve(a.T @ a + 0.01 * len(rows) * np.diag([1, 1, 0]), a.T @ np.array(gains)))
    return np.array(weights)


def measure(seen: Sequence[Sequence[PoseView]]) -> dict[str, object]:
    """Joints that are right before a move, after the chosen one, after one by chance, and after the best."""
    policy, random, rows = ExpectedGain(), np.random.default_rng(1), []
    for all_ in seen:
        decision = policy(all_[0].missing, 3.0)
        chosen = 0 if decision.move is None else ANGLES.index(decision.move.pan)
        by_chance = int(random.integers(1, len(ANGLES)))
        rows.append([all_[0].right, all_[chosen].right, all_[by_chance].right, max(view.right for view in all_)])
    table = np.array(rows)
    names = ("before", "after the chosen move", "after a move by chance", "after the best move")
    gained = table[:, 1] - table[:, 0]
    figures = [figure(f"joints right, {name}", table[:, k]) for k, name in enumerate(names)]
    return {"scenes": len(rows), "figures": [*figures, figure("joints gained by the chosen move", gained)]}


def main(what: str) -> None:
    """Fit, or measure and write."""
    people = load_people()
    if what == "fit":
        print(np.round(fit(views(people[:-HELD_OUT], range(SEED + 1000, SEED + 1000 + SCENES))), 3).tolist())
        return
    result = measure(views(people[-HELD_OUT:], range(SEED, SEED + SCENES)))
    write(Path(what), result)
    print(result)


if __name__ == "__main__":
    main(sys.argv[1])
