"""Write what is kept of the features of known expressions: `python -m ...training.emotion.teaching.memory MODEL`.

Statistics of faces of FER2013 for training, beside the model: see `training.common.gating`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer

from opendr_perception.evaluate.emotion.sets import read_fer2013
from opendr_perception.networks.emotion.compact import CompactNet, equalised
from opendr_perception.networks.gates import halves
from opendr_perception.training.common.command import run_command
from opendr_perception.training.common.gating import SUFFIX, keep, known_features
from opendr_perception.training.emotion.teaching.learn import read_source

EVERY = 16
"""Of the faces, one of so many is looked at."""
TOGETHER = 64


def main(
    model: Annotated[Path, typer.Argument(help="The .onnx file of a network of expressions.")],
    data: Annotated[Path, typer.Option(help="FER2013: its folder, or fer2013.csv.")] = Path("../shared/data/fer2013"),
) -> None:
    """Look at known faces, and write the statistics of their features."""
    torch.set_num_threads(1)
    network = read_source(model).network
    if not isinstance(network, CompactNet):
        raise typer.BadParameter(f"{model} was taught: its memory is beside it already")
    crops = read_fer2013(data)
    rows = np.flatnonzero(crops.part == "train")[::EVERY]
    seen = []
    for begin in range(0, len(rows), TOGETHER):
        images = torch.from_numpy(crops.images[rows[begin : begin + TOGETHER]]).float()[:, None]
        with torch.no_grad():
            seen.append(halves(network, equalised(images))[0].numpy())
    path = model.with_suffix(SUFFIX)
    keep(path, known_features(np.concatenate(seen), crops.label[rows].astype(np.int64)))
    typer.echo(f"wrote {path}")


if __name__ == "__main__":
    run_command(main)
