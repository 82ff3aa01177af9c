"""Draw the figures of docs/active-perception.md.

    python tools/draw_active.py

One shows a portrait in the public domain as it would be seen from elsewhere; one simulated people, from whose faces
networks learn to see what covers them; one half-hidden people before and after a chosen move; one the first moves of
the learned policy around a simulated person. The last three need MuJoCo (requirements/sim.txt).
"""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from matplotlib import pyplot

from opendr_perception import zoo
from opendr_perception.active.perception import FaceMesh, FaceObservation, synthesise
from opendr_perception.active.policies import SIDES, ExpectedGain, Persistent, lacking
from opendr_perception.bench.view.policies import ViewSetUp
from opendr_perception.bench.view.poses import HELD_OUT, SEED, PoseViews
from opendr_perception.sim.people import load_people
from opendr_perception.sim.scene import ROOMS, distance, facing
from opendr_perception.sim.world import SimulatedCamera, World
from opendr_perception.tasks.drawing import draw_poses
from opendr_perception.tasks.face import FaceDetector, align
from opendr_perception.tasks.imaging import Image, to_bgr
from opendr_perception.training.view.occluders import draw_occluder

IMAGES = Path(__file__).parents[1] / "docs" / "images"
ANGLES = (-45, -30, -15, 0, 15, 30, 45)
GAP = 6
DISTANCES, PANS = (1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5), range(-90, 91, 15)
"""m and degrees from which the learned policy looks."""


def main() -> None:
    detector = FaceDetector(zoo.session("blazeface"))
    write("view-synthesis.jpg", [views_of_the_astronaut(detector)])
    write("occluders.jpg", covered_faces(detector))
    write("chosen-views.jpg", chosen_views())
    learned_moves(ViewSetUp(), IMAGES / "learned-moves.svg")


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


def chosen_views() -> list[list[np.ndarray]]:
    """The first four half-hidden people of the bench with what is seen of their joints, and after the chosen move."""
    looker, policy, columns = PoseViews(load_people()[-HELD_OUT:]), ExpectedGain(), []
    for seed in range(SEED, SEED + 4):
        scene, random = looker.scene(seed), np.random.default_rng(seed)
        image, poses, _, _ = looker.see(scene, 0.0, random)
        move = policy(lacking(poses.keypoints[0]), distance(scene.robot, scene.people[0].pose)).move
        after = looker.see(scene, move.pan, random) if move is not None else (image, poses)
        column = []
        for shown, found in ((image, poses), after[:2]):
            canvas = np.ascontiguousarray(to_bgr(shown))
            draw_poses(canvas, found)
            middle = int(np.clip(np.mean(found.people.boxes[0][[0, 2]]), 160, canvas.shape[1] - 160))
            column.append(canvas[:, middle - 160 : middle + 160, ::-1])
        columns.append(column)
    return [list(row) for row in zip(*columns, strict=True)]


def learned_moves(setup: ViewSetUp, path: Path) -> None:
    """First moves of the learned policy from everywhere, seen from above; the person looks up."""
    policy = setup.makers.get("reinforcement")
    name = setup.enrolled[0]
    matplotlib.use("svg")
    pyplot.rcParams["svg.hashsalt"] = path.stem
    figure, axes = pyplot.subplots(figsize=(9, 5))
    for away in DISTANCES:
        for degrees in PANS:
            scene = facing(name, away, math.radians(degrees), room=ROOMS["hall"])
            setup.explorer.begin(scene, 0)
            seen = setup.explorer.look()
            policy.begin()
            if isinstance(seen, FaceObservation):
                decision = policy.decide([setup.makers.examine(seen)])
            else:
                assert isinstance(policy, Persistent)
                decision = policy.search(seen)
            pan = math.radians(degrees)
            colour = "black" if isinstance(seen, FaceObservation) else "tab:red"
            start = to_above(away, pan)
            if decision.move is None:
                axes.plot(*start, "o", color=colour, markersize=4)
                continue
            end = to_above(away - decision.move.advance, pan + decision.move.pan)
            axes.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": colour})
    axes.plot(0, 0, "o", color="tab:blue", markersize=14)
    axes.set(aspect="equal", xlabel="m", ylabel="m", xlim=(-8, 8), ylim=(-0.6, 8))
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def to_above(away: float, pan: float) -> tuple[float, float]:
    """Place in a drawing in which the person stands at the origin and looks up; their left is its left."""
    return -away * math.sin(pan), away * math.cos(pan)


def write(name: str, rows: list[list[np.ndarray]]) -> None:
    """One image of rows of RGB images."""
    padded = [
        [cv2.copyMakeBorder(p, 0, GAP, 0, GAP, cv2.BORDER_CONSTANT, value=(255,) * 3) for p in row] for row in rows
    ]
    sheet = np.concatenate([np.concatenate(row, axis=1) for row in padded])
    cv2.imwrite(str(IMAGES / name), np.ascontiguousarray(sheet[:-GAP, :-GAP, ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 88])


if __name__ == "__main__":
    main()
