"""The robot stands still in time whatever fails, and commands zero velocity before it falls silent."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from opendr_perception.active.control.controller import REPEAT, MotionController
from opendr_perception.active.control.limiter import Limits
from opendr_perception.active.control.motion import ROBOTS, Move, Refused
from opendr_perception.active.control.status import Status, Timeouts
from opendr_perception.active.surroundings.geometry import STILL, PersonPosition

RIGHT = Move(pan=math.radians(60))


def driving(floor: Any, robot: str = "holonomic", **options: Any) -> Any:
    """A robot that has come into motion."""
    scene = floor(robot=robot, **options)
    scene.controller.move(RIGHT, scene.now)
    for _ in range(60):
        scene.step()
    assert scene.controller.status is Status.MOVING
    assert scene.said[-1][1] != STILL
    return scene


def silence(scene: Any) -> None:
    scene.seeing = False


def frozen(scene: Any) -> None:
    stamp, person = scene.now, scene.seen(scene.person)
    scene.look = lambda: scene.controller.observe(stamp, scene.now, person)


def empty(scene: Any) -> None:
    scene.look = lambda: scene.controller.observe(scene.now, scene.now, None)


def scanner_stops(scene: Any) -> None:
    scene.controller.scan(scene.now, np.zeros((0, 2)))


@pytest.mark.parametrize("robot", ROBOTS)
@pytest.mark.parametrize("fault", [silence, frozen, empty, scanner_stops])
def test_it_stands_still_within_the_timeout_and_gives_up(floor: Any, robot: str, fault: Callable[[Any], None]) -> None:
    scene = driving(floor, robot)
    fault(scene)
    began = scene.now
    while scene.said[-1][1] != STILL:
        scene.step()
    assert scene.now - began <= scene.controller.timeouts.command + 0.051
    assert scene.controller.status is Status.HELD
    while scene.controller.moving:
        assert scene.step() == STILL
    assert scene.controller.status is Status.LOST
    assert [scene.step() for _ in range(REPEAT + 2)] == [STILL] * REPEAT + [None, None]


def test_it_goes_on_when_the_person_is_seen_again(floor: Any) -> None:
    scene = driving(floor)
    scene.seeing = False
    for _ in range(12):
        scene.step()
    assert scene.controller.status is Status.HELD
    scene.seeing = True
    while scene.controller.moving:
        scene.step()
    assert scene.controller.status is Status.ARRIVED
    assert math.degrees(scene.pan) == pytest.approx(60, abs=2)


def test_a_halt_is_said_at_once_and_again_before_silence(floor: Any) -> None:
    scene = driving(floor)
    scene.controller.halt("cancelled")
    assert [scene.step() for _ in range(REPEAT + 1)] == [STILL] * REPEAT + [None]
    assert (scene.controller.status, scene.controller.reason) == (Status.HALTED, "cancelled")


def test_time_that_goes_back_halts(floor: Any) -> None:
    scene = driving(floor)
    scene.controller.observe(scene.now - 50, scene.now, PersonPosition(2.0, 0.0))
    assert scene.step() == STILL
    assert scene.controller.status is Status.HALTED


def test_nothing_is_said_without_a_move(floor: Any) -> None:
    scene = floor()
    assert [scene.step() for _ in range(5)] == [None] * 5


def test_a_move_needs_somebody_in_view(floor: Any) -> None:
    scene = floor()
    scene.now += 1.0
    with pytest.raises(Refused, match=r"not seen for 0\.25 s"):
        scene.controller.move(RIGHT, scene.now)
    scene.controller.forget()
    with pytest.raises(Refused, match="nobody is seen"):
        scene.controller.move(RIGHT, scene.now)


@pytest.mark.parametrize("robot", ROBOTS)
def test_it_never_touches_what_stands_on_its_way(floor: Any, robot: str) -> None:
    scene = floor(robot=robot, person=np.array([2.0, 0.0]))
    post = np.array([0.35, -0.9])  # on the circle, to the robot's right
    scene.controller.move(RIGHT, scene.now)
    nearest = math.inf
    while scene.controller.moving and scene.now < 200:
        relative = post - scene.position
        c, s = math.cos(scene.heading), math.sin(scene.heading)
        scene.controller.scan(
            scene.now, np.array([[c * relative[0] + s * relative[1], c * relative[1] - s * relative[0]]])
        )
        scene.step()
        nearest = min(nearest, float(np.hypot(*(post - scene.position))))
    assert nearest > scene.limits.robot_radius
    assert scene.controller.status in (Status.BLOCKED, Status.ARRIVED)


@pytest.mark.parametrize("seed", range(12))
def test_speed_acceleration_and_distances_hold_in_any_scene(floor: Any, seed: int) -> None:
    random = np.random.default_rng(seed)
    robot = ROBOTS[seed % 2]
    scene = floor(
        robot=robot,
        person=np.array([random.uniform(1.1, 4.0), 0.0]),
        others=[random.uniform(-3, 3, 2) for _ in range(random.integers(3))],
    )
    limits, near = (
        scene.limits,
        min(scene.limits.stand_off, *(scene.seen(p).distance for p in [scene.person, *scene.others])),
    )
    for _ in range(3):
        move = Move(pan=float(random.uniform(-1, 1))) if random.random() < 0.7 else Move(advance=float(random.normal()))
        try:
            scene.drive(move)
        except Refused:
            continue
    before = STILL
    for _, velocity in scene.said:
        velocity = velocity or STILL
        assert velocity.speed <= limits.max_linear + 1e-9
        assert abs(velocity.yaw) <= limits.max_angular + 1e-9
        if velocity != STILL:
            assert math.hypot(velocity.x - before.x, velocity.y - before.y) <= limits.max_acceleration * 0.1 + 1e-9
        before = velocity
    for place in [scene.person, *scene.others]:
        assert scene.seen(place).distance >= near - 0.01


def test_images_that_come_later_than_those_before_do_not_count(floor: Any) -> None:
    scene = driving(floor)
    foreign = 7200.0  # s between the clocks of camera and robot
    scene.look = lambda: scene.controller.observe(scene.now, scene.now, scene.seen(scene.person), age=foreign)
    scene.controller.forget()
    scene.now += 0.05
    scene.look()
    scene.controller.move(RIGHT, scene.now)
    for _ in range(20):
        assert scene.step() is not None
    assert scene.controller.status is Status.MOVING
    scene.look = lambda: scene.controller.observe(scene.now, scene.now, scene.seen(scene.person), age=foreign + 0.3)
    began = scene.now
    while scene.step() != STILL:
        assert scene.now - began <= scene.controller.timeouts.command + 0.051
    assert scene.controller.status is Status.HELD


@pytest.mark.parametrize("elapsed", [10.0, -10.0])
def test_a_clock_that_jumps_does_not_push_the_robot(floor: Any, elapsed: float) -> None:
    scene = driving(floor)
    before = scene.said[-1][1]
    scene.now += 0.05
    after = scene.controller.tick(scene.now, elapsed)
    assert (after.x, after.y, after.yaw) == pytest.approx((before.x, before.y, before.yaw), abs=0.02)


def test_it_tells_until_when_it_may_move(floor: Any) -> None:
    scene = driving(floor)
    scene.look()
    assert scene.controller.fresh_until == pytest.approx(scene.now + scene.controller.timeouts.command)
    scene.controller.scan(scene.now - 0.1, np.zeros((0, 2)))
    assert scene.controller.fresh_until == pytest.approx(scene.now - 0.1 + scene.controller.timeouts.command)


def test_an_interlock_forbids_to_begin_and_to_go_on(floor: Any) -> None:
    scene = driving(floor)
    scene.controller.interlocks.engage("somebody", "somebody says no")
    assert scene.step() == STILL
    assert (scene.controller.status, scene.controller.reason) == (Status.HELD, "somebody says no")
    with pytest.raises(Refused, match="somebody says no"):
        scene.controller.move(RIGHT, scene.now)
    scene.controller.interlocks.release("somebody")
    assert scene.step() != STILL


def test_a_blind_scan_stops_the_robot_at_once_and_a_good_one_lets_it_go_on(floor: Any) -> None:
    scene = driving(floor)
    scene.controller.scan_failed("all of its ranges are 0")
    assert scene.step() == STILL
    assert scene.controller.reason == "scan is blind: all of its ranges are 0"
    with pytest.raises(Refused, match="scan is blind"):
        scene.controller.move(RIGHT, scene.now)
    scene.controller.scan(scene.now, np.zeros((0, 2)))
    assert scene.step() != STILL


def test_a_repeated_scan_stops_the_robot_when_the_last_good_one_is_too_old(floor: Any) -> None:
    scene = driving(floor)
    scene.controller.scan(scene.now, np.zeros((0, 2)))
    said = []
    for _ in range(8):
        scene.controller.scan_failed("its stamp does not advance", repeated=True)
        said.append(scene.step())
    assert said[0] != STILL
    assert said[-1] == STILL
    assert scene.controller.reason == "scan is blind: its stamp does not advance"


def test_a_robot_that_requires_scans_does_not_begin_without() -> None:
    controller = MotionController("holonomic", Limits(), Timeouts(), require_scan=True)
    controller.observe(1.0, 1.0, PersonPosition(2.0, 0.0))
    with pytest.raises(Refused, match="no scan of obstacles has come, and require_scan is true"):
        controller.move(RIGHT, 1.0)
    controller.scan(1.0, np.zeros((0, 2)))
    controller.move(RIGHT, 1.0)
    controller.observe(1.3, 1.3, PersonPosition(2.0, 0.0))
    assert controller.tick(1.3) == STILL
    assert controller.reason == "no scan of obstacles came for 0.25 s"


@pytest.mark.parametrize("robot", ROBOTS)
@pytest.mark.parametrize("within", [0.0, 0.1, 0.4, 1.0])
def test_no_way_is_longer_than_allowed_wherever_the_person_turns_out_to_be(
    floor: Any, robot: str, within: float
) -> None:
    scene = floor(robot=robot)
    scene.controller.move(RIGHT, scene.now, within)
    scene.person = np.array([4.0, 0.0])  # twice as far as they seemed to be, and so is the arc around them
    for _ in range(1200):
        scene.step()
    assert not scene.controller.moving
    assert scene.said[-1][1] in (STILL, None)
    assert within - 0.1 <= scene.controller.travelled <= within + 0.02


def test_what_stands_in_the_way_towards_somebody_is_known_before_a_move(floor: Any) -> None:
    scene = floor(person=np.array([3.0, 0.0]))
    controller = scene.controller
    ahead, aside, legs = np.array([[1.2, 0.1]]), np.array([[1.2, 0.6]]), np.array([[3.0, 0.0]])
    for obstacles, free in ((ahead, False), (aside, True), (legs, True), (-ahead, True)):
        controller.scan(scene.now, obstacles)
        assert controller.free(Move(advance=1.5)) is free
        assert controller.free(Move(pan=0.5)) and controller.free(Move(advance=-0.5))
        assert controller.free(Move(advance=1.5, before=0.5)), "it goes past it"
    controller.scan(scene.now, ahead)
    assert controller.free(Move(advance=0.3)), "it is farther away than that"
