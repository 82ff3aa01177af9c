"""Teach three sounds to a network of others: `python -m opendr_perception.training.sound.trials FILE`.

`sound-environment` learns three words, five recordings of each by two speakers of the Free Spoken Digit Dataset, of
which a third one is asked; `sound-digits` learns three kinds of ESC-10, five recordings of each, and others are asked.
What is known is asked of the fold or the speaker that the shipped network has not heard.
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
from opendr_perception.training.common.command import run_command
from opendr_perception.training.common.lessons import AdapterPlan
from opendr_perception.training.sound.evaluation import decide
from opendr_perception.training.sound.memory import LEFT_OUT
from opendr_perception.training.sound.teaching import learn, read_source

KINDS, EXAMPLES, ASKED = 3, 5, 12
UNHEARD = "1"
SEED = 43


def right(
    network: SoundNetwork, labels: Sequence[str], sounds: Sequence[LabelledSound], mel: MelConfig, *, word: bool
) -> float:
    """Share of recordings whose likeliest label is right."""
    found = [decide(network, one, mel, word=word)[0].argmax() for one in sounds]
    return float(np.mean([labels[place] == one.label for place, one in zip(found, sounds, strict=True)]))


def words_of(data: Path, rng: np.random.Generator) -> tuple[list[LabelledSound], list[LabelledSound]]:
    """Three words by two speakers to learn from, and by a third one to be asked."""
    words = read_digits(data / "fsdd")
    *teachers, third = rng.permutation(sorted({one.group for one in words}))[:3].tolist()
    chosen = rng.choice(sorted({one.label for one in words}), KINDS, replace=False).tolist()
    by = {(word, who): [one for one in words if (one.label, one.group) == (word, who)] for word in chosen
          for who in (*teachers, third)}  # fmt: skip
    shares = (*zip(teachers, (3, EXAMPLES - 3), strict=True),)
    taught = [one for word in chosen for who, count in shares for one in by[word, who][:count]]
    return taught, [one for word in chosen for one in by[word, third][:ASKED]]


def noises_of(data: Path, rng: np.random.Generator) -> tuple[list[LabelledSound], list[LabelledSound]]:
    """Three sounds of things to learn from, and others of another fold to be asked."""
    sounds = read_esc(data / "esc10")
    taught, asked = [], []
    for kind in rng.choice(sorted({one.label for one in sounds}), KINDS, replace=False).tolist():
        several = [one for one in sounds if one.label == kind]
        others = [one for one in several if one.group != UNHEARD]
        taught += [others[k] for k in rng.permutation(len(others))[:EXAMPLES]]
        asked += [one for one in several if one.group == UNHEARD]
    return taught, asked


def main(
    output: Annotated[Path, typer.Argument(help="The .json file to write.")],
    data: Annotated[Path, typer.Option(envvar="OPENDR_DATA", help="Folder of data.")] = Path("../shared/data"),
    draws: Annotated[int, typer.Option(help="Of sounds and speakers.")] = 5,
    steps: Annotated[int, typer.Option(help="Of each training.")] = 60,
    adapters: Annotated[str, typer.Option(help="With commas between them.")] = "head",
) -> None:
    """Try, and write down all outcomes."""
    torch.set_num_threads(1)
    found = []
    for model, choose, word in (("sound-environment", words_of, True), ("sound-digits", noises_of, False)):
        source = read_source(zoo.require(model).path, model)
        mel = source.card["mel"]
        assert isinstance(mel, dict)
        config = MelConfig(**mel)
        known = [one for one in (*read_esc(data / "esc10"), *read_digits(data / "fsdd")) if one.group in LEFT_OUT]
        known = [one for one in known if one.label in source.labels][:: 1 if word else 5]
        before = right(source.network, source.labels, known, config, word=not word)
        for adapter in adapters.split(","):
            for draw in range(draws):
                taught, asked = choose(data, np.random.default_rng((SEED, draw)))
                plan = AdapterPlan(adapter=adapter, steps=steps, seed=draw)  # type: ignore[arg-type]
                lesson = learn(source, taught, plan)
                found.append(
                    {
                        "model": model,
                        "adapter": adapter,
                        "draw": draw,
                        "new": right(lesson.network, lesson.labels, asked, config, word=word),
                        "known": right(lesson.network, lesson.labels, known, config, word=not word),
                        "known before": before,
                        "learned": lesson.learned,
                        "asked": len(asked),
                    }
                )
                write_text(output, json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    run_command(main)
