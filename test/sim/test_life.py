"""People of the simulated world walk, turn, sit and talk, and stop for whoever is before them."""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict

import numpy as np
import pytest

from opendr_perception.sim.life import SPEED, TURNING, YIELD, Life
from opendr_perception.sim.model import PERSON_RADIUS, ROBOT_RADIUS
from opendr_perception.sim.people import load_people
from opendr_perception.sim.postures import LOOKS, body_name, posed, with_postures
from opendr_perception.sim.rendering import SimulatorError, load_mujoco
from opendr_perception.sim.robot import SimulatedCamera
from opendr_perception.sim.scene import ROOMS, Pose, Scene, Standing, distance, wrap
from opendr_perception.sim.world import World

PERIOD = 0.1
PERSON = load_people()[0]
RING = [Pose(2.5 * math.cos(a), 2.5 * math.sin(a), a) for a in np.linspace(0, 2 * math.pi, 7)[:6].tolist()]


def live(seconds: float, seed: int, still: int = 0) -> tuple[dict[str, list[Pose]], Counter[str]]:
    """Poses of six people around a robot in the middle, and how often they had each posture."""
    people = [Standing(f"p{k}", pose) for k, pose in enumerate(RING)]
    life = Life(people, ROOMS["lab"], seed=seed, still=still)
    poses: dict[str, list[Pose]] = defaultdict(list)
    postures: Counter[str] = Counter()

    def note(name: str, pose: Pose, looks: str) -> None:
        poses[name].append(pose)
        postures[looks] += 1

    for _ in range(round(seconds / PERIOD)):
        life.step(PERIOD, Pose(), note)
    return poses, postures


@pytest.mark.parametrize("seed", range(3))
def test_they_stay_in_the_room_keep_their_speed_and_walk_into_nobody(seed: int) -> None:
    poses, postures = live(60, seed)
    assert set(postures) == {"", *LOOKS}, "they walk, sit and talk"
    for places in poses.values():
        steps = [distance(a, b) for a, b in itertools.pairwise(places)]
        assert max(steps) <= SPEED[1] * PERIOD + 1e-9
        turns = [abs(wrap(b.yaw - a.yaw)) for a, b in itertools.pairwise(places)]
        assert max(turns) <= TURNING * PERIOD + 1e-9
        assert all(abs(place.x) <= 5 and abs(place.y) <= 4 for place in places)
        rims = PERSON_RADIUS + ROBOT_RADIUS
        assert min(distance(place, Pose()) for place in places) > rims + YIELD - SPEED[1] * PERIOD - 1e-9
    assert sum(distance(places[0], places[-1]) > 1 for places in poses.values()) >= 3


def test_who_shall_stay_turns_only_and_the_same_seed_is_the_same_life() -> None:
    poses, _ = live(40, 5, still=2)
    for name in ("p0", "p1"):
        assert len({(place.x, place.y) for place in poses[name]}) == 1
        assert len({place.yaw for place in poses[name]}) > 5
    assert live(20, 7) == live(20, 7) != live(20, 8)


def test_postures_bend_the_mesh_and_nothing_else() -> None:
    for looks in LOOKS:
        other = posed(PERSON, looks)
        vertices = np.concatenate([part.vertices for part in other.parts.values()])
        assert vertices[:, 2].min() > -0.03, "nobody sinks into the floor"
        assert vertices[:, 2].max() <= PERSON.height + 0.03
        head, before = other.parts["head"].vertices, PERSON.parts["head"].vertices
        assert head.shape == before.shape
        if looks == "seated":
            assert np.ptp(head - before, axis=0).max() < 1e-9, "the head only comes down"
            assert other.eyes[2] == pytest.approx(PERSON.eyes[2] - 0.235 * PERSON.height)
    with pytest.raises(ValueError, match="a posture is one of"):
        posed(PERSON, "lying")


def test_a_world_shows_one_posture_at_a_time_and_touches_by_the_same_name() -> None:
    try:
        load_mujoco()
    except SimulatorError as error:
        pytest.skip(str(error))
    camera = SimulatedCamera(120, 90, above=1.3)
    with World(camera=camera, people=with_postures([PERSON]), rate=10.0) as world:
        stands = Standing(PERSON.name, Pose(1.5, 0.0, math.pi))
        world.reset(Scene((stands,)), render=False)
        images = {}
        for looks in ("", *LOOKS, ""):
            world.place_person(PERSON.name, stands.pose, looks)
            image = world.observe().image
            assert image is not None
            images.setdefault(looks, image.copy())
            assert np.abs(image.astype(int) - images[looks]).max() <= 1, "the former one is gone"
        assert np.abs(images[""].astype(int) - images["seated"]).max() > 50
        world.place_person(PERSON.name, Pose(0.3, 0.0, math.pi), "seated")
        assert world.truth.contacts == (PERSON.name,)
        world.reset(Scene((stands,)), render=False)
        world.enliven(Life(world.scene.people, world.scene.room, seed=1))
        for _ in range(200):
            world.step(render=False)
        assert distance(world.truth.people[0].pose, stands.pose) > 0.5
        with pytest.raises(ValueError, match="nobody"):
            world.place_person(PERSON.name, stands.pose, "lying")
    assert body_name("a", "") == "a"
