"""Compare policies in tables of views: `python -m opendr_perception.training.view.evaluate TABLES/test X.onnx`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table as Sheet

from opendr_perception.active.identification import identify
from opendr_perception.active.perception import belief
from opendr_perception.active.policies import RandomWalk, ReinforcementPolicy, RuleBased, Static, ViewPolicy
from opendr_perception.engine.session import Session
from opendr_perception.training.common.command import run_command
from opendr_perception.training.view.simulate import GOAL, TableExplorer, TableWorld, draw_episode

STEP = math.radians(15)
DISTANCES = (0.9, 2.0, 4.0, 8.1)
ANGLES = (0, 23, 53, 83, 100)
"""Limits of the groups by which starts are reported, m and degrees."""


@dataclass(frozen=True)
class Start:
    """Start of an episode.

    Args:
        known: whether the person is enrolled.
        covered: whether something was put before the face.
        distance: m.
        angle: from the front, rad.
    """

    known: bool
    covered: bool
    distance: float
    angle: float

    def within(self, near: float, far: float, low: float, high: float) -> bool:
        """True if somebody enrolled is seen uncovered from these distances, m, and angles, degrees."""
        there = near <= self.distance < far and low <= math.degrees(self.angle) < high
        return there and self.known and not self.covered

    @classmethod
    def of(cls, explorer: TableExplorer) -> Start:
        """Start at a place of the robot."""
        table, (row, column) = explorer.table, explorer.place
        angle = abs(float(table.pans[column]))
        return cls(bool(explorer.name), bool(table.covered), float(table.distances[row]), angle)


@dataclass(frozen=True)
class Result:
    """One episode: where it began, whether what is said is right, and what it took."""

    start: Start
    right: bool
    moves: int = 0
    way: float = 0.0


Make = Callable[[int], ViewPolicy]
"""The policy for the episode of each seed."""


def run(make: Make, world: TableWorld, seed: int) -> Result:
    """One episode, the same for the same seed."""
    explorer = draw_episode(world, np.random.default_rng(seed))
    start = Start.of(explorer)
    outcome = identify(explorer, make(seed), GOAL)
    return Result(start, outcome.identity == explorer.name, outcome.moves, explorer.travelled)


def oracle(world: TableWorld, seed: int) -> Result:
    """Answer of an oracle that has seen the person from everywhere, by the best view."""
    explorer = draw_episode(world, np.random.default_rng(seed))
    surest = max((belief([view])[explorer.name] for view in explorer.everything(GOAL)), default=0.0)
    return Result(Start.of(explorer), surest > 0.5)


def compare(world: TableWorld, network: Path, episodes: int) -> dict[str, list[Result]]:
    """The same episodes under the learned policy and others."""
    learned = ReinforcementPolicy(Session(network, threads=1))
    policies: dict[str, Make] = {
        "static": lambda seed: Static(),
        "random": lambda seed: RandomWalk(STEP, np.random.default_rng(seed)),
        "rule": lambda seed: RuleBased(),
        "reinforcement": lambda seed: learned,
    }
    results = {name: [run(make, world, seed) for seed in range(episodes)] for name, make in policies.items()}
    return {**results, "oracle": [oracle(world, seed) for seed in range(episodes)]}


def by_kind(results: Mapping[str, Sequence[Result]]) -> Sheet:
    """Accuracy and cost of each policy."""
    sheet = Sheet("policy", "right", "enrolled, uncovered", "enrolled, covered", "strangers", "moves", "way (m)")
    for name, every in results.items():
        groups = (
            every,
            [result for result in every if result.start.known and not result.start.covered],
            [result for result in every if result.start.known and result.start.covered],
            [result for result in every if not result.start.known],
        )
        costs = [f"{np.mean([getattr(result, cost) for result in every]):.2f}" for cost in ("moves", "way")]
        sheet.add_row(name, *map(_share, groups), *costs)
    return sheet


def by_start(results: Mapping[str, Sequence[Result]]) -> Sheet:
    """Recognition rate of enrolled people whom nothing covers, by where the robot begins [Tosidis 2022, table II]."""
    sheet = Sheet("angle", *(f"{near:g} to {far:g} m" for near, far in pairwise(DISTANCES)))
    sheet.title = " / ".join(results)
    for low, high in pairwise(ANGLES):
        row = []
        for near, far in pairwise(DISTANCES):
            here = [
                [result.right for result in every if result.start.within(near, far, low, high)]
                for every in results.values()
            ]
            shares = " / ".join(f"{100 * np.mean(right):.0f}" if right else "-" for right in here)
            row.append(f"{shares} % of {len(here[0])}")
        sheet.add_row(f"{low} to {high} degrees", *row)
    return sheet


def _share(results: Sequence[Result]) -> str:
    return f"{100 * np.mean([result.right for result in results]):.0f} % of {len(results)}" if results else "-"


def show(world: TableWorld, network: Path, episodes: int, console: Console) -> None:
    """Print what the learned policy and others come to in the same episodes."""
    results = compare(world, network, episodes)
    console.print(by_kind(results), by_start(results))


def main(
    tables: Annotated[Path, typer.Argument(help="The part of the tables with people who are for the test.")],
    network: Annotated[Path, typer.Argument(help="What opendr_perception.training.view.train has written.")],
    episodes: Annotated[int, typer.Option(help="How many.")] = 1000,
) -> None:
    """Print what the learned policy and others come to in the same episodes."""
    show(TableWorld.read(tables), network, episodes, Console(width=140))


if __name__ == "__main__":
    run_command(main)
