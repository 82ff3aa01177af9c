"""Compare policies in tables of views: `python -m opendr_perception.training.view_evaluation TABLES/test X.onnx`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table as Sheet

from opendr_perception.active.baselines import RandomWalk, RuleBased, Static
from opendr_perception.active.belief import belief
from opendr_perception.active.identification import identify
from opendr_perception.active.policy import ViewPolicy
from opendr_perception.active.reinforcement import ReinforcementPolicy
from opendr_perception.engine.session import Session
from opendr_perception.training.view_episode import GOAL, TableExplorer, TableWorld, draw_episode

STEP = math.radians(15)


@dataclass(frozen=True)
class Result:
    """One episode: whether the name is right, what kind it was, and what it took."""

    right: bool
    known: bool
    covered: bool
    moves: int
    way: float


def run(make: Callable[[TableExplorer, int], ViewPolicy], world: TableWorld, seed: int) -> Result:
    """One episode, the same for the same seed."""
    explorer = draw_episode(world, np.random.default_rng(seed))
    outcome = identify(explorer, make(explorer, seed), GOAL)
    covered = bool(explorer.table.covered)
    return Result(outcome.identity == explorer.name, bool(explorer.name), covered, outcome.moves, explorer.way)


def oracle(world: TableWorld, seed: int) -> Result:
    """What somebody would say who has seen the person from everywhere, and answers by the best view."""
    explorer = draw_episode(world, np.random.default_rng(seed))
    surest = max((belief([view])[explorer.name] for view in explorer.everything(GOAL)), default=0.0)
    return Result(surest > 0.5, bool(explorer.name), bool(explorer.table.covered), 0, 0.0)


def evaluate(world: TableWorld, network: Path, episodes: int) -> Sheet:
    """A table of what the learned policy and others come to."""
    learned = ReinforcementPolicy(Session(network, threads=1))
    policies: dict[str, Callable[[TableExplorer, int], ViewPolicy]] = {
        "static": lambda explorer, seed: Static(),
        "random": lambda explorer, seed: RandomWalk(STEP, np.random.default_rng(seed)),
        "rule": lambda explorer, seed: RuleBased(),
        "reinforcement": lambda explorer, seed: learned,
    }
    sheet = Sheet("policy", "right", "enrolled, uncovered", "enrolled, covered", "strangers", "moves", "way (m)")
    results = {name: [run(make, world, seed) for seed in range(episodes)] for name, make in policies.items()}
    results["oracle"] = [oracle(world, seed) for seed in range(episodes)]
    for name, all_of_it in results.items():
        known = [result for result in all_of_it if result.known]
        groups = (
            all_of_it,
            [result for result in known if not result.covered],
            [result for result in known if result.covered],
            [result for result in all_of_it if not result.known],
        )
        shares = [f"{100 * np.mean([result.right for result in group]):.1f} % of {len(group)}" for group in groups]
        costs = [f"{np.mean([getattr(result, cost) for result in all_of_it]):.2f}" for cost in ("moves", "way")]
        sheet.add_row(name, *shares, *costs)
    return sheet


def main(
    tables: Annotated[Path, typer.Argument(help="The part of the tables with people who are for the test.")],
    network: Annotated[Path, typer.Argument(help="What opendr_perception.training.view_policy has written.")],
    episodes: Annotated[int, typer.Option(help="How many.")] = 1000,
) -> None:
    """Print what the learned policy and others come to in the same episodes."""
    Console(width=140).print(evaluate(TableWorld.read(tables), network, episodes))


if __name__ == "__main__":
    typer.run(main)
