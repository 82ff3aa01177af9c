"""The room of the active demonstration from above: where the robot has been, and whom it has recognised."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from opendr_perception.demo.visit import Visit
from opendr_perception.sim.model import ROBOT_RADIUS
from opendr_perception.sim.scene import Pose
from opendr_perception.sim.world import World

WIDTH, HEIGHT = 640, 480
"""Pixels; the room is drawn at the top, the table below."""
TALLEST = 300
"""Pixels of the room's image."""
MARGIN = 0.4
"""m, that are seen beyond the walls."""
TRAIL = 2000
"""Places that are kept."""
LABEL = 28
"""Pixels at the lower edge, where the film writes a name."""
Colour = tuple[int, int, int]
WHITE, GREY, DARK = (255, 255, 255), (150, 150, 150), (40, 38, 36)
LOOKED_AT, RIGHT, WRONG, ROBOT = (60, 200, 255), (90, 210, 90), (90, 90, 240), (255, 190, 70)
COLUMNS = (10, 130, 320, 510, 570)
"""Of the table, pixels."""


class TopView:
    """Draws the view from above.

    Args:
        world: where the scene is set up.
        half_view: half of the camera's horizontal field of view, rad.
    """

    def __init__(self, world: World, half_view: float) -> None:
        self._scene, self._half_view = world.scene, half_view
        length, width = world.scene.room.length + 2 * MARGIN, world.scene.room.width + 2 * MARGIN
        self._scale = min(WIDTH / length, TALLEST / width)
        self._rows, metres = round(width * self._scale), WIDTH / self._scale
        self._background = np.full((HEIGHT, WIDTH, 3), DARK, np.uint8)
        self._background[: self._rows] = world.overview(WIDTH, self._rows, metres)[..., ::-1]
        self._trail: deque[Pose] = deque(maxlen=TRAIL)

    def draw(self, robot: Pose, looked_at: str, visits: Mapping[str, Visit]) -> np.ndarray:
        """The image of now.

        Args:
            robot: its pose.
            looked_at: name of the person who is being identified, or ''.
            visits: what is known of those who were visited before, by their names.

        Returns:
            (HEIGHT, WIDTH, 3) uint8 BGR.
        """
        self._trail.append(robot)
        image = self._background.copy()
        room = image[: self._rows]
        self._draw_view(room, robot)
        points = np.array([self._pixel(pose.x, pose.y) for pose in self._trail], np.int32)
        cv2.polylines(room, [points], False, ROBOT, 1, cv2.LINE_AA)
        self._draw_robot(room, robot)
        for standing in self._scene.people:
            colour = self._colour(standing.name, looked_at, visits)
            x, y = self._pixel(standing.pose.x, standing.pose.y)
            cv2.circle(room, (x, y), round(0.42 * self._scale), colour, 2, cv2.LINE_AA)
            away = math.copysign(0.75, standing.pose.y)  # of the way, so that it hides nothing
            _write(room, standing.name, (x - 32, self._pixel(0.0, standing.pose.y + away)[1] + 4), colour)
        self._write_table(image, looked_at, visits)
        return image

    def _pixel(self, x: float, y: float) -> tuple[int, int]:
        return round(WIDTH / 2 + x * self._scale), round(self._rows / 2 - y * self._scale)

    def _draw_view(self, room: np.ndarray, robot: Pose) -> None:
        """Draw the field of view as a brighter wedge."""
        edges = [
            self._pixel(robot.x + 2.5 * math.cos(robot.yaw + turn), robot.y + 2.5 * math.sin(robot.yaw + turn))
            for turn in np.linspace(-self._half_view, self._half_view, 9)
        ]
        wedge = np.zeros(room.shape[:2], np.uint8)
        cv2.fillPoly(wedge, [np.array([self._pixel(robot.x, robot.y), *edges], np.int32)], 1, cv2.LINE_AA)
        room[wedge > 0] = 255 - (255 - room[wedge > 0]) // 4 * 3

    def _draw_robot(self, room: np.ndarray, robot: Pose) -> None:
        centre, radius = self._pixel(robot.x, robot.y), round(ROBOT_RADIUS * self._scale)
        cv2.circle(room, centre, radius, ROBOT, cv2.FILLED, cv2.LINE_AA)
        front = self._pixel(robot.x + 0.3 * math.cos(robot.yaw), robot.y + 0.3 * math.sin(robot.yaw))
        cv2.line(room, centre, front, DARK, 2, cv2.LINE_AA)

    def _write_table(self, image: np.ndarray, looked_at: str, visits: Mapping[str, Visit]) -> None:
        rows: list[Sequence[tuple[str, Colour]]] = [
            [(heading, GREY) for heading in ("person", "first view", "after moving", "moves", "way")]
        ]
        rows += [_row(visit) for visit in visits.values()]
        if looked_at and looked_at not in visits:
            rows.append([(looked_at, LOOKED_AT)])
        step = (HEIGHT - self._rows - LABEL) // (len(self._scene.people) + 1)
        for row, cells in enumerate(rows, 1):
            for column, (text, colour) in zip(COLUMNS, cells, strict=False):
                _write(image, text, (column, self._rows + row * step), colour)

    @staticmethod
    def _colour(name: str, looked_at: str, visits: Mapping[str, Visit]) -> Colour:
        visit = visits.get(name)
        if visit is not None:
            return RIGHT if visit.right(visit.last) else WRONG
        return LOOKED_AT if name == looked_at else WHITE


def _row(visit: Visit) -> Sequence[tuple[str, Colour]]:
    name = visit.person if visit.enrolled else f"{visit.person} *"
    answers = [(str(answer), RIGHT if visit.right(answer) else WRONG) for answer in (visit.first, visit.last)]
    return [(name, WHITE), *answers, (str(visit.moves), WHITE), (f"{visit.way:.1f} m", WHITE)]


def _write(image: np.ndarray, text: str, place: tuple[int, int], colour: Colour) -> None:
    """A text that can be read on every background."""
    cv2.putText(image, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.42, DARK, 3, cv2.LINE_AA)
    cv2.putText(image, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.42, colour, 1, cv2.LINE_AA)
