"""Layout of the simulated world. Poses are in the frame odom: x forward, y to the left; metres, radians."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

THINGS = ("board", "plant", "box", "sign")
"""Occluders that stand in the room; a sign hangs from above."""
HELD = ("hand", "scarf", "phone")
"""Occluders that are held or worn before the face, which moving does not clear."""
SCENES = ("single", "occluded", "covered", "crowd", "tour")


@dataclass(frozen=True)
class Pose:
    """Place and heading of something."""

    x: float = 0.0
    y: float = 0.0
    yaw: float = 0.0
    z: float = 0.0
    """m, of a free robot: how much higher it is than one that stands on the floor."""


@dataclass(frozen=True)
class Standing:
    """A person in the room."""

    name: str
    pose: Pose
    held: str = ""
    """One of HELD, or nothing."""
    looks: str = ""
    """A posture of `postures.LOOKS`, or '' for standing."""


@dataclass(frozen=True)
class Thing:
    """An occluder in the room."""

    kind: str
    """One of THINGS."""
    pose: Pose
    lift: float = 0.0
    """m, by which it is higher than it usually stands, or hangs."""


@dataclass(frozen=True)
class Light:
    """A lamp far away, and light from everywhere."""

    azimuth: float = 0.6
    """rad, from where the lamp shines, counter-clockwise from x."""
    elevation: float = 0.9
    """rad above the horizon."""
    strength: float = 0.6
    ambient: float = 0.45


@dataclass(frozen=True)
class Room:
    """Four walls around the origin."""

    length: float = 12.0
    """m along x."""
    width: float = 12.0
    """m along y."""
    wall: tuple[float, float, float] = (0.75, 0.74, 0.70)
    floor: tuple[float, float, float] = (0.55, 0.48, 0.40)


ROOMS = {
    "lab": Room(10.0, 8.0, (0.78, 0.80, 0.82), (0.52, 0.53, 0.55)),
    "living_room": Room(9.0, 9.0, (0.80, 0.72, 0.60), (0.46, 0.33, 0.22)),
    "hall": Room(24.0, 24.0, (0.66, 0.68, 0.64), (0.60, 0.58, 0.54)),
}


@dataclass(frozen=True)
class Scene:
    """All that a world needs to begin."""

    people: tuple[Standing, ...] = ()
    robot: Pose = Pose()
    things: tuple[Thing, ...] = ()
    room: Room = ROOMS["hall"]
    light: Light = Light()


def pan(robot: Pose, person: Pose) -> float:
    """The azimuth of the robot about the person, 0 in front, counter-clockwise seen from above, rad in (-pi, pi]."""
    return wrap(math.atan2(robot.y - person.y, robot.x - person.x) - person.yaw)


def distance(a: Pose, b: Pose) -> float:
    """Distance between two poses, m."""
    return math.hypot(a.x - b.x, a.y - b.y)


def wrap(angle: float) -> float:
    """The same angle in (-pi, pi]."""
    return math.pi - (math.pi - angle) % (2 * math.pi)


def seen_from(person: Pose, range_: float, pan_: float, aside: float = 0.0) -> Pose:
    """The pose of a robot that looks at a person from a distance (m) and azimuth (rad), turned aside by an angle."""
    direction = person.yaw + pan_
    x, y = person.x + range_ * math.cos(direction), person.y + range_ * math.sin(direction)
    return Pose(x, y, wrap(direction + math.pi + aside))


def facing(
    name: str, range_: float, pan_: float, *, held: str = "", light: Light | None = None, room: Room = ROOMS["hall"]
) -> Scene:
    """One person at the origin, looking along x, and the robot looking at the person.

    Args:
        name: Of the person.
        range_: Distance of the robot, m.
        pan_: Azimuth of the robot about the person, rad.
        held: What the person holds before the face.
        light: By default a lamp before the person.
        room: The walls around.
    """
    person = Pose()
    return Scene((Standing(name, person, held),), seen_from(person, range_, pan_), (), room, light or Light())


def occlude(
    scene: Scene,
    side: str,
    share: float,
    fraction: float,
    kind: str = "board",
    face: float = 1.55,
    camera: float = 1.5,
) -> Scene:
    """Put an occluder between the robot and the first person, so that it hides one side of the face.

    Args:
        scene: With a person.
        side: `left`, `right`, `top` or `bottom` in the image.
        share: How much of the width, or height, of the face is covered, 0 to 1.
        fraction: Where the occluder stands, from 0 (at the person) to 1 (at the robot).
        kind: One of THINGS; for the top a sign is used.
        face: Height of the middle of the face, m; only for top and bottom.
        camera: Height of the camera, m; only for top and bottom.
    """
    person, robot = scene.people[0].pose, scene.robot
    ahead = (1 - fraction) * distance(robot, person)
    towards = math.atan2(person.y - robot.y, person.x - robot.x)
    edge = (0.5 - share) * (1 - fraction)  # from the line of sight outwards, in sizes of a face
    aside = lift = 0.0
    if side in ("left", "right"):
        aside = (HALF_WIDTH[kind] + FACE_WIDTH * edge) * (1 if side == "left" else -1)
    else:
        sight = (1 - fraction) * face + fraction * camera
        kind = "sign" if side == "top" else kind
        lift = sight + FACE_HEIGHT * edge - BOTTOM if side == "top" else sight - FACE_HEIGHT * edge - TOP[kind]
    x = robot.x + ahead * math.cos(towards) - aside * math.sin(towards)
    y = robot.y + ahead * math.sin(towards) + aside * math.cos(towards)
    return replace(scene, things=(*scene.things, Thing(kind, Pose(x, y, wrap(towards + math.pi)), lift)))


FACE_WIDTH, FACE_HEIGHT = 0.16, 0.2
HALF_WIDTH = {"board": 0.35, "plant": 0.3, "box": 0.3, "sign": 0.35}
"""m; of things as seen from the front."""
HALF_DEPTH = {"board": 0.2, "plant": 0.3, "box": 0.25, "sign": 0.012}
"""m; of the same from the side, the foot of a board included."""
TOP = {"board": 1.95, "plant": 2.0, "box": 2.04, "sign": 2.4}
"""m; where things end."""
BOTTOM = 1.6
"""m; where a sign begins."""


def draw_scene(
    kind: str,
    names: Sequence[str],
    seed: int,
    people: int = 5,
    faces: Mapping[str, float] = MappingProxyType({}),
    camera: float = 1.5,
) -> Scene:
    """A scene by chance, the same for the same seed.

    Args:
        kind: `single`: one person, seen from somewhere; `occluded`: the same with an occluder; `covered`: near and
            from about the front, with an occluder from above or from below; `crowd`: several people; `tour`: several
            people along a way, far enough apart to go around each of them.
        names: Of the people to choose from.
        seed: Of all choices.
        people: How many are in a crowd or a tour.
        faces: Heights of their faces' middles, m, where they are known; only for `covered`.
        camera: Its height, m; only for `covered`.

    Raises:
        ValueError: there is no such kind, or there are not enough names.
    """
    if kind not in SCENES:
        raise ValueError(f"there is no scene '{kind}'; the scenes are {', '.join(SCENES)}")
    rng = np.random.default_rng(seed)
    count = people if kind in ("crowd", "tour") else 1
    if not 1 <= count <= len(names):
        raise ValueError(f"a scene of {count} people cannot be drawn from {len(names)}")
    chosen = [str(name) for name in rng.choice(list(names), count, replace=False)]
    light = Light(rng.uniform(-math.pi, math.pi), rng.uniform(0.5, 1.3), rng.uniform(0.4, 0.8), rng.uniform(0.35, 0.6))
    if kind == "tour":
        return _along_a_way(chosen, rng)
    room = ROOMS[str(rng.choice(list(ROOMS)))] if kind != "crowd" else ROOMS["hall"]
    if kind == "crowd":
        return Scene(_stand_apart(chosen, rng), Pose(), (), room, light)
    person = Pose(0.0, 0.0, rng.uniform(-math.pi, math.pi))
    reach = min(room.length, room.width) / 2 - 0.6
    nearest = 1.0 if kind == "single" else 2.0  # between them, there must be room for a thing
    farthest, aside = (3.2, math.radians(20)) if kind == "covered" else (8.0, math.pi / 2)
    robot = seen_from(person, rng.uniform(nearest, min(farthest, reach)), rng.uniform(-aside, aside))
    scene = Scene((Standing(chosen[0], person),), robot, (), room, light)
    if kind == "single":
        return scene
    if kind == "covered":
        side, thing = str(rng.choice(["top", "bottom"])), str(rng.choice(["board", "box"]))
        return occlude(
            scene, side, rng.uniform(0.4, 0.6), rng.uniform(0.35, 0.55), thing, faces.get(chosen[0], 1.55), camera
        )
    if rng.random() < 0.25:
        return replace(scene, people=(Standing(chosen[0], person, str(rng.choice(HELD))),))
    side, thing = str(rng.choice(["left", "right"])), str(rng.choice(["board", "plant", "box"]))
    return occlude(scene, side, rng.uniform(0.2, 0.6), rng.uniform(0.3, 0.6), thing)


def _stand_apart(names: Sequence[str], rng: np.random.Generator) -> tuple[Standing, ...]:
    """People around the robot's front, not nearer to each other and to it than a step."""
    placed: list[Standing] = []
    while len(placed) < len(names):
        pose = Pose(rng.uniform(2.0, 8.0), rng.uniform(-4.0, 4.0), rng.uniform(-math.pi, math.pi))
        if all(distance(pose, other.pose) > 1.2 for other in placed):
            placed.append(Standing(names[len(placed)], pose))
    return tuple(placed)


APART, ASIDE = 2.4, 2.6
"""m, along the way of a tour from one person to the next, and from the way to each of them."""


def stop_on_way(person: Pose) -> Pose:
    """Pose from which the robot looks at a person of a tour on its way, which is the x axis."""
    return Pose(person.x, 0.0, math.copysign(math.pi / 2, person.y))


def _along_a_way(names: Sequence[str], rng: np.random.Generator) -> Scene:
    """People on both sides of the x axis, who look askance at it; something hides every third one from their stop."""
    people: list[Standing] = []
    things: tuple[Thing, ...] = ()
    for number, name in enumerate(names):
        hidden, side = number % 3 == 2, 1 if number % 2 else -1
        askance = rng.uniform(0.1, 0.3) if hidden else rng.uniform(0.72, 0.92)
        yaw = -side * math.pi / 2 + askance * (1 if rng.random() < 0.5 else -1)
        person = Standing(name, Pose(APART * (number - (len(names) - 1) / 2), side * ASIDE, wrap(yaw)))
        if hidden:
            cover, thing = str(rng.choice(["left", "right"])), ("board", "plant")[number // 3 % 2]
            seen = Scene((person,), stop_on_way(person.pose))
            things += occlude(seen, cover, rng.uniform(0.3, 0.45), rng.uniform(0.4, 0.5), thing).things
        people.append(person)
    room = Room(APART * len(names) + 2.0, 2 * ASIDE + 3.0, (0.80, 0.72, 0.60), (0.46, 0.33, 0.22))
    light = Light(rng.uniform(-math.pi, math.pi), rng.uniform(0.9, 1.3), strength=0.5, ambient=0.6)
    return Scene(tuple(people), stop_on_way(people[0].pose), things, room, light)
