"""The loop over tables of views: who moves where, when it ends, and which view counts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from opendr_perception.active.control.motion import Move
from opendr_perception.active.control.status import IN_THE_WAY
from opendr_perception.active.identification import Goal, Outcome, identify
from opendr_perception.active.perception.observation import FaceObservation, RangeOnly, Recognition
from opendr_perception.active.policies.base import Decision, ViewPolicy
from opendr_perception.active.policies.baselines import RandomWalk, RuleBased, Static
from opendr_perception.active.policies.synthesis import SynthesisPolicy, SynthesisSettings
from opendr_perception.tasks.imaging.image import Image

STEP = math.radians(15)
BLACK = Image(np.zeros((8, 8, 3), np.uint8), "bgr8")
PUBLISHED = SynthesisSettings(min_gain=0.0)
ANYWHERE = Goal(confidence=2.0, max_moves=10, max_pan=math.pi, max_travel=100.0, joint=False)
"""The most confident view decides: most of these tables have no distances."""


class Table:
    """Views by number of steps around the person: (identity, confidence) of the real one."""

    def __init__(self, views: Mapping[int, tuple[str, float]], walls: Sequence[int] = ()) -> None:
        self.views, self.place, self.walls = views, 0, walls
        self.moved: list[int] = []
        self.travelled = 0.0
        self.seen_walls: Sequence[int] = ()
        """Those that are known before a move."""

    def free(self, move: Move) -> bool:
        return self.place + round(move.pan / STEP) not in self.seen_walls

    def look(self) -> FaceObservation | RangeOnly | None:
        if self.place not in self.views:
            return RangeOnly(1.5, self.place * STEP)
        recognition = Recognition(*self.views[self.place])
        return FaceObservation(BLACK, np.zeros(4), np.zeros((6, 2)), recognition, 1.5, self.place * STEP)

    def move(self, move: Move, within: float) -> str:
        self.moved.append(round(move.pan / STEP))
        if self.place + self.moved[-1] in self.walls:
            return IN_THE_WAY
        self.place += self.moved[-1]
        self.travelled += move.length(1.5)
        return ""


class Scripted:
    """Decides as it was told, whatever it sees, and does not give up."""

    def __init__(self, decisions: Sequence[Decision]) -> None:
        self.decisions, self.walls = list(decisions), []  # type: ignore[var-annotated]

    def begin(self) -> None:
        """Nothing is kept."""

    def decide(self, views: Sequence[FaceObservation]) -> Decision:
        return self.decisions.pop(0)

    def search(self, glimpse: RangeOnly) -> Decision:
        return self.decisions.pop(0)

    def blocked(self, move: Move) -> None:
        self.walls.append(move)


def rendered(table: Table, confidences: Mapping[int, float]) -> Any:
    """A predictor by a table of confidences at absolute places."""
    return lambda view, pans: [confidences.get(table.place + round(pan / STEP), -math.inf) for pan in pans]


def confidences(*values: float, first: int = 0) -> dict[int, tuple[str, float]]:
    return {first + k: (f"at {first + k}", value) for k, value in enumerate(values)}


def run(table: Table, predicted: Mapping[int, float], goal: Goal = ANYWHERE) -> Outcome:
    return identify(table, SynthesisPolicy(rendered(table, predicted), PUBLISHED), goal)


def test_of_equal_views_the_first_stays() -> None:
    table = Table(confidences(0.1, 0.1, 0.1, first=-1))
    assert run(table, {-1: 0.1, 1: 0.1}).moves == 0


def test_the_better_side_is_taken_and_kept() -> None:
    table = Table(confidences(0.0, 0.1, 0.2, 0.1, first=0) | confidences(0.9, first=-1))
    outcome = run(table, {-1: 0.15, 1: 0.2, 2: 0.3, 3: 0.0})
    assert table.moved == [1, 1]  # the left side would be better, but nobody looks back
    assert outcome.identity == "at 2"


def test_equality_goes_on_and_less_stops() -> None:
    table = Table(confidences(0.0, 0.2, 0.3, 0.4))
    assert run(table, {1: 0.1, 2: 0.2, 3: 0.29}).moves == 2


def test_a_side_that_cannot_be_reached_is_not_chosen() -> None:
    table = Table(confidences(0.0, 0.2))
    run(table, {1: 0.1})  # nothing is rendered at -1
    assert table.moved == [1]


def test_each_decision_renders_no_more_than_it_needs() -> None:
    table, rendered_views = Table(confidences(0.0, 0.1, 0.2, 0.3)), []

    def predict(view: FaceObservation, pans: Sequence[float]) -> Sequence[float]:
        rendered_views.extend(pans)
        return [0.5 if pan > 0 else 0.0 for pan in pans]

    outcome = identify(table, SynthesisPolicy(predict, PUBLISHED), replace(ANYWHERE, max_moves=3))
    assert outcome.moves == 3
    assert len(outcome.views) + len(rendered_views) == 2 * 3 + 2


def test_the_most_confident_view_counts_and_not_the_last() -> None:
    table = Table({0: ("first", 0.1), 1: ("second", 0.5), 2: ("third", 0.2)})
    outcome = run(table, {1: 0.3, 2: 0.6, 3: -1.0})
    assert table.moved == [1, 1]
    assert (outcome.identity, outcome.confidence) == ("second", 0.5)


def test_confidence_ends_it_before_and_after_a_move() -> None:
    better = dict.fromkeys(range(-9, 9), 1.0)
    table = Table(confidences(0.5, 0.9))
    assert run(table, better, Goal(confidence=0.4)).moves == 0
    outcome = identify(
        table, SynthesisPolicy(rendered(table, {-1: 0.0, 1: 1.0}), PUBLISHED), Goal(0.4, look_first=False)
    )
    assert (outcome.moves, outcome.message) == (1, "recognised")


def test_moves_angle_and_way_are_limited() -> None:
    better = dict.fromkeys(range(1, 99), 1.0)
    views = confidences(*[0.0] * 20)
    assert run(Table(views), better, Goal(confidence=2.0, max_moves=3, max_travel=99)).moves == 3
    outcome = run(Table(views), better, Goal(confidence=2.0, max_moves=9, max_pan=math.radians(45), max_travel=99))
    assert (outcome.moves, outcome.message) == (3, "more than 99 m or 45 degrees around the person are not allowed")
    outcome = run(Table(views), better, Goal(confidence=2.0, max_moves=9, max_travel=2 * 1.5 * STEP))
    assert (outcome.moves, outcome.message[:15]) == (2, "more than 0.785")


def test_a_move_is_cut_to_what_is_allowed() -> None:
    far = Decision(Move(pan=-math.radians(80)), "far")
    table = Table(confidences(*[0.0] * 11, first=-5))
    outcome = identify(table, Scripted([far, far]), Goal(2.0, 9, math.radians(60), 99, joint=False))
    assert (table.moved, outcome.moves) == ([-4], 1)
    table = Table(confidences(*[0.0] * 11, first=-5))
    identify(table, Scripted([far, far]), Goal(2.0, 9, math.pi, 3 * 1.5 * STEP, joint=False))
    assert table.moved == [-3]


def test_who_does_not_give_up_searches_and_goes_around() -> None:
    around = Decision(Move(pan=STEP), "around")
    table = Table(confidences(0.6, first=3))  # whose face is found from one place alone
    policy = Scripted([around] * 3)
    outcome = identify(table, policy, Goal(0.5, 9, math.pi, 99, joint=False))
    assert (outcome.identity, outcome.moves, len(outcome.views)) == ("at 3", 3, 1)
    assert identify(Table({}), Scripted([around] * 9), Goal(0.5, 4, math.pi, 99)).message == "all 4 moves are made"

    table = Table(confidences(0.1), walls=(1,))
    policy = Scripted([around, Decision(None, "enough")])
    assert identify(table, policy, ANYWHERE).message == "enough"
    assert policy.walls == [around.move]


def test_a_blocked_way_and_a_lost_person_leave_the_best_so_far() -> None:
    outcome = run(Table(confidences(0.1, 0.2), walls=(2,)), {1: 0.3, 2: 0.9})
    assert (outcome.identity, outcome.message, outcome.moves) == ("at 1", IN_THE_WAY, 1)
    outcome = run(Table(confidences(0.1, 0.2)), {1: 0.3, 2: 0.9})
    assert (outcome.identity, outcome.message, outcome.moves) == ("at 1", "the face is not found", 2)
    away = Table({})
    away.look = lambda: None  # type: ignore[method-assign]
    assert run(away, {}).message == "the person is not in view"
    nobody = run(Table({}), {})
    assert (nobody.message, nobody.identity) == ("the face is not found", "")
    assert math.isnan(nobody.confidence)


def test_all_views_together_can_outvote_the_most_confident_one() -> None:
    near_bob = Recognition("bob", 0.1, {"ann": 0.95, "bob": 0.9})
    near_ann = Recognition("ann", 0.05, {"ann": 0.95, "bob": 1.4})
    views = tuple(
        FaceObservation(BLACK, np.array([0.0, 0.0, 60.0, 60.0]), np.zeros((6, 2)), recognition, 1.5, place * STEP)
        for place, recognition in enumerate([near_bob, near_ann, near_ann, near_ann] * 4)
    )
    joint, alone = Outcome(views, 3, ""), Outcome(views, 3, "", joint=False)
    assert (alone.identity, alone.confidence) == ("bob", 0.1)
    assert (joint.identity, joint.confidence) == ("ann", pytest.approx(0.05))
    without_distances = replace(views[0], recognition=Recognition("bob", 0.1))
    assert Outcome((without_distances,), 0, "").identity == "bob"


def test_nobody_is_looked_for_in_an_empty_gallery() -> None:
    outcome = run(Table({0: ("", math.nan)}), {1: 1.0})
    assert (outcome.moves, outcome.message, outcome.identity) == (0, "nobody is enrolled", "")


def test_a_face_beyond_the_threshold_is_unknown() -> None:
    assert run(Table({0: ("somebody", -0.1)}), {}).identity == ""


def test_a_face_that_cannot_be_rendered_is_not_moved_for() -> None:
    outcome = identify(Table(confidences(0.1)), SynthesisPolicy(lambda view, pans: None), Goal())
    assert outcome.message == "the face is not seen well enough to render it"


def test_phases_are_reported_in_order() -> None:
    table, phases = Table(confidences(0.0, 0.9)), []
    policy = SynthesisPolicy(rendered(table, {1: 0.5}))
    identify(table, policy, Goal(), lambda phase, view, moves: phases.append((phase, moves)))
    assert phases == [("looking", 0), ("deciding", 0), ("moving", 0), ("looking", 1), ("deciding", 1)]


def test_baselines_do_what_they_say() -> None:
    views = confidences(-0.3, -0.2, -0.1, 0.1, 0.3, 0.2, first=-3)
    assert identify(Table(views), Static(), ANYWHERE).moves == 0
    table = Table(confidences(*[0.0] * 41, first=-20))
    identify(table, RandomWalk(STEP, np.random.default_rng(0)), Goal(2.0, 20, math.pi, 99))
    assert set(table.moved) == {-1, 1}


@pytest.mark.parametrize(
    ("ranks", "distance", "advance"),
    [([0.1], 2.0, True), ([0.1], 1.0, False), ([0.1, 0.2], 2.0, True), ([0.2, 0.1], 2.0, False)],
)
def test_the_rule_goes_nearer_while_that_helps(ranks: Sequence[float], distance: float, advance: bool) -> None:
    views = [FaceObservation(BLACK, np.zeros(4), np.zeros((6, 2)), Recognition("x", rank), distance) for rank in ranks]
    assert (RuleBased().decide(views).move is not None) == advance


# --- a world of embeddings ------------------------------------------------------------------------------------------


class Toy:
    """Embeddings whose part that tells who it is shrinks with the angle, as those of recognisers do.

    It says nothing about faces; it shows whether the loop makes of its views what it should.
    """

    PANS = range(-6, 7)

    def __init__(self, seed: int, people: int = 15, size: int = 64) -> None:
        self.random = np.random.default_rng(seed)
        common = self.random.standard_normal((1, size))
        self.people = self._unit(self.random.standard_normal((people, size)) + 0.5 * common)
        self.poses = self._unit(self.random.standard_normal((len(self.PANS), size)))
        looks = [(who, self.real(who, place)) for who in range(people) for place in (-1, 0) for _ in range(5)]
        self.names = [str(who) for who, _ in looks]
        self.gallery = np.stack([embedding for _, (embedding, _) in looks])

    @staticmethod
    def _unit(x: np.ndarray) -> np.ndarray:
        return x / np.linalg.norm(x, axis=-1, keepdims=True)

    @staticmethod
    def clarity(place: int) -> float:
        return math.exp(-((place * 15 / 55) ** 2))

    def _mix(self, who: int, place: int, clarity: float, noise: np.ndarray) -> np.ndarray:
        pose = self.poses[place - self.PANS[0]]
        return self._unit(clarity * self.people[who] + math.sqrt(max(0.0, 1 - clarity**2)) * pose + 0.55 * noise)

    def noise(self) -> np.ndarray:
        return self.random.standard_normal(self.people.shape[1]) / math.sqrt(self.people.shape[1])

    def real(self, who: int, place: int) -> tuple[np.ndarray, np.ndarray]:
        noise = self.noise()
        return self._mix(who, place, self.clarity(place), noise), noise

    def synthetic(self, who: int, source: int, goal: int, noise: np.ndarray) -> np.ndarray:
        """A rendering knows no more of the person than its image, and has faults that grow with the angle."""
        here, there, steps = self.clarity(source), self.clarity(goal), abs(goal - source)
        clarity = (math.sqrt(here * there) if there > here else there) * (1 - 0.06 * steps)
        return self._mix(who, goal, clarity, noise + 0.35 / 0.55 * steps * self.noise())

    def recognise(self, embedding: np.ndarray, threshold: float = 1.25) -> Recognition:
        distances = np.linalg.norm(self.gallery - embedding, axis=1)
        return Recognition(self.names[int(distances.argmin())], float(1 - distances.min() / threshold))


class ToyWalk(Table):
    """One person of the toy world, from one place."""

    def __init__(self, toy: Toy, who: int, start: int, clamp: bool = False) -> None:
        super().__init__({})
        self.toy, self.who, self.start, self.clamp = toy, who, start, clamp
        self.seen: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def _clamped(self, recognition: Recognition) -> Recognition:
        return Recognition(recognition.identity, max(recognition.confidence, 0.0)) if self.clamp else recognition

    def look(self) -> FaceObservation | RangeOnly | None:
        place = self.start + self.place
        if place not in self.toy.PANS:
            return None
        self.seen.setdefault(place, self.toy.real(self.who, place))
        recognition = self._clamped(self.toy.recognise(self.seen[place][0], 1.0 if self.clamp else 1.25))
        return FaceObservation(BLACK, np.zeros(4), np.zeros((6, 2)), recognition, 1.5, self.place * STEP)

    def move(self, move: Move, within: float) -> str:
        self.place += round(move.pan / STEP)
        self.moved.append(round(move.pan / STEP))
        return ""

    def predict(self, view: FaceObservation, pans: Sequence[float]) -> Sequence[float]:
        place = self.start + self.place
        found = []
        for pan in pans:
            goal = place + round(pan / STEP)
            if goal not in self.toy.PANS:
                found.append(-math.inf)
                continue
            embedding = self.toy.synthetic(self.who, place, goal, self.seen[place][1])
            found.append(self._clamped(self.toy.recognise(embedding, 1.0 if self.clamp else 1.25)).confidence)
        return found


class Flipped:
    """A policy whose sides are exchanged."""

    def __init__(self, policy: ViewPolicy) -> None:
        self.policy = policy

    def begin(self) -> None:
        self.policy.begin()

    def decide(self, views: Sequence[FaceObservation]) -> Decision:
        decision = self.policy.decide(views)
        return decision if decision.move is None else Decision(Move(pan=-decision.move.pan), decision.reason)


def accuracy(clamp: bool = False, flip: bool = False, last: bool = False, moves: int = 4) -> tuple[float, float, float]:
    """Share of right names and of first moves towards the front, and mean moves, in percent."""
    right = towards = total = made = 0
    for seed in range(2):
        toy = Toy(seed)
        for who in range(len(toy.people)):
            for start in (-6, -5, -4, -3, -2):
                for _ in range(3):
                    walk = ToyWalk(toy, who, start, clamp)
                    policy: ViewPolicy = SynthesisPolicy(walk.predict, PUBLISHED)
                    goal = Goal(0.35, moves, math.pi, 99, look_first=False)
                    outcome = identify(walk, Flipped(policy) if flip else policy, goal)
                    named = (
                        outcome.views[-1].recognition.identity
                        if last
                        else max(outcome.views, key=lambda view: view.recognition.rank).recognition.identity
                    )
                    right += named == str(who)
                    towards += walk.moved[:1] == [1]
                    made += outcome.moves
                    total += 1
    return 100 * right / total, 100 * towards / total, made / total


def test_choosing_views_helps_in_a_world_of_embeddings() -> None:
    static, _, _ = accuracy(moves=0)
    active, towards, moves = accuracy()
    assert active - static >= 8
    assert towards > 45
    assert 0.5 < moves < 1.5
    assert accuracy(flip=True, last=True)[0] < static
    clamped_static, _, _ = accuracy(moves=0, clamp=True)
    assert accuracy(clamp=True)[0] - clamped_static < 5  # ties at zero: why confidences are not clamped


def test_a_move_that_is_cut_short_costs_only_the_way_that_was_driven() -> None:
    table = Table(confidences(*[0.0] * 9, first=-4), walls=[1])
    far = Move(pan=4 * STEP)
    table.walls = [4]
    decisions = [Decision(far, "far"), Decision(Move(pan=STEP), "on"), Decision(None, "enough")]
    outcome = identify(table, Scripted(decisions), replace(ANYWHERE, max_travel=far.length(1.5)))
    assert (table.moved, outcome.message) == ([4, 1], "enough")


def test_a_way_that_became_longer_than_allowed_is_the_last_and_is_not_driven_back() -> None:
    table = Table(confidences(*[0.0] * 9, first=-4))
    table.travelled = 5.0
    far = Move(pan=2 * STEP)

    def drive(move: Move, within: float) -> str:
        table.travelled += 3 * move.length(1.5)
        table.moved.append(round(move.pan / STEP))
        return ""

    table.move = drive  # type: ignore[method-assign]
    outcome = identify(table, Scripted([Decision(far, "on")] * 3), replace(ANYWHERE, max_travel=1.0))
    assert table.moved == [2]
    assert "not allowed" in outcome.message


def test_a_confident_view_is_enough_only_if_all_views_together_agree() -> None:
    seen = Recognition("ann", 0.5, {"ann": 1.3, "bob": 1.4})
    table = Table({0: ("ann", 0.5)})
    table.look = lambda: FaceObservation(  # type: ignore[method-assign]
        BLACK, np.array([0.0, 0.0, 60.0, 60.0]), np.zeros((6, 2)), seen, 1.5
    )
    assert identify(table, Static(), Goal(confidence=0.4)).message != "recognised"
    assert identify(table, Static(), Goal(confidence=0.4, joint=False)).message == "recognised"


def test_each_view_is_examined_before_it_counts() -> None:
    table = Table(confidences(0.1))
    outcome = identify(table, Static(), ANYWHERE, examine=lambda view: replace(view, score=0.25))
    assert [view.score for view in outcome.views] == [0.25]


def test_the_part_of_a_way_past_something_counts_against_the_angle_and_the_way_that_are_left() -> None:
    table = Table(confidences(*[0.0] * 9, first=-4))
    made: list[Move] = []

    def drive(move: Move, within: float) -> str:
        made.append(move)
        return ""

    table.move = drive  # type: ignore[method-assign]
    past = Decision(Move(pan=0.4, before=0.4), "past")
    identify(table, Scripted([past]), replace(ANYWHERE, max_moves=1, max_pan=0.6))
    assert (made[0].before, made[0].pan) == pytest.approx((0.4, 0.2))
    half = past.move.length(1.5) / 2 if past.move is not None else 0.0
    identify(table, Scripted([past]), replace(ANYWHERE, max_moves=1, max_travel=half))
    assert (made[1].before, made[1].pan) == pytest.approx((0.2, 0.2))


def test_a_move_that_is_known_not_to_be_free_is_not_begun_and_counts_for_nothing() -> None:
    table = Table(confidences(*[0.0] * 9, first=-4))
    table.seen_walls = [1]
    walls = [Decision(Move(pan=STEP), "there")] * 2
    around = Scripted([*walls, Decision(Move(pan=-STEP), "the other way"), Decision(None, "enough")])
    outcome = identify(table, around, ANYWHERE)
    assert (table.moved, outcome.moves, outcome.message) == ([-1], 1, "enough")
    assert around.walls == [Move(pan=STEP)] * 2


def test_a_policy_that_insists_is_let_try() -> None:
    table = Table(confidences(*[0.0] * 9, first=-4))
    table.seen_walls = [1]
    outcome = identify(table, Scripted([Decision(Move(pan=STEP), "there")] * 9), replace(ANYWHERE, max_moves=2))
    assert (table.moved, outcome.moves) == ([1, 1], 2)
