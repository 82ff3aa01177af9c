"""Write what is kept of the features of known sounds: `python -m opendr_perception.training.sound.memory MODEL`.

Features of recordings that the model has learnt from, beside it: see `training.common.gating`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer

from opendr_perception.evaluate.sound import between_silences, read_digits, read_esc
from opendr_perception.tasks.signals.log_mel import log_mel
from opendr_perception.tasks.sound import MelConfig
from opendr_perception.training.common.command import run_command
from opendr_perception.training.common.gating import SUFFIX, keep, known_features
from opendr_perception.training.sound.teaching import read_source

LEFT_OUT = ("1", "theo")
"""Fold of ESC-10 and speaker of the digits that the shipped networks have not heard."""
MOST, TOKENS = 40, 1200
"""Recordings of each label, and features that are kept."""


def main(
    model: Annotated[Path, typer.Argument(help="The .onnx file of a network of sounds, its .npz beside it.")],
    data: Annotated[Path, typer.Option(envvar="OPENDR_DATA", help="Folder of data.")] = Path("../shared/data"),
) -> None:
    """Listen to known recordings, and keep some of their features."""
    torch.set_num_threads(1)
    source = read_source(model, model.stem)
    mel = source.card["mel"]
    assert isinstance(mel, dict)
    config = MelConfig(**mel)
    heard = [one for one in (*read_esc(data / "esc10"), *read_digits(data / "fsdd")) if one.group not in LEFT_OUT]
    seen = []
    for label in source.labels:
        several = [one for one in heard if one.label == label]
        for one in several[:: max(1, len(several) // MOST)]:
            samples = between_silences(one.samples)
            with torch.no_grad():
                tokens = source.network.tokens(torch.from_numpy(log_mel(samples, config))[None])[0].T.numpy()
            seen.append(tokens)
    rng, tokens = np.random.default_rng(1), np.concatenate(seen)
    kept = rng.permutation(len(tokens))[:TOKENS]
    path = model.with_suffix(SUFFIX)
    keep(path, known_features(tokens[kept], np.arange(len(kept))))
    typer.echo(f"wrote {path}")


if __name__ == "__main__":
    run_command(main)
