"""Inputs and decisions of a learned policy."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from opendr_perception import zoo
from opendr_perception.active.control.motion import Move
from opendr_perception.active.identification import Goal, identify
from opendr_perception.active.perception.observation import FaceObservation, RangeOnly
from opendr_perception.active.policies.base import Persistent
from opendr_perception.active.policies.ranging import Ranging
from opendr_perception.active.policies.registry import Policies
from opendr_perception.active.policies.reinforcement import FRAME, FramePolicy, Option, ReinforcementPolicy
from opendr_perception.active.policies.situation import FEATURES
from opendr_perception.engine.session import EngineError, Session

Face = Callable[..., FaceObservation]


@pytest.fixture(scope="module")
def policy() -> ReinforcementPolicy:
    return ReinforcementPolicy(zoo.session("view-policy", threads=1))


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
def test_it_goes_to_the_front_of_a_profile(policy: ReinforcementPolicy, face: Face, side: int) -> None:
    policy.begin()
    decision = policy.decide([face(side * math.radians(60), -0.1)])
    assert decision.move is not None
    assert decision.move.pan * side > 0
    assert decision.reason


def test_it_never_moves_when_certain(policy: ReinforcementPolicy, face: Face) -> None:
    for last in (-1.0, 0.0, 1.0):
        policy.begin()
        decision = policy.decide([face(0.0, 0.4, margin=0.7), face(last, 0.2, 0.26)])
        assert decision.move is None
        assert "ann" in decision.reason


class Standstill:
    """A robot that always sees the same, wherever it goes."""

    travelled = 0.0

    def __init__(self, seen: FaceObservation | RangeOnly) -> None:
        self.seen, self.moves = seen, 0

    def look(self) -> FaceObservation | RangeOnly:
        return self.seen

    def free(self, move: Move) -> bool:
        return True

    def move(self, move: Move, within: float) -> str:
        self.moves += 1
        return ""


def test_it_stops_when_the_budget_is_out(policy: ReinforcementPolicy, face: Face) -> None:
    for seen in (face(math.radians(60), -0.1), RangeOnly(6.0, 0.0)):
        robot = Standstill(seen)
        outcome = identify(robot, policy, Goal(max_moves=2))
        assert 0 < robot.moves == outcome.moves <= 2


def test_it_searches_for_a_face_that_is_not_found(policy: ReinforcementPolicy) -> None:
    assert isinstance(policy, Persistent)
    policy.begin()
    decision = policy.search(RangeOnly(7.0, 0.0))
    assert decision.move is not None


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
    near = ReinforcementPolicy(network).search(RangeOnly(1.2, 0.0))
    assert near.move is None
    assert "too near" in near.reason
    far = ReinforcementPolicy(network).search(RangeOnly(4.0, 0.0))
    assert far.move == Move(advance=pytest.approx(1.75))


def test_the_published_policy_sees_the_image(tmp_path: Path, face: Face) -> None:
    network = constant_network(tmp_path / "x.onnx", "frame", TensorProto.UINT8, (*FRAME, 3), 4, 5)
    assert FramePolicy(network).decide([face(confidence=0.9)]).move == Move(pan=math.radians(5))


def test_other_networks_are_refused(tmp_path: Path) -> None:
    network = constant_network(tmp_path / "x.onnx", "observation", TensorProto.FLOAT, (FEATURES,), 0, 5)
    with pytest.raises(EngineError, match="probabilities"):
        ReinforcementPolicy(network)
    with pytest.raises(EngineError, match="frame"):
        FramePolicy(network)


def test_it_is_chosen_by_its_name(face: Face) -> None:
    policies = Policies(lambda crops: [], lambda name: zoo.session(name, threads=1))
    policy = policies.get("reinforcement")
    assert isinstance(policy, Ranging)
    assert policies.get("reinforcement") is policy
    policy.begin()
    assert policy.decide([face(math.radians(60), -0.1)]).move is not None


def test_as_published_it_needs_a_network_of_the_users(tmp_path: Path, face: Face) -> None:
    network = constant_network(tmp_path / "x.onnx", "frame", TensorProto.UINT8, (*FRAME, 3), 0, 5)
    with pytest.raises(ValueError, match="train_frames"):
        Policies(lambda crops: [], lambda name: network, paper_constants=True).get("reinforcement")
    own = Policies(lambda crops: [], lambda name: network, paper_constants=True, learned="x.onnx").get("reinforcement")
    assert own.decide([face()]).move is None
