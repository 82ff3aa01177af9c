"""The simulated robot as the loop sees it: what it sees, what it remembers, and what it does not touch."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from opendr_perception import zoo
from opendr_perception.active.control.limiter import Limits
from opendr_perception.active.control.motion import Move
from opendr_perception.active.control.status import IN_THE_WAY
from opendr_perception.active.perception.observation import FaceObservation, RangeOnly, Recognition
from opendr_perception.active.policies import POLICIES, Policies
from opendr_perception.active.policies.occlusion import OcclusionSettings
from opendr_perception.active.policies.synthesis import SynthesisSettings
from opendr_perception.bench.view.explorer import SimulatedExplorer
from opendr_perception.bench.view.policies import ViewSetUp
from opendr_perception.sim.people import load_people
from opendr_perception.sim.rendering import SimulatorError, load_mujoco
from opendr_perception.sim.scene import Pose, Scene, Thing, facing, occlude
from opendr_perception.sim.world import SimulatedCamera, World
from opendr_perception.tasks.face.detection import FaceDetector, Faces
from opendr_perception.tasks.imaging.image import Image, Pixels


class CountingDetector(FaceDetector):
    """Counts images."""

    count = 0

    def __call__(self, images: Sequence[Image]) -> list[Faces]:
        self.count += len(images)
        return super().__call__(images)


def nobody(crops: Sequence[Pixels]) -> list[Recognition]:
    return [Recognition("", math.nan) for _ in crops]


@pytest.fixture(scope="module")
def detector() -> CountingDetector:
    return CountingDetector(zoo.session("blazeface"))


@pytest.fixture(scope="module")
def explorer(detector: CountingDetector) -> SimulatedExplorer:
    try:
        load_mujoco()
    except SimulatorError as error:
        pytest.skip(str(error))
    world = World(camera=SimulatedCamera(480, 360, above=1.55), rate=20.0, people=load_people()[:1])
    return SimulatedExplorer(world, detector, nobody, Limits())


def scene(away: float = 2.0, degrees: float = 0.0) -> Scene:
    return facing(load_people()[0].name, away, math.radians(degrees))


def test_a_face_is_a_view_and_a_hidden_one_a_glimpse(explorer: SimulatedExplorer) -> None:
    explorer.begin(scene(), 0)
    seen = explorer.look()
    assert isinstance(seen, FaceObservation)
    assert seen.distance == pytest.approx(2, rel=0.2)
    explorer.begin(occlude(scene(3.0), "left", 1.0, 0.5), 0)
    hidden = explorer.look()
    assert isinstance(hidden, RangeOnly)
    assert hidden.distance == pytest.approx(3, rel=0.2)


def test_the_same_place_of_the_same_scene_is_looked_at_once(
    explorer: SimulatedExplorer, detector: CountingDetector
) -> None:
    explorer.begin(scene(2.2), 0)
    before = detector.count
    first, again = explorer.look(), explorer.look()
    explorer.begin(scene(2.2), 1)
    third = explorer.look()
    assert detector.count == before + 1
    assert all(isinstance(view, FaceObservation) for view in (first, again, third))
    explorer.begin(scene(2.4), 0)
    explorer.look()
    assert detector.count == before + 2


def test_a_preview_leaves_the_robot_where_it_was(explorer: SimulatedExplorer) -> None:
    explorer.begin(scene(3.0), 0)
    looks = explorer.costs.looks
    seen = explorer.preview(1.0, math.radians(30))
    assert seen is not None
    assert math.degrees(seen.pan) == pytest.approx(30, abs=0.5)
    assert seen.distance == pytest.approx(2, rel=0.2)
    assert (explorer.turned, explorer.costs.looks) == (pytest.approx(0, abs=1e-9), looks)


@pytest.mark.parametrize("kind", ["board", "box", "plant"])
def test_it_stops_before_things_from_every_side(explorer: SimulatedExplorer, kind: str) -> None:
    for degrees in (0, 90):  # the thing's front, and its side
        person = scene(3.0)
        middle = Pose(1.5, 0.0, math.radians(degrees))
        explorer.begin(Scene(person.people, person.robot, (Thing(kind, middle),)), 0)
        assert explorer.move(Move(advance=1.5)) == IN_THE_WAY
        assert 0.1 < explorer.costs.travelled < 1.2
        assert not explorer.costs.contacts


def test_a_way_that_is_free_is_driven_to_its_end(explorer: SimulatedExplorer) -> None:
    explorer.begin(scene(), 0)
    assert explorer.move(Move(pan=math.radians(20))) == ""
    assert math.degrees(explorer.turned) == pytest.approx(20, abs=2)
    assert explorer.costs.travelled == pytest.approx(2 * math.radians(20), rel=0.15)
    assert np.isfinite(explorer.costs.seconds)
    assert explorer.costs.violations == 0


def test_the_policies_that_are_measured_are_those_that_users_get(models: object) -> None:
    measured = ViewSetUp.policies(Policies(lambda crops: [], zoo.session))
    users = Policies(lambda crops: [], zoo.session)
    assert set(measured) == set(POLICIES)
    for name, make in measured.items():
        ours, theirs = make(0), users.get(name)
        assert type(ours) is type(theirs)
        constants = (float, int, str, bool, OcclusionSettings, SynthesisSettings)
        for key, value in vars(theirs).items():
            assert not isinstance(value, constants) or vars(ours)[key] == value, f"{name}: {key}"
