"""Draw docs/images/following.jpg: the robot of the simulated world follows somebody who walks; their ways from above.

    python tools/draw_following.py

Physics and images are those of the world, the detector and the place of the person those of the nodes person_detection
and people, the manoeuvre and its limits those of view_control. Needs MuJoCo (requirements/sim.txt).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from opendr_perception.active.control import Limits, Pursuit
from opendr_perception.active.control.limiter import VelocityLimiter
from opendr_perception.active.control.pursuit import Follow
from opendr_perception.active.surroundings import STILL, PersonPosition
from opendr_perception.sim.model import CAMERA_AHEAD, ROBOT_RADIUS
from opendr_perception.sim.people import load_people
from opendr_perception.sim.robot import Command, SimulatedCamera
from opendr_perception.sim.scene import Pose, Scene, Standing
from opendr_perception.sim.world import World
from opendr_perception.tasks import fusion as scene
from opendr_perception.tasks import people
from opendr_perception.tasks.drawing import draw_scene
from opendr_perception.tasks.imaging import Image, PinholeCamera

OUT = Path(__file__).parents[1] / "docs" / "images" / "following.jpg"
CAMERA = SimulatedCamera(320, 240, math.radians(75), above=1.3)
LENS = PinholeCamera(CAMERA.matrix, CAMERA.width, CAMERA.height, np.zeros(4))
MOUNT = scene.Mount(
    np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]]), np.array([CAMERA_AHEAD, 0.0, CAMERA.above]), upright=True
)
BEGIN, SPEED, TURN = Pose(-1.0, -1.2, 0.0), 0.18, 0.09
"""Of who walks: where, m/s, rad/s."""
PURSUIT = Pursuit(distance=1.2, side=0.15)
SECONDS, EVERY = 26.0, 6.5
"""Seconds in all, and between two views that are shown."""
SIDE, METRES = 480, 6.0
"""Pixels and metres of the view from above."""
ROBOT, PERSON = (255, 150, 40), (40, 40, 230)


class Follower:
    """Sees the person, and drives."""

    def __init__(self) -> None:
        self._find, self._fuse = people.build(people.Settings(threads=1)), scene.build()
        self._memories = self._find.new_memory(), self._fuse.new_memory()
        limits = Limits()
        self._limiter, self._follow = VelocityLimiter(limits), Follow(PURSUIT, limits)

    def look(self, pixels: np.ndarray, stamp: float) -> tuple[scene.SceneReport, PersonPosition | None]:
        """The people who are seen, and the place of the first of them."""
        image = Image(pixels, "rgb8")
        found = self._find(image, self._memories[0], stamp)
        size = image.width, image.height
        sight = scene.Sight("", size, found.detections, found.tracks, image, lens=LENS, mount=MOUNT, frame="base_link")
        report = self._fuse(sight, self._memories[1], stamp)
        for person in report.people:
            ahead, left, _ = person.place.position
            if person.visible and math.isfinite(ahead):
                return report, PersonPosition(math.hypot(ahead, left), math.atan2(left, ahead))
        return report, None

    def drive(self, person: PersonPosition | None, seconds: float) -> Command:
        """The velocity towards them, within the limits; standing still without them."""
        wanted = STILL if person is None else self._follow.wanted(person) or STILL
        people_seen = [] if person is None else [person]
        allowed = self._limiter.limit(wanted, people_seen, np.zeros((0, 2)), seconds)
        if person is not None:
            self._follow.moved(person, allowed, seconds)
        return Command(allowed.x, allowed.y, allowed.yaw)


def main() -> None:
    someone = load_people()[0]
    ways: tuple[list[Pose], list[Pose]] = ([], [])
    views = []
    with World(camera=CAMERA, people=[someone]) as world:
        person, follower, command = BEGIN, Follower(), Command()
        placed = Scene((Standing(someone.name, person),), robot=Pose(BEGIN.x - 2.0, BEGIN.y, 0.0))
        world.reset(placed, render=False)
        for number in range(round(SECONDS / world.period)):
            step = SPEED * world.period
            place = person.x + step * math.cos(person.yaw), person.y + step * math.sin(person.yaw)
            person = Pose(*place, person.yaw + TURN * world.period)
            world.place_person(someone.name, person)
            seen = world.step(command)
            assert seen.image is not None
            report, where = follower.look(seen.image, 1 + seen.time)
            command = follower.drive(where, world.period)
            for way, pose in zip(ways, (seen.robot, person), strict=True):
                way.append(pose)
            if (number + 1) % round(EVERY / world.period) == 0:
                canvas = seen.image[..., ::-1].copy()
                draw_scene(canvas, report)
                cv2.putText(canvas, f"{seen.time:.0f} s", (8, 22), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (60, 60, 60), 2)
                views.append(canvas)
        away = [math.dist((r.x, r.y), (p.x, p.y)) - ROBOT_RADIUS for r, p in zip(*ways, strict=True)]
        print(f"{away[-1]:.2f} m from the edge at the end, {min(away):.2f} at least; contacts: {world.truth.contacts}")
        above = world.overview(SIDE, SIDE, METRES)[..., ::-1].copy()
    draw_ways(above, ways)
    seen_views = np.concatenate([np.concatenate(views[:2], axis=1), np.concatenate(views[2:4], axis=1)])
    cv2.imwrite(str(OUT), np.concatenate([seen_views, above], axis=1), [cv2.IMWRITE_JPEG_QUALITY, 88])


def draw_ways(canvas: np.ndarray, ways: Sequence[Sequence[Pose]]) -> None:
    """Draw where robot and person have been, and the line between them at the times of the views."""
    scale = SIDE / METRES

    def pixel(pose: Pose) -> tuple[int, int]:
        return round(SIDE / 2 + pose.x * scale), round(SIDE / 2 - pose.y * scale)

    every = round(len(ways[0]) * EVERY / SECONDS)
    for robot, person in list(zip(*ways, strict=True))[every - 1 :: every]:
        cv2.line(canvas, pixel(robot), pixel(person), (150, 150, 150), 1, cv2.LINE_AA)
        cv2.circle(canvas, pixel(robot), round(ROBOT_RADIUS * scale), ROBOT, 1, cv2.LINE_AA)
        cv2.circle(canvas, pixel(person), 5, PERSON, -1, cv2.LINE_AA)
    for way, colour in zip(ways, (ROBOT, PERSON), strict=True):
        cv2.polylines(canvas, [np.array([pixel(pose) for pose in way])], False, colour, 2, cv2.LINE_AA)


if __name__ == "__main__":
    main()
