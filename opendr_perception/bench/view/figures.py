"""Statistics of episodes of identification: accuracy and cost of each policy, with confidence intervals."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from opendr_perception.bench.harness.figure import Figure, larger_is_better, smaller_is_better
from opendr_perception.bench.view.explorer import EpisodeCosts

CASE = "active"
LONGEST_DECISIONS = {"synthesis": 70.0, "occlusion": 40.0, "auto": 20.0, "reinforcement": 5.0}
"""Largest time of a decision of each policy, ms."""
BASELINES = ("static", "random", "rule", "embedding", "threshold", "frontal", "synthetic")
"""Policies and answers that `auto` must clearly be better than."""
SURE = 0.05
"""Probability of a difference by chance below which it is called clear."""


@dataclass(frozen=True)
class Episode:
    """One scene under one policy."""

    right: bool
    right_after_two: bool
    """Correctness if only two moves were allowed."""
    occluded: bool
    known: bool
    good_at_first: bool
    moves: int
    embeddings: int
    times: tuple[float, ...]
    """Of the decisions, s."""
    costs: EpisodeCosts


def figures(results: Mapping[str, Sequence[Episode]]) -> Iterator[Figure]:
    """Figures of the episodes of each policy; all policies had the same scenes, in the same order."""
    static = share(results["static"])
    for name, episodes in results.items():
        low, high = interval(sum(episode.right for episode in episodes), len(episodes))
        text = f"right names, {name}, {len(episodes)} scenes (95 % interval {low:.0f} to {high:.0f})"
        yield Figure(CASE, text, "%", share(episodes), static, "static", None, None, None)
        yield Figure(
            CASE, f"right names after 2 moves, {name}", "%", share(episodes, early=True), None, "", None, None, None
        )
        for kind, of_kind in kinds(episodes).items():
            yield Figure(
                CASE, f"right names, {name}, {len(of_kind)} {kind}", "%", share(of_kind), None, "", None, None, None
            )
        yield _mean(f"moves, {name}", "", [episode.moves for episode in episodes])
        yield _mean(f"way, {name}", "m", [episode.costs.travelled for episode in episodes])
        yield _mean(f"time of driving, {name}", "s", [episode.costs.seconds for episode in episodes])
        yield _mean(f"embeddings, {name}", "", [episode.embeddings for episode in episodes])
        yield _mean(f"embeddings for a decision, {name}", "", [e.embeddings / max(len(e.times), 1) for e in episodes])
    auto = results["auto"]
    yield larger_is_better(CASE, "auto minus static", "points", share(auto) - static, 15)
    yield smaller_is_better(CASE, "oracle minus auto", "points", share(results["oracle"]) - share(auto), 3)
    yield larger_is_better(CASE, "auto minus random", "points", share(auto) - share(results["random"]), 5)
    for name in [other for other in BASELINES if other in results]:
        chance = mcnemar([episode.right for episode in auto], [episode.right for episode in results[name]])
        yield smaller_is_better(CASE, f"probability that auto and {name} differ by chance (McNemar)", "", chance, SURE)
    if other := results.get("reinforcement"):
        for early in (False, True):
            text = f"McNemar of auto and reinforcement{' after 2 moves' if early else ''}, probability of chance"
            answers = [[e.right_after_two if early else e.right for e in episodes] for episodes in (auto, other)]
            yield Figure(CASE, text, "", mcnemar(*answers), None, "", None, None, None)
    good = [episode.moves for episode in auto if episode.good_at_first]
    yield smaller_is_better(CASE, f"moves of auto, {len(good)} good first views", "", float(np.mean(good or [0])), 0)
    yield from _recovered(auto)
    for name, target in LONGEST_DECISIONS.items():
        if times := [seconds for episode in results.get(name, ()) for seconds in episode.times]:
            yield smaller_is_better(CASE, f"decision, {name}, median", "ms", float(np.median(times)) * 1e3, target)
    every = [episode for episodes in results.values() for episode in episodes]
    contacts, violations = sum(bool(e.costs.contacts) for e in every), sum(e.costs.violations for e in every)
    yield smaller_is_better(CASE, f"episodes with contacts, of {len(every)}", "", contacts, 0)
    yield smaller_is_better(CASE, "commands beyond the limits, all policies", "", violations, 0)


def _recovered(episodes: Sequence[Episode]) -> Iterator[Figure]:
    """Recognition of enrolled people whose faces are covered, beside faces that nothing covers."""
    parts = kinds(episodes)
    if parts["covered"] and share(parts["uncovered"], early=True) > 0:
        recovered = 100 * share(parts["covered"], early=True) / share(parts["uncovered"], early=True)
        yield larger_is_better(CASE, "covered faces named after 2 moves, of uncovered ones", "%", recovered, 90)


def kinds(episodes: Sequence[Episode]) -> dict[str, list[Episode]]:
    """Enrolled people uncovered and covered, and strangers."""
    return {
        "uncovered": [episode for episode in episodes if episode.known and not episode.occluded],
        "covered": [episode for episode in episodes if episode.known and episode.occluded],
        "strangers": [episode for episode in episodes if not episode.known],
    }


def share(episodes: Sequence[Episode], early: bool = False) -> float:
    """Of the right names, at the end or after two moves, in percent; 0 without episodes."""
    right = [episode.right_after_two if early else episode.right for episode in episodes]
    return 100 * sum(right) / max(len(right), 1)


def interval(successes: int, count: int, z: float = 1.96) -> tuple[float, float]:
    """Of a share, in percent [Wilson 1927]."""
    part, spread = successes / count, z * z / count
    middle = (part + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(part * (1 - part) / count + spread / (4 * count))
    return 100 * (middle - half), 100 * (middle + half)


def mcnemar(one: Sequence[bool], other: Sequence[bool]) -> float:
    """The probability that two that are right in different ones of the same cases differ so much by chance; exact,
    two-sided [McNemar 1947]."""
    only_one = sum(a and not b for a, b in zip(one, other, strict=True))
    only_other = sum(b and not a for a, b in zip(one, other, strict=True))
    count, less = only_one + only_other, min(only_one, only_other)
    return min(1.0, 2 * sum(math.comb(count, k) for k in range(less + 1)) / 2**count)


def _mean(metric: str, unit: str, values: Sequence[float]) -> Figure:
    return Figure(CASE, f"mean {metric}", unit, float(np.mean(values)), None, "", None, None, None)
