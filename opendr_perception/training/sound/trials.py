"""Teach three words to a network of sounds: `python -m opendr_perception.training.sound.trials FILE`.

Five recordings of each word by two speakers of the Free Spoken Digit Dataset; a third one is asked. What is known is
asked of the fold of ESC-10 that the shipped network has not heard.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer

from opendr_perception import zoo
from opendr_perception.evaluate.sound import LabelledSound, read_digits, read_esc
from opendr_perception.files import write_text
from opendr_perception.networks.sound import SoundNetwork
from opendr_perception.tasks.sound import MelConfig
from opendr_perception.training.common.lessons import AdapterPlan
from opendr_perception.training.sound.evaluation import decide
from opendr_perception.training.sound.teaching import learn, read_source

WORDS, EXAMPLES, ASKED = 3, 5, 12
UNHEARD = "1"
SEED = 43


def right(
    network: SoundNetwork, labels: Sequence[str], sounds: Sequence[LabelledSound], mel: MelConfig, *, word: bool
) -> float:
    """Share of recordings whose likeliest label is right."""
    found = [decide(network, one, mel, word=word)[0].argmax() for one in sounds]
    return float(np.mean([labels[place] == one.label for place, one in zip(found, sounds, strict=True)]))


def main(
    output: Annotated[Path, typer.Argument(help="The .json file to write.")],
    data: Annotated[Path, typer.Option(envvar="OPENDR_DATA", help="Folder of data.")] = Path("../shared/data"),
    model: Annotated[str, typer.Option(help="To begin with.")] = "sound-environment",
    draws: Annotated[int, typer.Option(help="Of words and speakers.")] = 3,
    steps: Annotated[int, typer.Option(help="Of each training.")] = 200,
) -> None:
    """Try, and write down all outcomes."""
    torch.set_num_threads(1)
    source = read_source(zoo.require(model).path, model)
    mel = source.card["mel"]
    assert isinstance(mel, dict)
    config = MelConfig(**mel)
    words = read_digits(data / "fsdd")
    known = [one for one in read_esc(data / "esc10") if one.group == UNHEARD]
    before = right(source.network, source.labels, known, config, word=False)
    found = []
    for draw in range(draws):
        rng = np.random.default_rng((SEED, draw))
        *teachers, third = rng.permutation(sorted({one.group for one in words}))[:3].tolist()
        chosen = rng.choice(sorted({one.label for one in words}), WORDS, replace=False).tolist()
        taught = [
            one
            for word in chosen
            for who, count in zip(teachers, (3, EXAMPLES - 3), strict=True)
            for one in [one for one in words if (one.label, one.group) == (word, who)][:count]
        ]
        lesson = learn(source, taught, AdapterPlan(steps=steps, seed=draw))
        asked = [
            one for word in chosen for one in [one for one in words if (one.label, one.group) == (word, third)][:ASKED]
        ]
        found.append(
            {
                "draw": draw,
                "new": right(lesson.network, lesson.labels, asked, config, word=True),
                "known": right(lesson.network, lesson.labels, known, config, word=False),
                "known before": before,
                "learned": lesson.learned,
                "asked": len(asked),
            }
        )
        write_text(output, json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    typer.run(main)
