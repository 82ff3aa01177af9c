"""What a learned policy is told, and what it then does."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from opendr_perception import zoo
from opendr_perception.active.identification import Goal, identify
from opendr_perception.active.motion import Move
from opendr_perception.active.policies import Policies
from opendr_perception.active.policy import Recognition, View
from opendr_perception.active.reinforcement import (
    FEATURES,
    FRAME,
    MIRRORED_OPTIONS,
    OPTIONS,
    FramePolicy,
    Option,
    ReinforcementPolicy,
    mirror,
    observe,
)
from opendr_perception.engine.session import EngineError, Session
from opendr_perception.tasks.face_geometry import FACING, HEAD
from opendr_perception.tasks.image import Image

BLACK = Image(np.zeros((720, 960, 3), np.uint8), "rgb8")
THRESHOLD = 0.47


def view(yaw: float = 0.0, confidence: float = 0.0, pan: float = 0.0, distance: float = 2.0, name: str = "ann") -> View:
    """A face 56 pixels wide whose nose points to the right in the picture by an angle, rad."""
    turned = HEAD @ np.array([[math.cos(yaw), math.sin(-yaw), 0], [-math.sin(-yaw), math.cos(yaw), 0], [0, 0, 1]])
    points = (turned @ FACING.T)[:, :2] * 3 + [480, 360]
    box = np.array([452.0, 336.0, 508.0, 392.0])
    nearest = THRESHOLD * (1 - confidence)
    others = {other: nearest + 0.05 for other in ("ann", "bob", "cid") if other != name}
    return View(BLACK, box, points, Recognition(name, confidence, {name: nearest, **others}), distance, pan)


def in_mirror(original: View) -> View:
    points = original.landmarks[[1, 0, 2, 3, 5, 4]] * [-1, 1] + [960, 0]
    return replace(original, landmarks=points, pan=-original.pan)


@pytest.fixture(scope="module")
def policy() -> ReinforcementPolicy:
    return ReinforcementPolicy(Session(zoo.require("view-policy").path, threads=1))


def test_a_mirrored_world_is_told_as_one() -> None:
    views = [view(0.8, -0.2), view(0.5, 0.1, 0.3, name="bob"), view(0.2, 0.05, 0.7, 1.5)]
    mirrored = observe([in_mirror(one) for one in views])
    assert mirrored == pytest.approx(mirror(observe(views)), abs=1e-6)
    assert mirror(mirror(mirrored)) == pytest.approx(mirrored)
    assert [OPTIONS[k].pan for k in MIRRORED_OPTIONS] == [-option.pan for option in OPTIONS]


def test_the_nose_says_where_the_front_is() -> None:
    right, left = view(1.0).landmarks, view(-1.0).landmarks
    assert right[2, 0] > right[:2, 0].mean() > left[:2, 0].mean() - 20 > left[2, 0] - 20
    assert left[2, 0] < left[:2, 0].mean()


def test_names_are_followed_over_all_views() -> None:
    told = observe([view(confidence=0.3, name="bob"), view(confidence=0.1)])
    now, second, best, second_best, same = told[[12, 13, 15, 16, 17]]
    assert (now, best, same) == pytest.approx((0.1, 0.3, 0.0))
    assert second == pytest.approx(0.1 - 0.05 / THRESHOLD)
    assert second_best == pytest.approx(max(0.1, 0.3 - 0.05 / THRESHOLD))


def test_what_is_not_known_is_told_as_zero() -> None:
    unknown = replace(view(), distance=math.nan, recognition=Recognition("", math.nan))
    told = observe([unknown])
    assert told.shape == (FEATURES,)
    assert told.dtype == np.float32
    assert np.isfinite(told).all()
    assert told[12] == told[26] == 0


@pytest.mark.parametrize(
    ("option", "distance", "move"),
    [
        (Option("stay"), 2.0, None),
        (Option("aside", pan=0.5), math.nan, Move(pan=0.5)),
        (Option("nearer", nearer=0.25), 2.0, Move(advance=0.5)),
        (Option("nearer", nearer=0.25), 1.2, None),
        (Option("nearer", nearer=0.25), math.nan, None),
        (Option("back", advance=-0.1), 0.5, Move(advance=-0.1)),
        (Option("nearer", advance=0.1), 1.0, None),
    ],
)
def test_a_move_leads_nobody_too_near(option: Option, distance: float, move: Move | None) -> None:
    assert option.move(distance) == move


@pytest.mark.parametrize("side", [-1, 1])
def test_it_goes_to_the_front_of_a_profile(policy: ReinforcementPolicy, side: int) -> None:
    decision = policy.decide([view(side * math.radians(60), -0.1)])
    assert decision.move is not None
    assert decision.move.pan * side > 0
    assert decision.reason


def test_it_never_moves_when_certain(policy: ReinforcementPolicy) -> None:
    for yaw in (-1.0, 0.0, 1.0):
        assert policy.decide([view(yaw, 0.7), view(yaw, -0.3, 0.26)]).move is None


class Standstill:
    """A robot that always sees the same, wherever it goes."""

    def __init__(self) -> None:
        self.moves = 0

    def look(self) -> View:
        return view(math.radians(60), -0.1)

    def move(self, move: Move) -> str:
        self.moves += 1
        return ""


def test_it_stops_when_the_budget_is_out(policy: ReinforcementPolicy) -> None:
    robot = Standstill()
    outcome = identify(robot, policy, Goal(max_moves=2))
    assert robot.moves == outcome.moves <= 2


def constant_network(path: Path, inputs: str, dtype: int, shape: tuple[int, ...], chosen: int, count: int) -> Session:
    """A model that prefers the same whatever it sees."""
    row = np.full((1, count), 0.1, np.float32)
    row[0, chosen] = 0.9
    nodes = [
        helper.make_node("Cast", [inputs], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Flatten", ["numbers"], ["flat"]),
        helper.make_node("ReduceMean", ["flat"], ["mean"], axes=[1], keepdims=1),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "row"], ["probabilities"]),
    ]
    graph = helper.make_graph(
        nodes,
        "constant",
        [helper.make_tensor_value_info(inputs, dtype, ("N", *shape))],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ("N", count))],
        [numpy_helper.from_array(row, "row"), numpy_helper.from_array(np.zeros(1, np.float32), "zero")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, str(path))
    return Session(path, threads=1)


def test_where_it_may_not_come_nearer_it_says_so(tmp_path: Path) -> None:
    network = constant_network(tmp_path / "x.onnx", "observation", TensorProto.FLOAT, (FEATURES,), 6, 7)
    near = ReinforcementPolicy(network).decide([view(distance=1.2)])
    assert near.move is None
    assert "too near" in near.reason
    far = ReinforcementPolicy(network).decide([view(distance=4.0)])
    assert far.move == Move(advance=pytest.approx(1.75))


def test_the_published_policy_sees_the_picture(tmp_path: Path) -> None:
    network = constant_network(tmp_path / "x.onnx", "frame", TensorProto.UINT8, (*FRAME, 3), 4, 5)
    assert FramePolicy(network).decide([view(confidence=0.9)]).move == Move(pan=math.radians(5))


def test_other_networks_are_refused(tmp_path: Path) -> None:
    network = constant_network(tmp_path / "x.onnx", "observation", TensorProto.FLOAT, (FEATURES,), 0, 5)
    with pytest.raises(EngineError, match="probabilities"):
        ReinforcementPolicy(network)
    with pytest.raises(EngineError, match="frame"):
        FramePolicy(network)


def test_as_published_it_needs_a_network_of_the_users(tmp_path: Path) -> None:
    network = constant_network(tmp_path / "x.onnx", "frame", TensorProto.UINT8, (*FRAME, 3), 0, 5)
    with pytest.raises(ValueError, match="frame_policy"):
        Policies(lambda crops: [], lambda name: network, published=True).get("reinforcement")
    own = Policies(lambda crops: [], lambda name: network, published=True, learned="x.onnx").get("reinforcement")
    assert own.decide([view()]).move is None
