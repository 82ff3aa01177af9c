"""Weights that others have published."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError  # what torch raises; nothing is read with it
from typing import Any

import torch
from torch import Tensor, nn


def read_tensors(file: Path, content: bytes | None = None) -> Any:
    """Read what `torch.save` has written: tensors, and plain values around them; nothing else is unpickled.

    Args:
        file: it, or its name where the content is given.
        content: of the file.

    Raises:
        ValueError: it holds more than that, is damaged, or is none.
        OSError: it cannot be read.
    """
    try:
        return torch.load(file if content is None else io.BytesIO(content), map_location="cpu", weights_only=True)
    except OSError:
        raise
    except UnpicklingError as error:
        raise ValueError(
            f"{file} holds more than tensors, or is damaged, and is not opened: save the weights alone, "
            "torch.save(network.state_dict(), FILE)"
        ) from error
    except Exception as error:  # torch's reader lets through whatever a damaged file leads to
        raise ValueError(f"{file} is no checkpoint of PyTorch, or damaged") from error


def load_checkpoint(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Load weights of ours, of OpenDR or of the authors of a network, whatever names they have there.

    Names are mapped by the network's `published_names`, pairs of a pattern and its replacement; a name that becomes
    empty is not needed. A network may be loaded into its continual form, and the other way round.

    Args:
        network: The network to load.
        weights: A state_dict.

    Raises:
        ValueError: A weight is missing, is not part of the network, or has another shape; nothing is loaded then.
    """
    expected = dict(network.state_dict())
    constants = {name: b for name, b in network.named_buffers() if name not in expected}
    found: dict[str, Tensor] = {}
    for published, tensor in weights.items():
        name = renamed(network, published.removeprefix("module."))
        if name in constants:
            if not torch.allclose(tensor.to(constants[name]), constants[name], atol=1e-6):
                raise ValueError(f"{published} of the weights is that of another graph")
        elif name:
            found[name] = tensor
    if missing := sorted(expected.keys() - found.keys()):
        raise ValueError(f"the weights lack {_listed(missing)}")
    if unknown := sorted(found.keys() - expected.keys()):
        raise ValueError(f"{type(network).__name__} has no {_listed(unknown)}")
    for name, tensor in found.items():
        if tensor.squeeze().shape == expected[name].squeeze().shape:  # kernels of one pixel have any number of axes
            found[name] = tensor = tensor.reshape(expected[name].shape)
        if tensor.shape != expected[name].shape:
            shapes = f"{tuple(tensor.shape)}, not {tuple(expected[name].shape)}"
            raise ValueError(f"{name} of the weights has shape {shapes}")
    network.load_state_dict(found)


def renamed(network: nn.Module | type[nn.Module], name: str) -> str:
    """Name in a network of ours of a weight that others have published."""
    for pattern, replacement in getattr(network, "published_names", ()):
        name = re.sub(pattern, replacement, name)
    return name


def _listed(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
