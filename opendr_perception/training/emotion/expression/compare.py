"""Compare ensembles with attention, with and without the reward for diversity: does it help on real faces?

`python -m opendr_perception.training.emotion.expression.compare DATA/fer2013 --json diversity.json`

The claim of [Heidari 2022], by seeds: `esrN-cbam` whose branches are rewarded for attending to different things, or
not. Both are one training until there is a second branch, so the first stage of a seed is computed once, and kept
beside the figures; each is what `train` makes of the same settings. With `--together` all seeds share that stage, which
is the longest, and differ in what comes after it. What is measured is the evaluation part: nothing is chosen by it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from rich.console import Console
from torch import Tensor

from opendr_perception.evaluate.measures import over_seeds
from opendr_perception.files import write_text
from opendr_perception.networks.emotion.esr import Esr
from opendr_perception.training.common.command import Threads, run_command
from opendr_perception.training.emotion.expression.data import FaceSet, read_faces
from opendr_perception.training.emotion.expression.recipes import attention_diversity
from opendr_perception.training.emotion.expression.train import Settings, Trainer

KEPT = 500
"""Steps between two checkpoints of a first stage."""

Scores = dict[str, float]
State = dict[str, Tensor]


def first_stage(settings: Settings, faces: FaceSet, checkpoint: Path) -> State:
    """Train the first branch, or go on with that where the checkpoint ends.

    Args:
        settings: Of the whole training.
        faces: What to learn from.
        checkpoint: File of its checkpoints.

    Raises:
        ValueError: The checkpoint belongs to another training.
    """
    trainer = Trainer(settings, faces, checkpoint)
    end = trainer.ends[0]
    if checkpoint.exists():
        trainer.resume()
    if trainer.step < end:
        for at in trainer.run():
            if at.step % KEPT == 0 or at.step == end:
                trainer.save()
            if at.step == end:
                break
    return trainer.recipe.network.state_dict()


def learn(settings: Settings, faces: FaceSet, weights: Sequence[float], first: State) -> list[Scores]:
    """Train one network with each weight of the diversity, and measure it.

    Args:
        settings: Of all, but for the weight.
        faces: What to learn from, and to measure with.
        weights: Of the diversity.
        first: What the first stage has come to.
    """
    found = []
    for weight in weights:
        trainer = Trainer(replace(settings, diversity=weight), faces, Path("unused.pt"))
        trainer.recipe.network.load_state_dict(first)
        trainer.step = trainer.ends[0]
        for _ in trainer.run():
            pass
        found.append({**trainer.evaluate(), **_attention(trainer)})
    return found


@torch.no_grad()
def _attention(trainer: Trainer) -> Scores:
    """Diversity of attention on the evaluation part, mean of its batches; 1 where all branches differ."""
    network, batch = trainer.recipe.network.eval(), trainer.settings.batch
    if not isinstance(network, Esr):
        return {}
    count = len(trainer.faces.evaluation) // batch
    batches = np.array_split(np.arange(count * batch), count)
    gates = [network(faces.images)[2:] for faces in trainer.loaders[1].batches(batches, None)]
    if gates[0][0] is None:
        return {}
    return {
        f"diversity_of_{kind}": round(float(np.mean([float(attention_diversity(each[place])) for each in gates])), 4)
        for place, kind in enumerate(("channels", "places"))
    }


def summary(scores: Mapping[str, Sequence[Scores]]) -> dict[str, object]:
    """Mean and standard deviation over seeds of either network, and what the reward changes, seed by seed.

    A change is beyond the noise where 0 is outside its 95 % interval of Student's t.

    Args:
        scores: Without the reward and with it, in the same order of seeds.
    """
    rows = {
        name: {figure: _spread([one[figure] for one in found]) for figure in found[0]} for name, found in scores.items()
    }
    without, rewarded = scores.values()
    change = {}
    for figure in rewarded[0]:
        mean, reach = over_seeds([one[figure] - other[figure] for one, other in zip(rewarded, without, strict=True)])
        change[figure] = {"mean": round(mean, 4), "noise": round(reach, 4), "beyond noise": abs(mean) > reach}
    return {"rows": rows, "change by the reward": change}


def _spread(values: Sequence[float]) -> tuple[float, float]:
    return round(float(np.mean(values)), 4), round(float(np.std(values, ddof=1)), 4)


def main(
    data: Annotated[Path, typer.Argument(help="fer2013.csv, or the folder of FER2013 packed.")],
    branches: Annotated[int, typer.Option(help="Of the ensembles.", min=2)] = 3,
    width: Annotated[int, typer.Option(help="Channels of the first layer, a multiple of 16.")] = 16,
    size: Annotated[int, typer.Option(help="Pixels of the side of the images.")] = 54,
    epochs: Annotated[int, typer.Option(help="Of the first branch.")] = 12,
    branch_epochs: Annotated[int, typer.Option(help="Of each further branch.")] = 2,
    per_label: Annotated[int, typer.Option(help="Most images of a label in a stage.")] = 4000,
    rate: Annotated[float, typer.Option(help="Of learning of a new branch.")] = 0.02,
    weight: Annotated[float, typer.Option(help="Of the diversity, where it is rewarded.")] = Settings.diversity,
    together: Annotated[bool, typer.Option("--together", help="Train the first branch once, for all seeds.")] = False,
    seeds: Annotated[int, typer.Option(help="How often everything is done.", min=2)] = 3,
    json_file: Annotated[Path, typer.Option("--json", help="Figures; seeds that are in it are not done again.")] = Path(
        "diversity.json"
    ),
    threads: Threads = 1,
) -> None:
    """Train with and without the reward for every seed, and write each as it comes, with the table at the end."""
    torch.set_num_threads(threads)
    console, network = Console(), f"esr{branches}-cbam"
    names = (network, f"{network}, rewarded")
    made = Settings(
        network, "fer2013", width, size, epochs, branch_epochs, rate=rate, per_label=per_label, diversity=weight
    )
    faces = read_faces(data, "fer2013")
    settings = asdict(made) | {"together": together}
    found = json.loads(json_file.read_text()) if json_file.is_file() else {"settings": settings, "scores": {}}
    if found["settings"] != settings:
        raise typer.BadParameter(f"{json_file} is of other settings")

    @cache
    def first(seed: int) -> State:
        return first_stage(replace(made, seed=seed), faces, json_file.with_suffix(f".{seed}.pt"))

    for seed in range(1, seeds + 1):
        if str(seed) not in found["scores"]:
            found["scores"][str(seed)] = learn(
                replace(made, seed=seed), faces, (0.0, weight), first(made.seed if together else seed)
            )
            write_text(json_file, json.dumps(found, indent=1) + "\n")
        console.print(f"seed {seed}: {found['scores'][str(seed)]}")
    each = zip(*(found["scores"][str(seed)] for seed in range(1, seeds + 1)), strict=True)
    write_text(json_file, json.dumps(found | summary(dict(zip(names, each, strict=True))), indent=1) + "\n")


if __name__ == "__main__":
    run_command(main)
