"""Teach two expressions by five or eight people, and ask others: `python -m ...training.emotion.teaching.trials FILE`.

The Yale faces have expressions that no shipped network knows, `sleepy` and `wink`, by fifteen people [Belhumeur 1997].
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from torch import nn

from opendr_perception import zoo
from opendr_perception.arrays import open_arrays
from opendr_perception.evaluate.emotion.sets import LabelledFaces, read_fer2013
from opendr_perception.files import write_text
from opendr_perception.networks.emotion.compact import equalised
from opendr_perception.tasks import face
from opendr_perception.tasks.emotion import name_of
from opendr_perception.tasks.imaging import Image
from opendr_perception.training.common.command import run_command
from opendr_perception.training.common.lessons import AdapterName, AdapterPlan
from opendr_perception.training.emotion.teaching.faces import LabelledCrop, crops_of
from opendr_perception.training.emotion.teaching.learn import learn, read_source

NEW = ("sleepy", "wink")
KNOWN = ("normal", "happy", "sad", "surprised")
TEACHERS = (5, 8)
SEED = 41


def yale(path: Path) -> list[LabelledFaces]:
    """The expressions of Yale, all people."""
    with open_arrays(path) as data:
        rows = zip(data["images"], data["person"], data["condition"], strict=True)
        return [
            LabelledFaces(name_of(str(what)), Image(pixels, "mono8"), str(who), cut=False)
            for pixels, who, what in rows
            if what in (*NEW, *KNOWN)
        ]


def right(network: nn.Module, labels: Sequence[str], faces: Sequence[LabelledCrop]) -> float:
    """Share of faces whose likeliest expression is right."""
    planes = equalised(torch.from_numpy(np.stack([one.pixels for one in faces])).float()[:, None])
    with torch.inference_mode():
        found = network(planes).argmax(1).tolist()
    return float(np.mean([labels[place] == one.label for place, one in zip(found, faces, strict=True)]))


def main(
    output: Annotated[Path, typer.Argument(help="The .json file to write.")],
    data: Annotated[Path, typer.Option(envvar="OPENDR_DATA", help="Folder of data.")] = Path("../shared/data"),
    model: Annotated[str, typer.Option(help="To begin with.")] = "expression-research",
    draws: Annotated[int, typer.Option(help="Of the people who teach.")] = 5,
    steps: Annotated[int, typer.Option(help="Of each training.")] = 60,
    head_only: Annotated[bool, typer.Option("--head-only", help="Only with a head of its own.")] = False,
) -> None:
    """Try, and write down all outcomes."""
    torch.set_num_threads(1)
    source = read_source(zoo.require(model).path, model)
    crops = crops_of(yale(data / "yalefaces/yale.npz"), source.crop, face.build(face.Settings(identify=False)))
    fer = read_fer2013(data / "fer2013")
    kept = np.flatnonzero(fer.part == "validation")[::6]
    before = [LabelledCrop(fer.images[k], fer.labels[fer.label[k]], str(k)) for k in kept]
    known_before = right(source.network, source.labels, before)
    people = sorted({one.subject for one in crops})
    found = []
    adapters: tuple[AdapterName, ...] = ("head",) if head_only else ("head", "splora", "none")
    for adapter, teaching, draw in product(adapters, TEACHERS, range(draws)):
        teachers = np.random.default_rng((SEED, draw)).permutation(people)[:teaching].tolist()
        taught = [one for one in crops if one.subject in teachers and one.label in NEW]
        rest = [LabelledCrop(one.pixels, "", "") for one in crops if one.subject in teachers and one.label not in NEW]
        lesson = learn(source, [*taught, *rest], AdapterPlan(adapter=adapter, steps=steps, seed=draw))
        others = [one for one in crops if one.subject not in teachers]
        new, known = ([one for one in others if (one.label in NEW) is told] for told in (True, False))
        found.append(
            {
                "adapter": adapter,
                "teachers": teaching,
                "draw": draw,
                "new": right(lesson.network, lesson.labels, new),
                "known": right(lesson.network, lesson.labels, known),
                "known before": right(source.network, source.labels, known),
                "fer2013": right(lesson.network, lesson.labels, before),
                "fer2013 before": known_before,
                "learned": lesson.learned,
                "faces": len(new),
            }
        )
        write_text(output, json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    run_command(main)
