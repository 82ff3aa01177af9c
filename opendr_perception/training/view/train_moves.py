"""Train the head that says by a face's embedding where to go: `python -m opendr_perception.training.view.train_moves`.

A baseline of the benchmark [Passalis and Tefas 2020]. It learns from the tables of `training.view.data`: of the view at
hand and those a step to either side, which one is nearest to the person's own samples. The embedder stays as it is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from torch import nn
from torch.nn import functional as F

from opendr_perception.arrays import open_arrays
from opendr_perception.files import replacing
from opendr_perception.training.common.command import run_command
from opendr_perception.training.view.data import read_table

HIDDEN, EPOCHS, RATE = 32, 200, 2e-3
HELD_OUT = 4
"""Of so many people one tells how good it is."""


def samples(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Embeddings (n, 128), the best of staying, left and right (n,), and whose they are (n,).

    Raises:
        ValueError: there is nothing to learn from.
    """
    with open_arrays(folder / "gallery.npz") as data:
        gallery, people = data["embeddings"], data["people"]
    embeddings, labels, whose = [], [], []
    for path in sorted(folder.glob("*-*.npz")):
        table = read_table(path)
        own = gallery[people == table.person]
        away = np.linalg.norm(table.embeddings[:, :, None].astype(np.float32) - own, axis=-1).min(-1)
        away = np.pad(np.where(table.found, away, np.inf), ((0, 0), (1, 1)), constant_values=np.inf)
        best = np.argmin(np.stack([away[:, 1:-1], away[:, :-2], away[:, 2:]], axis=-1), axis=-1)
        embeddings.append(table.embeddings[table.found].astype(np.float32))
        labels.append(best[table.found])
        whose.append(np.full(int(table.found.sum()), int(table.person)))
    if not embeddings:
        raise ValueError(f"there are no tables in {folder}")
    return np.concatenate(embeddings), np.concatenate(labels), np.concatenate(whose)


def fit(inputs: np.ndarray, labels: np.ndarray, epochs: int) -> nn.Sequential:
    """The head, trained with Adam and weights that make rare answers count as much as others."""
    network = nn.Sequential(nn.Linear(inputs.shape[1], HIDDEN), nn.ReLU(), nn.Dropout(0.3), nn.Linear(HIDDEN, 3))
    optimiser = torch.optim.Adam(network.parameters(), RATE, weight_decay=1e-3)
    x, y = torch.from_numpy(inputs), torch.from_numpy(labels)
    weight = len(y) / (3 * torch.bincount(y, minlength=3).clamp(min=1).float())
    for _ in range(epochs):
        for chosen in torch.randperm(len(y)).split(256):
            loss = F.cross_entropy(network(x[chosen]), y[chosen], weight)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return network.eval()


def layers(network: nn.Sequential) -> dict[str, np.ndarray]:
    """The weights as `bench.view.embedding` takes them: (inputs + 1, outputs), the last row is the bias."""
    linear = [layer for layer in network if isinstance(layer, nn.Linear)]
    stacked = [torch.cat([layer.weight.T, layer.bias[None]]).detach().numpy() for layer in linear]
    return dict(zip(("first", "second"), stacked, strict=True))


def train(
    tables: Annotated[Path, typer.Argument(help="The folder train/ of the tables.")],
    output: Annotated[Path, typer.Argument(help="The .npz to write.")],
    epochs: Annotated[int, typer.Option(help="Of the training.")] = EPOCHS,
    seed: Annotated[int, typer.Option(help="Of all chance.")] = 1,
) -> None:
    """Train with most people, say how well that does with the others, and write the weights."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    inputs, labels, whose = samples(tables)
    held_out = whose % HELD_OUT == HELD_OUT - 1
    network = fit(inputs[~held_out], labels[~held_out], epochs)
    with torch.no_grad():
        found = network(torch.from_numpy(inputs[held_out])).argmax(1).numpy()
    print(f"right for {100 * np.mean(found == labels[held_out]):.1f} % of {held_out.sum()} views of others")
    with replacing(output, ".npz") as unfinished:
        trained = {name: layer.astype(np.float16) for name, layer in layers(network).items()}
        np.savez(unfinished, first=trained["first"], second=trained["second"])


if __name__ == "__main__":
    run_command(train)
