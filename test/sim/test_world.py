"""The simulated world: what is seen, how the robot moves, and that nothing is left to chance but by its seed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from opendr_perception.sim.people import load_people
from opendr_perception.sim.rendering import SimulatorError, load_mujoco
from opendr_perception.sim.robot import DEAD_MAN, Command, SimulatedCamera
from opendr_perception.sim.scene import (
    ROOMS,
    Light,
    Pose,
    Scene,
    Standing,
    Thing,
    distance,
    facing,
    occlude,
    pan,
    seen_from,
)
from opendr_perception.sim.world import World

SMALL = SimulatedCamera(160, 120)
FIRST, SECOND = load_people()[:2]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A holonomic robot among two people."""
    with open_world() as world:
        yield world


def open_world(robot: str = "holonomic") -> World:
    try:
        load_mujoco()
    except SimulatorError as error:
        pytest.skip(str(error))
    return World(robot, SMALL, people=(FIRST, SECOND))


def face_pixel(world: World, distance_: float) -> tuple[int, int]:
    """Row and column between the eyes of FIRST, who looks at the robot from straight ahead."""
    depth = distance_ - 0.1 - FIRST.eyes[0]  # the camera stands 0.1 m before the middle of the robot
    row = world.camera.matrix[1, 2] + world.camera.focal * (world.camera.above - FIRST.eyes[2]) / depth
    return round(row), round(world.camera.matrix[0, 2])


def drive(world: World, command: Command, seconds: float) -> None:
    for _ in range(round(seconds / world.period)):
        world.step(command, render=False)


# --- seeing ---------------------------------------------------------------------------------------------------------


def test_a_person_is_where_the_camera_matrix_says(world: World) -> None:
    scene = facing(FIRST.name, 1.5, 0.0)
    empty = world.reset(replace(scene, people=())).image
    image = world.reset(scene).image
    assert image is not None and empty is not None
    assert image.shape == (120, 160, 3)
    row, column = face_pixel(world, 1.5)
    different = np.abs(image.astype(int) - empty).sum(2) > 30
    assert different[row - 2 : row + 3, column - 2 : column + 3].all(), "her face"
    assert not different[:, :20].any(), "nobody at the border"
    skin = image[row + 4, column].astype(float)
    assert skin[0] > skin[2], "RGB: skin is redder than blue"


def test_depth_is_along_the_axis_of_the_camera(world: World) -> None:
    seen = world.reset(facing(FIRST.name, 2.0, 0.0))
    depth = world.depth()
    assert seen.image is not None
    assert depth.shape == seen.image.shape[:2]
    middle = depth[depth.shape[0] // 2 :, depth.shape[1] // 2 - 2 : depth.shape[1] // 2 + 2]
    assert 1.5 < middle.min() < 2.0, "the person, less the place of the camera on the robot"
    assert depth.max() > 8.0, "the walls"


def test_the_robot_goes_right_and_the_nose_goes_left(world: World) -> None:
    """The camera at a positive azimuth is on the person's left side."""
    scene = facing(FIRST.name, 1.5, math.radians(40))
    assert pan(scene.robot, scene.people[0].pose) == pytest.approx(math.radians(40))
    assert scene.robot.y > 0, "on the left of the person, who looks along x"
    world.reset(scene)
    drive(world, Command(left=-0.3), 0.5)
    assert pan(world.truth.robot, scene.people[0].pose) > math.radians(42)


def test_from_above_x_points_right_and_y_up_and_the_camera_sees_on_as_before(world: World) -> None:
    scene = Scene(robot=Pose(50, 50))
    before = world.reset(scene).image
    empty = world.overview(160, 80, metres=8.0)
    world.reset(replace(scene, people=(Standing(FIRST.name, Pose(2.0, 1.0)),)))
    rows, columns = np.nonzero(np.abs(world.overview(160, 80, metres=8.0).astype(int) - empty).sum(2) > 30)
    assert (rows.mean(), columns.mean()) == pytest.approx((40 - 20, 80 + 40), abs=2)
    assert np.array_equal(world.reset(scene).image, before)


def test_turning_away_and_light_change_the_image(world: World) -> None:
    ahead = world.reset(facing(FIRST.name, 1.5, 0.0)).image
    turned = world.reset(facing(FIRST.name, 1.5, 1.0)).image
    dark = world.reset(facing(FIRST.name, 1.5, 0.0, light=Light(strength=0.1, ambient=0.1))).image
    assert ahead is not None and turned is not None and dark is not None
    row, column = face_pixel(world, 1.5)
    face = np.s_[row - 6 : row + 10, column - 6 : column + 7]
    assert np.abs(ahead[face].astype(int) - turned[face]).mean() > 8
    assert dark[face].mean() < 0.5 * ahead[face].mean()


@pytest.mark.parametrize("side", ["left", "right"])
def test_an_occluder_covers_its_side_until_the_robot_moves_to_the_other(world: World, side: str) -> None:
    def covered(scene: Scene) -> tuple[bool, bool]:
        """True for the left and the right half of the face where they are hidden."""
        free = world.reset(replace(scene, things=())).image
        image = world.reset(scene).image
        assert image is not None and free is not None
        row, column = face_pixel(world, 2.0)
        hidden = np.abs(image.astype(int) - free).sum(2)[row - 1 : row + 2] > 30
        return bool(hidden[:, column - 3].all()), bool(hidden[:, column + 3].all())

    scene = occlude(facing(FIRST.name, 2.0, 0.0), side, share=0.5, fraction=0.5)
    assert covered(scene) == (side == "left", side == "right")
    away = math.radians(8 if side == "left" else -8)  # the occluder on the left goes when the robot goes right
    moved = replace(scene, robot=seen_from(Pose(), 2.0, away))
    assert covered(moved) == (False, False)


@pytest.mark.parametrize("side", ["top", "bottom"])
def test_the_upper_or_the_lower_half_of_a_face_can_be_hidden(world: World, side: str) -> None:
    scene = facing(FIRST.name, 1.5, 0.0)
    middle = (FIRST.eyes[2] + FIRST.mouth[2]) / 2
    free, image = world.reset(scene).image, world.reset(occlude(scene, side, 0.5, 0.5, face=middle)).image
    assert image is not None and free is not None
    hidden = np.abs(image.astype(int) - free).sum(2) > 30
    row, column = face_pixel(world, 1.5)
    mouth = row + round(world.camera.focal * (FIRST.eyes[2] - FIRST.mouth[2]) / 1.25)
    assert hidden[row, column - 4 : column + 5].mean() == (side == "top")
    assert hidden[mouth, column - 4 : column + 5].mean() == (side == "bottom")


@pytest.mark.parametrize("held", ["hand", "scarf", "phone"])
def test_what_is_held_before_the_face_stays_there(world: World, held: str) -> None:
    for angle in (0.0, 0.35):
        free = world.reset(facing(FIRST.name, 1.0, angle)).image
        image = world.reset(facing(FIRST.name, 1.0, angle, held=held)).image
        assert image is not None and free is not None
        row, column = face_pixel(world, 1.0)
        different = np.abs(image.astype(int) - free).sum(2) > 30
        assert different[row - 5 : row + 16, column - 15 : column + 16].mean() > 0.1


# --- moving ---------------------------------------------------------------------------------------------------------


def test_velocities_are_reached_and_never_exceeded(world: World) -> None:
    world.reset(Scene(robot=Pose(-5.0, 0.0, 0.5)))
    speeds = []
    for _ in range(30):
        seen = world.step(Command(forward=5.0, left=5.0, turn=9.0), render=False)
        speeds.append((math.hypot(seen.velocity.forward, seen.velocity.left), seen.velocity.turn))
    assert speeds[-1] == pytest.approx((1.0, 2.0), abs=0.05)
    assert max(speed for speed, _ in speeds) < 1.05
    growth = np.diff([0.0, *(speed for speed, _ in speeds)]) / world.period
    assert growth.max() < 1.5 * 1.1


def test_a_free_robot_rises_and_sees_from_higher_and_one_on_the_ground_does_not(world: World) -> None:
    scene = facing(FIRST.name, 1.5, 0.0)
    with open_world("free") as flying:
        flying.reset(scene, render=False)
        flying.step(render=False)
        before = flying.depth()
        for _ in range(20):
            seen = flying.step(Command(up=0.25), render=False)
        assert seen.velocity.up == pytest.approx(0.25, abs=0.02)
        drive(flying, Command(), 1.0)
        assert flying.truth.robot.z == pytest.approx(0.5, abs=0.1)
        after = flying.depth()
        shift = 0.5 / (1.5 - 0.1) * flying.camera.focal
        rows = [np.flatnonzero((depth < 1.6).any(1))[0] for depth in (before, after)]
        assert rows[1] - rows[0] > shift / 2, "the head is lower in the image"
        flying.place_robot(replace(scene.robot, z=0.2))
        assert flying.truth.robot.z == pytest.approx(0.2)
    world.reset(scene, render=False)
    drive(world, Command(up=0.3), 1.0)
    assert world.truth.robot.z == 0.0
    assert world.observe(render=False).velocity.up == 0.0


def test_only_a_holonomic_robot_drives_sideways(world: World) -> None:
    with open_world("differential") as other:
        for robot in (world, other):
            robot.reset(Scene())
            drive(robot, Command(forward=0.3, left=0.3), 2.0)
    assert world.truth.robot.y == pytest.approx(world.truth.robot.x, abs=0.02)
    assert other.truth.robot.x > 0.4
    assert other.truth.robot.y == pytest.approx(0.0, abs=1e-6)


def test_the_robot_stops_by_itself_when_commands_cease(world: World) -> None:
    world.reset(Scene())
    drive(world, Command(forward=0.5), 1.0)
    for _ in range(round((DEAD_MAN + 0.5) / world.period)):
        seen = world.step(None, render=False)
    assert abs(seen.velocity.forward) < 0.01
    before = seen.robot
    assert distance(world.step(None, render=False).robot, before) < 1e-3


def test_people_things_and_walls_stop_the_robot_and_are_named(world: World) -> None:
    scene = facing(FIRST.name, 1.0, 0.0)
    world.reset(scene)
    assert world.truth.contacts == ()
    assert world.truth.nearest == pytest.approx(1.0 - 0.22 - 0.25)
    drive(world, Command(forward=0.5), 3.0)
    assert world.truth.contacts == (FIRST.name,)
    assert world.truth.nearest == pytest.approx(0.0, abs=0.02)

    world.reset(Scene(things=(Thing("box", Pose(1.0)),)))
    drive(world, Command(forward=0.5), 3.0)
    assert world.truth.contacts == ("box_0",)
    assert world.truth.robot.x < 0.6

    world.reset(Scene(robot=Pose(4.0), room=ROOMS["lab"]))
    drive(world, Command(forward=0.5), 3.0)
    assert world.truth.contacts == ("front",)
    assert world.truth.robot.x < 5.0


# --- scenes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["single", "occluded"])
def test_the_same_seed_gives_the_same_run(world: World, kind: str) -> None:
    def run(seed: int) -> tuple[Scene, Pose, np.ndarray]:
        world.reset(kind, seed)
        drive(world, Command(0.2, 0.1, 0.3), 1.0)
        image = world.observe().image
        assert image is not None
        return world.scene, world.truth.robot, image

    first, other, again = run(3), run(4), run(3)
    assert first[:2] == again[:2]
    assert np.array_equal(first[2], again[2])
    assert first[0] != other[0]


def test_a_person_can_turn_and_walk_on(world: World) -> None:
    world.reset(facing(FIRST.name, 2.0, 0.0))
    world.place_person(FIRST.name, Pose(0.5, 0.2, 1.0))
    assert world.truth.people[0].pose == Pose(0.5, 0.2, 1.0)
    with pytest.raises(ValueError, match="not in this scene"):
        world.place_person(SECOND.name, Pose())


def test_what_is_not_possible_is_said(world: World) -> None:
    with pytest.raises(ValueError, match="the robots are holonomic, differential"):
        World("legged")
    with pytest.raises(ValueError, match="rate must be in"):
        World(rate=0)
    with pytest.raises(ValueError, match="the scenes are single"):
        world.reset("party")
    with pytest.raises(ValueError, match="each person must be one of"):
        world.reset(facing("nobody", 1.0, 0.0))
    with pytest.raises(ValueError, match="one known kind"):
        world.reset(Scene(things=(Thing("tree", Pose()),)))
    with pytest.raises(ValueError, match="must be finite"):
        world.step(Command(forward=math.nan))


def test_people_are_told_apart_by_their_meshes_and_look_ahead() -> None:
    people = load_people()
    assert len(people) >= 12
    assert len({person.name for person in people}) == len(people)
    for person in people:
        assert 1.5 < person.height < 1.9
        assert person.eyes[0] > 0.05, "in front"
        assert person.mouth[2] < person.eyes[2] < person.height
        lowest = min(part.vertices[:, 2].min() for part in person.parts.values())
        assert lowest == pytest.approx(0.0, abs=2e-3)


@pytest.mark.parametrize("kind", ["single", "occluded"])
def test_no_scene_by_chance_begins_with_a_contact(world: World, kind: str) -> None:
    for seed in range(30):
        world.reset(kind, seed, render=False)
        assert world.truth.contacts == ()
        assert world.truth.nearest > 0.4
