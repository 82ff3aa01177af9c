"""Trials of teaching, on people whom nothing was learned from: `python -m ...training.action.teaching.trials`.

Two questions, asked of UTD-MHAD [Chen 2015] with `action-open`, which was made without it:

* `third_person`: three actions that the model has no name for, five recordings of each by two people. Are those of a
  third person understood, among all labels of the new model? And what is left of the actions that it knew?
* `densities`: all 27 actions, from four people to three others, with a share of the channels: structured pruning
  adapters against fine-pruning, which trains all that is left [Hedegaard 2023, table 1].
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer

from opendr_perception.evaluate.action.recordings import UNJUDGED, UNKNOWN, ActionRecording
from opendr_perception.evaluate.action.sets import recordings_in
from opendr_perception.files import write_text
from opendr_perception.networks.action.taught import ActionNetwork
from opendr_perception.tasks.action import skeleton
from opendr_perception.training.action.teaching.learn import Lesson, TeachingPlan, learn
from opendr_perception.training.action.teaching.source import SourceModel, read_source
from opendr_perception.training.common.command import run_command
from opendr_perception.zoo import require

SET = Path("skeletons/utd_mhad.npz")
ACTIONS, EXAMPLES = 3, 5
OTHERS = 40
"""Recordings of other actions of both people, without a label, as any film of a lab has them."""
NEWEST = 1.0
"""Seconds at the end of an action that are read."""
TRAINED, TESTED = ("1", "2", "4", "7"), ("3", "6", "8")
SEED = 99
METHODS = {
    "fine-pruning": TeachingPlan(adapter="none"),
    "SPLoRA, rank 8": TeachingPlan(),
    "SPLoRA, rank 32": TeachingPlan(rank=32),
}


@dataclass(frozen=True)
class TrialOutcome:
    """Shares of recordings that are understood.

    Attributes:
        new: Of new actions of a third person, among all labels.
        known: Of actions that the source knows, of the same person, after teaching.
        before: Likewise, before.
        learned: Parameters that were learned.
    """

    new: float
    known: float
    before: float
    learned: int


def third_person(data: Path, source: SourceModel, plan: TeachingPlan, draws: Sequence[int]) -> Iterator[TrialOutcome]:
    """Teach three actions that are drawn, from two people who are drawn, and ask a third.

    Args:
        data: Folder of data.
        source: To begin with.
        plan: How to learn.
        draws: Numbers of the draws.
    """
    recordings = [*recordings_in(data / SET)]
    kinds = sorted({one.kind for one in recordings if one.action == UNKNOWN}, key=int)
    for draw in draws:
        rng = np.random.default_rng((SEED, draw))
        *teachers, third = rng.permutation(sorted({one.subject for one in recordings}))[:3].tolist()
        chosen = rng.choice(kinds, ACTIONS, replace=False).tolist()
        split = EXAMPLES // 2 + int(rng.integers(2))
        taught = [
            one
            for kind in chosen
            for who, count in zip(teachers, (split, EXAMPLES - split), strict=True)
            for one in [one for one in recordings if (one.kind, one.subject) == (kind, who)][:count]
        ]
        rest = [one for one in recordings if one.subject in teachers and one.kind not in chosen]
        pieces = [_unlabelled(rest[k]) for k in rng.permutation(len(rest))[:OTHERS]]
        lesson = learn(source, [*map(_named, taught), *pieces], plan)
        asked = [one for one in recordings if one.subject == third]
        new = [_named(one) for one in asked if one.kind in chosen]
        known = [one for one in asked if one.action != UNKNOWN]
        yield TrialOutcome(
            _right(lesson.network, lesson.labels, new),
            _right(lesson.network, lesson.labels, known),
            _right(source.network, source.labels, known),
            lesson.learned,
        )


def densities(
    data: Path, source: SourceModel, plan: TeachingPlan, keeps: Sequence[float]
) -> Iterator[tuple[float, Lesson]]:
    """Learn all actions of four people with shares of the channels: the share that is right of three others'."""
    recordings = [_named(one) for one in recordings_in(data / SET)]
    taught = [one for one in recordings if one.subject in TRAINED]
    asked = [one for one in recordings if one.subject in TESTED]
    for keep in keeps:
        lesson = learn(source, taught, replace(plan, keep=keep))
        yield _right(lesson.network, lesson.labels, asked, among=lesson.taught), lesson


def _named(one: ActionRecording) -> ActionRecording:
    """With the action as the set numbers it."""
    name = f"utd {one.kind}"
    return replace(one, action=name, accepted=(name,))


def _unlabelled(one: ActionRecording) -> ActionRecording:
    return replace(one, action=UNJUDGED, accepted=(UNJUDGED,), begin=0, end=len(one))


def _right(
    network: ActionNetwork, labels: Sequence[str], recordings: Sequence[ActionRecording], among: Sequence[str] = ()
) -> float:
    """Share of recordings whose likeliest action in their newest second is right."""
    places = [labels.index(name) for name in among] or [*range(len(labels))]
    hits = []
    for one in recordings:
        scores = _read(network, one)
        hits.append(labels[max(places, key=scores.__getitem__)] in one.accepted)
    return float(np.mean(hits))


def _read(network: ActionNetwork, one: ActionRecording) -> list[float]:
    frames = skeleton.observe_all(one.keypoints, np.arange(len(one)) / one.rate)
    with torch.no_grad():
        scores = network(torch.from_numpy(frames).permute(1, 0, 2)[None, ..., None])[0].softmax(0)
    begin, end = (round(place / one.rate * skeleton.RATE) for place in (one.begin, one.end))
    newest = scores[:, max(begin, end - round(NEWEST * skeleton.RATE)) : max(end, begin + 1)]
    return [float(score) for score in newest.mean(1)]


def main(
    output: Annotated[Path, typer.Argument(help="The .json file to write.")],
    data: Annotated[Path, typer.Option(envvar="OPENDR_DATA", help="Folder of data.")] = Path("../shared/data"),
    model: Annotated[str, typer.Option(help="To begin with.")] = "action-open",
    draws: Annotated[int, typer.Option(help="Of three actions and three people.")] = 10,
    steps: Annotated[int, typer.Option(help="Of each training.")] = 300,
    seeds: Annotated[int, typer.Option(help="Of the densities.")] = 3,
) -> None:
    """Try, and write down all outcomes."""
    torch.set_num_threads(1)
    source = read_source(require(model).path, model)
    found: dict[str, list[dict[str, float | str]]] = {"third person": [], "densities": []}
    for keep in (1.0, 0.3):
        for outcome in third_person(data, source, TeachingPlan(steps=steps, keep=keep), range(draws)):
            found["third person"].append({"keep": keep, **asdict(outcome)})
            write_text(output, json.dumps(found, indent=1) + "\n")
    for seed in range(seeds):
        for name, plan in (
            ("fine-pruning", TeachingPlan(adapter="none")),
            ("splora 8", TeachingPlan()),
            ("splora 32", TeachingPlan(rank=32)),
        ):
            keeps = (1.0, 0.3, 0.1)
            runs = densities(data, source, replace(plan, steps=steps, seed=seed), keeps)
            for keep, (right, lesson) in zip(keeps, runs, strict=True):
                found["densities"].append(
                    {"method": name, "seed": seed, "keep": keep, "right": right, "learned": lesson.learned}
                )
                write_text(output, json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    run_command(main)
