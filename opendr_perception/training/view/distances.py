"""Measure how far views of faces are from their own people and from others, for `active.perception.identity`:
`python -m opendr_perception.training.view.distances TABLES`.

TABLES is what `training.view.data` has written. Episodes of one to four views of a person are drawn from them, with
galleries of one to twenty people, half of them without the person; and the constants are those with which all views
together make what is true most probable (conditional maximum likelihood, by L-BFGS).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer

from opendr_perception.active.perception import (
    ANGLES,
    FAR,
    MEASURED,
    STRANGER,
    FaceObservation,
    Likelihoods,
    apparent_yaw,
    lack_of_pixels,
    novelty,
)
from opendr_perception.training.common.command import run_command
from opendr_perception.training.view.simulate import TableExplorer, TableWorld, draw_enrolled

VIEWS = 4
"""Of an episode, at most."""
PEOPLE = 20
"""Of a gallery, at most."""
TO_THE_FRONT = 0.5
"""rad; half of the episodes look from angles that are drawn from exp(-angle / this), as views that were chosen are."""
STIFFNESS = 1e-3
"""Weight of the squared change of each constant, so that those of which episodes say nothing stay."""
CERTAIN = 0.95
ALIKE = 0.001
"""Tens of people cannot tell how often two are taken for one."""


@dataclass(frozen=True)
class RecordedEpisodes:
    """N episodes.

    Args:
        distances: (N, VIEWS, PEOPLE) to the enrolled, in units of the threshold.
        rivals: the same shape, to the nearest other one.
        angles: (N, VIEWS, 7) how near each view is to each of ANGLES, from 0 to 1.
        lack: (N, VIEWS) of pixels.
        weights: (N, VIEWS) 0 of views that are not there.
        enrolled: (N, PEOPLE) bool.
        truth: (N,) who it is, or PEOPLE for a stranger.
    """

    distances: torch.Tensor
    rivals: torch.Tensor
    angles: torch.Tensor
    lack: torch.Tensor
    weights: torch.Tensor
    enrolled: torch.Tensor
    truth: torch.Tensor


def draw(world: TableWorld, count: int, random: np.random.Generator) -> RecordedEpisodes:
    """RecordedEpisodes by chance, in all scenes alike."""
    shape = count, VIEWS
    distances = np.full((*shape, PEOPLE), FAR)
    rivals, enrolled = distances.copy(), np.zeros((count, PEOPLE), bool)
    angles, lack, weights = np.zeros((*shape, len(ANGLES))), np.zeros(shape), np.zeros(shape)
    truth = np.full(count, PEOPLE)
    for number in range(count):
        views, name = _look(world, random)
        names = list(views[0].recognition.distances)
        truth[number] = names.index(name) if name else PEOPLE
        enrolled[number, : len(names)] = True
        for place, view in enumerate(views):
            apart = np.array(list(view.recognition.distances.values()))
            nearest = [*np.sort(apart)[:2], FAR]
            distances[number, place, : len(apart)] = apart
            rivals[number, place, : len(apart)] = np.where(apart == nearest[0], nearest[1], nearest[0])
            angle = abs(apparent_yaw(view))
            angles[number, place] = [np.interp(angle, ANGLES, row) for row in np.eye(len(ANGLES))]
            lack[number, place] = lack_of_pixels(view.size, angle)
            weights[number, place] = novelty(views[place - 1], view) if place else 1.0
    return RecordedEpisodes(*map(torch.tensor, (distances, rivals, angles, lack, weights, enrolled, truth)))


def _look(world: TableWorld, random: np.random.Generator) -> tuple[Sequence[FaceObservation], str]:
    """Some views of somebody, and their name, '' of a stranger."""
    while True:
        scene = int(random.integers(len(world.tables)))
        count = int(random.integers(1, min(PEOPLE, world.people - 1)))
        explorer = TableExplorer(world, scene, (0, 0), draw_enrolled(world, scene, random, count, 0.5), random)
        found = np.argwhere(explorer.table.found)
        if len(found):
            break
    spread = TO_THE_FRONT if random.random() < 0.5 else math.inf
    weights = np.exp(-np.abs(explorer.table.pans[found[:, 1]]) / spread)
    places = random.choice(
        len(found), min(int(random.integers(1, VIEWS + 1)), len(found)), False, weights / weights.sum()
    )
    views = []
    for row, column in found[places].tolist():
        explorer.place = row, column
        views.append(explorer.look())
    return [view for view in views if isinstance(view, FaceObservation)], explorer.name


def log_belief(constants: torch.Tensor, episodes: RecordedEpisodes) -> torch.Tensor:
    """Logarithm (N, PEOPLE + 1) of the belief, as `active.perception.belief` has it; the last is UNKNOWN.

    Args:
        constants: (21,) of `to_vector`.
        episodes: N.
    """
    count = len(ANGLES)
    own = episodes.angles @ constants[:count] + constants[2 * count] * episodes.lack
    other = episodes.angles @ constants[count : 2 * count] + constants[2 * count + 1] * episodes.lack
    spread, rival, spoilt, alike, agreement = torch.sigmoid(constants[2 * count + 2 :])
    distances = episodes.distances - rival * (episodes.rivals.clamp(max=FAR) - 1)
    ratio = ((other - own) / spread**2)[..., None] * (((own + other) / 2)[..., None] - distances)
    likelihood = torch.exp(ratio.clamp(-50, 50))
    ratio = torch.log((spoilt + (1 - spoilt) * likelihood) / (1 - alike + alike * likelihood))
    evidence = (ratio * episodes.weights[..., None]).sum(1) * episodes.weights.sum(1, keepdim=True) ** (agreement - 1)
    known = evidence + math.log(1 - STRANGER) - torch.log(episodes.enrolled.sum(1, keepdim=True))
    known = torch.where(episodes.enrolled, known, -1e9)
    return torch.log_softmax(torch.cat([known, torch.full((len(known), 1), math.log(STRANGER))], 1), 1)


def to_vector(constants: Likelihoods) -> torch.Tensor:
    """The constants (21,) without bounds: those between 0 and 1 as logits."""
    means = [*constants.own, *constants.other, constants.own_of_small, constants.other_of_small]
    shares = [constants.spread, constants.rival, constants.spoilt, constants.alike, constants.agreement]
    return torch.tensor([*means, *(math.log(share / (1 - share)) for share in shares)], dtype=torch.float64)


def from_vector(vector: torch.Tensor) -> Likelihoods:
    """The inverse of `to_vector`."""
    count = len(ANGLES)
    means, shares = vector[: 2 * count + 2].tolist(), torch.sigmoid(vector[2 * count + 2 :]).tolist()
    return Likelihoods(tuple(means[:count]), tuple(means[count : 2 * count]), *means[2 * count :], *shares)


def fit(episodes: RecordedEpisodes, start: Likelihoods = MEASURED, alike: float | None = None) -> Likelihoods:
    """Constants with which what is true is most probable.

    Args:
        episodes: to learn from.
        start: where to begin, and where constants stay of which episodes say nothing.
        alike: `Likelihoods.alike`, where it shall not be learned.
    """
    first = to_vector(start if alike is None else replace(start, alike=alike))
    constants = first.clone().requires_grad_()
    optimiser = torch.optim.LBFGS([constants], max_iter=100, line_search_fn="strong_wolfe")
    free = torch.ones(len(first), dtype=torch.float64)
    free[-2] = 1.0 if alike is None else 0.0
    numbers = torch.arange(len(episodes.truth))

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        moved = first + free * (constants - first)
        value = -log_belief(moved, episodes)[numbers, episodes.truth].mean()
        value = value + STIFFNESS * ((moved - first) ** 2).sum()
        value.backward()
        return value

    optimiser.step(loss)
    return from_vector((first + free * (constants - first)).detach())


def report(measured: Likelihoods, episodes: RecordedEpisodes) -> Iterator[str]:
    """Belief at the end of episodes, a line for each number of views, and how often it is right."""
    probabilities = torch.exp(log_belief(to_vector(measured), episodes)).numpy()
    truth, counts = episodes.truth.numpy(), (episodes.weights > 0).sum(1).numpy()
    said, surely = probabilities.argmax(1), probabilities.max(1) >= CERTAIN
    named, known = said < PEOPLE, truth < PEOPLE
    for count in range(1, VIEWS + 1):
        us, them = known & (counts == count), ~known & (counts == count)
        if not (us.any() and them.any()):
            continue
        of_known = [(said == truth)[us], (named & (said != truth))[us], (surely & ~named)[us]]
        of_strangers = [named[them], (surely & named)[them]]
        shares = [f"{np.mean(which):.1%}" for which in (*of_known, *of_strangers)]
        yield (
            f"{count} views: enrolled named {shares[0]}, wrongly {shares[1]}, certainly called nobody {shares[2]}; "
            f"strangers named {shares[3]}, certainly {shares[4]}"
        )
    for low, high in pairwise((0.0, 0.5, 0.7, 0.9, CERTAIN, 0.99, 1.01)):
        these = (probabilities.max(1) >= low) & (probabilities.max(1) < high)
        if these.any():
            right = f"{np.mean((said == truth)[these]):.1%} right of {these.sum()}"
            yield f"said with {low:.2f} to {min(high, 1):.2f}: {right}"


def measure(
    tables: Annotated[Path, typer.Argument(help="What opendr_perception.training.view.data has written.")],
    count: Annotated[int, typer.Option(help="RecordedEpisodes to learn from.")] = 12_000,
    seed: Annotated[int, typer.Option(help="Of the episodes.")] = 1,
    alike: Annotated[float, typer.Option(help="Probability that somebody else is as near; not learned.")] = ALIKE,
) -> None:
    """Print the constants of `active.perception.identity`, and how right beliefs are with them."""
    torch.set_num_threads(1)
    random = np.random.default_rng(seed)
    measured = fit(draw(TableWorld.read(tables / "train"), count, random), alike=alike)
    for name, value in asdict(measured).items():
        typer.echo(f"{name}: {np.round(value, 4 if name == 'alike' else 2).tolist()}")
    for part in ("train", "test"):
        if list((tables / part).glob("[0-9]*.npz")):
            typer.echo(f"{part}:")
            for line in report(measured, draw(TableWorld.read(tables / part), count // 2, random)):
                typer.echo(line)


if __name__ == "__main__":
    run_command(measure)
