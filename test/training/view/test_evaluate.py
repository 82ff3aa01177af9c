"""Policies are compared in the same episodes."""

from __future__ import annotations

from opendr_perception.active.policies.baselines import RuleBased, Static
from opendr_perception.training.view.evaluate import oracle, run
from opendr_perception.training.view.simulate import TableWorld


def test_who_has_seen_everything_is_right_and_who_never_moves_is_not_always(views: TableWorld) -> None:
    seeds = range(40)
    known = [oracle(views, seed) for seed in seeds]
    static = [run(lambda seed: Static(), views, seed) for seed in seeds]
    assert all(result.right for result in known if result.start.known)
    assert any(not result.right for result in static)
    assert [result.start for result in known] == [result.start for result in static]
    assert not any(result.moves or result.way for result in static)


def test_an_episode_is_the_same_each_time(views: TableWorld) -> None:
    for seed in range(5):
        first, second = (run(lambda seed: RuleBased(), views, seed) for _ in range(2))
        assert first == second
