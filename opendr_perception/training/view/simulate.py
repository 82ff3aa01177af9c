"""Episodes of looking and moving in tables of views, thousands in a second, and what they are worth."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from opendr_perception.active.control import IN_THE_WAY, Move
from opendr_perception.active.identification import Goal
from opendr_perception.active.perception import FaceObservation, RangeOnly, Recognition, judge
from opendr_perception.arrays import open_arrays
from opendr_perception.tasks.face import THRESHOLD, Compared, Gallery
from opendr_perception.tasks.imaging import Image
from opendr_perception.training.view.data import HEIGHT, PAN_STEP, WIDTH, Table, read_table

GOAL = Goal(confidence=0.35, max_moves=6, max_pan=math.radians(90), max_travel=10.0)
"""As in the benchmark."""
MIN_DISTANCE = 0.9
"""m, to the person."""
CLEARANCE = 0.55
"""m, from the robot's middle to things."""
UNSEEN = Image(np.zeros((HEIGHT, WIDTH, 3), np.uint8), "rgb8")
"""Tables do not keep images."""


@dataclass(frozen=True)
class ViewNoise:
    """Of what is perceived, besides that of the table: standard deviations.

    Args:
        distance: of embeddings, in units of the threshold.
        landmarks: parts of the face's side.
        range_: part of the person's distance.
        pan: rad.
    """

    distance: float = 0.04
    landmarks: float = 0.02
    range_: float = 0.03
    pan: float = 0.03


NO_NOISE = ViewNoise(0.0, 0.0, 0.0, 0.0)


class TableWorld:
    """All scenes of some people.

    Args:
        tables: of the scenes.
        gallery: (n, 128) embeddings of faces from the front.
        people: (n,) whose they are.
    """

    def __init__(self, tables: Sequence[Table], gallery: np.ndarray, people: np.ndarray) -> None:
        if not tables:
            raise ValueError("there are no tables of views")
        self.tables = tables
        self.people = int(people.max()) + 1
        self.distances = [_distances(table, gallery, people) for table in tables]
        """For each scene (D, P, people): to every person's nearest sample."""
        self._gallery = Gallery("simulated")
        for number in range(self.people):
            samples = gallery[people == number]
            images = [f"{number}/{k}" for k in range(len(samples))]
            self._gallery = self._gallery.with_samples(name_of(number), images, samples)

    def gallery(self, enrolled: Sequence[int]) -> Gallery:
        """The gallery of some of its people, in the order of their numbers."""
        return self._gallery.without_people({name_of(k) for k in range(self.people)} - {name_of(k) for k in enrolled})

    @classmethod
    def read(cls, folder: Path) -> TableWorld:
        """Read what `training.view.data` has written, as far as it is.

        Raises:
            ValueError: there is nothing.
        """
        files = sorted(folder.glob("[0-9]*.npz"))
        if not files:
            raise ValueError(f"{folder}: no tables of views; make them with opendr_perception.training.view.data")
        with open_arrays(folder / "gallery.npz") as data:
            return cls([read_table(file) for file in files], data["embeddings"], data["people"])


def _distances(table: Table, gallery: np.ndarray, people: np.ndarray) -> np.ndarray:
    apart = np.linalg.norm(table.embeddings[:, :, None].astype(np.float32) - gallery, axis=-1)
    return np.stack([apart[:, :, people == k].min(-1) for k in range(int(people.max()) + 1)], axis=-1)


class TableExplorer:
    """A robot in a table, as the loop of identification sees it.

    Args:
        world: the scenes.
        scene: which one.
        place: (2,) indices of the distance and of the pan where it begins.
        enrolled: numbers of the people who are, increasing.
        random: of the noise.
        noise: of what is perceived.
    """

    def __init__(
        self,
        world: TableWorld,
        scene: int,
        place: tuple[int, int],
        enrolled: Sequence[int],
        random: np.random.Generator,
        noise: ViewNoise = NO_NOISE,
    ) -> None:
        self.table, self._apart = world.tables[scene], world.distances[scene]
        self.place, self._first = place, place
        self._enrolled, self._gallery = np.asarray(enrolled), world.gallery(enrolled)
        self._random, self._noise = random, noise
        self.travelled = 0.0

    @property
    def name(self) -> str:
        """Of the person, '' for a stranger."""
        name = name_of(int(self.table.person))
        return name if name in self._gallery.people else ""

    def look(self) -> FaceObservation | RangeOnly:
        """See Explorer. Where a person stands is known also where their face is not found."""
        noise, random = self._noise, self._random
        pan = (self.place[1] - self._first[1]) * PAN_STEP + float(random.normal(0, noise.pan))
        if not self.table.found[self.place]:
            return RangeOnly(float(self.table.distances[self.place[0]] * random.normal(1, noise.range_)), pan)
        box = self.table.boxes[self.place]
        side = float((box[2:] - box[:2]).max())
        landmarks = self.table.landmarks[self.place] + random.normal(0, noise.landmarks * side, (6, 2))
        measured = float(self.table.measured[self.place] * random.normal(1, noise.range_))
        return FaceObservation(UNSEEN, box, landmarks, self._recognise(self.place), measured, pan)

    def free(self, move: Move) -> bool:
        """See Explorer: in the tables it is found out by trying."""
        return True

    def move(self, move: Move, within: float = math.inf) -> str:
        """See Explorer; a move on the grid is not made in part."""
        goal = self._goal(move)
        if isinstance(goal, str):
            return goal
        before = self.table.clearance[self.place]
        if any(self.table.clearance[place] < min(CLEARANCE, before) for place in _between(self.place, goal)):
            return IN_THE_WAY
        self.travelled += move.length(float(self.table.distances[self.place[0]]))
        self.place = goal
        return ""

    def everything(self, goal: Goal) -> Iterator[FaceObservation]:
        """All views up to the largest pan and from not farther away; only who knows the table can ask that."""
        row, column = place = self.place
        for nearer in range(row, len(self.table.distances)):
            for aside in range(len(self.table.pans)):
                self.place = nearer, aside
                if abs(aside - column) * PAN_STEP <= goal.max_pan and isinstance(view := self.look(), FaceObservation):
                    yield view
        self.place = place

    def _goal(self, move: Move) -> tuple[int, int] | str:
        row, column = self.place
        column += round((move.before + move.pan) / PAN_STEP)
        if not 0 <= column < len(self.table.pans):
            return "the person would be seen from behind"
        if move.advance:
            left = float(self.table.distances[row]) - move.advance
            if left < MIN_DISTANCE:
                return "the person is too near"
            nearest = int(np.argmin(np.abs(np.log(self.table.distances / left))))
            row = max(nearest, row + 1) if move.advance > 0 else min(nearest, row)
            if row >= len(self.table.distances):
                return "the person is too near"
        return row, column

    def _recognise(self, place: tuple[int, int]) -> Recognition:
        noise = self._random.normal(0, self._noise.distance * THRESHOLD, len(self._enrolled))
        return judge(self._gallery, Compared(np.maximum(self._apart[place][self._enrolled] + noise, 0.01)))


def name_of(number: int) -> str:
    """Name of a simulated person; names are sorted as numbers are."""
    return f"person {number:03}"


def _between(start: tuple[int, int], goal: tuple[int, int]) -> list[tuple[int, int]]:
    """The places that a move passes, without the first."""
    (row, column), (last_row, last_column) = start, goal
    down, aside = (1 if last_row > row else -1), (1 if last_column > column else -1)
    rows = [(k, column) for k in range(row + down, last_row + down, down)]
    return rows + [(last_row, k) for k in range(column + aside, last_column + aside, aside)]


def draw_episode(world: TableWorld, random: np.random.Generator, noise: ViewNoise = NO_NOISE) -> TableExplorer:
    """An episode by chance: a scene, a place to begin, and who is enrolled; a quarter of the people are strangers."""
    scene = int(random.integers(len(world.tables)))
    table = world.tables[scene]
    enrolled = draw_enrolled(world, scene, random, round(0.7 * world.people), strangers=0.25)
    if table.covered:
        row, column = int(table.start[0]), int(table.start[1])
    else:
        row = int(random.integers(len(table.distances)))
        column = len(table.pans) // 2 + int(random.integers(-6, 7))
    return TableExplorer(world, scene, (row, column), enrolled, random, noise)


def draw_enrolled(
    world: TableWorld, scene: int, random: np.random.Generator, count: int, strangers: float
) -> Sequence[int]:
    """Numbers of the people who are enrolled, by chance.

    Args:
        world: with all people.
        scene: whose person is among them or not.
        random: source of chance.
        count: of the others.
        strangers: probability that the person is not enrolled.
    """
    person = int(world.tables[scene].person)
    others = random.permutation(np.delete(np.arange(world.people), person))[:count].tolist()
    return sorted(others if random.random() < strangers else [*others, person])


@dataclass(frozen=True)
class MoveCosts:
    """Costs of moving, in units of being certain who somebody is.

    Args:
        move: each.
        metre: of the way.
    """

    move: float = 0.02
    metre: float = 0.03


def paper_reward(recognition: Recognition, name: str) -> float:
    """The confidence where the name is right and near enough, else 0 [Tosidis 2022, eq. 3 and 4]."""
    right = recognition.accepted and recognition.identity == name
    return min(recognition.confidence, 1.0) if right else 0.0
