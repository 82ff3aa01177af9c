"""Read the checkpoints of X3D, Slow and I3D that PyTorchVideo and SlowFast write, and make streaming networks of them.

Nothing is unpickled but tensors. The three networks have no layer that needs all of a clip, except the squeeze gates of
X3D, whose mean is taken over the frame [Continual 3D CNNs, 3.5], and the last pool, which runs along the stream.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from torch import Tensor

from opendr_perception.networks.activity.resnet import CoVideoResNet
from opendr_perception.networks.activity.x3d import DEPTHS, SIZES, STEM, X3D, CoX3D, Size
from opendr_perception.networks.checkpoints import load_checkpoint, read_tensors, renamed
from opendr_perception.streaming import Streaming
from opendr_perception.zoo import ZooError
from opendr_perception.zoo.importing import content_of

State = Mapping[str, Tensor]
KINDS = ("x3d", "slow", "i3d")
HELD_UNDER = ("model_state", "state_dict", "model_state_dict", "model")
"""Keys under which SlowFast, Lightning and others put the weights."""
BEFORE_NAMES = ("module.", "model.")
"""Prefixes that wrappers put before all names."""
RATES = {"s": 5.0, "m": 6.0, "l": 6.0, "slow": 3.75, "i3d": 3.75}
"""Images a second of the clips of Kinetics, 30 divided by the sampling rates 6, 5, 5, 8, 8."""
RESNET_SIDE = 224
LONG = {"x3d": 64, "slow": 64, "i3d": 32}
"""Inputs of a second, longer pool, from the same queue."""
MOST_CLASSES = 100_000
OTHERS = (
    (r"\.attn\.(?:\w*pool_|norm_|rel_pos)\w*", "an MViT", "its attention pools over all frames of a clip"),
    (r"\.attn\.\w+", "a video transformer", "its attention looks at all frames of a clip"),
    (r"multipathway|pathway1_|_fuse\.", "a SlowFast network", "it joins two rates by a stride in time"),
    (r"\.conv_b\.conv_(?:t|xy)\.", "an R(2+1)D network", "it strides in time within its blocks"),
)
"""Layers of networks that cannot stream here: a pattern, what has such layers, and what hinders."""


@dataclass(frozen=True)
class Restored:
    """A streaming network with a checkpoint's weights.

    Attributes:
        network: In evaluation mode.
        classes: Number of its activities.
        side: Pixels of its images.
        rate: Images that it wants a second.
        horizons: Inputs that its pools average.
    """

    network: Streaming
    classes: int
    side: int
    rate: float
    horizons: tuple[int, ...]


def read_checkpoint(file: Path) -> dict[str, Tensor]:
    """Read the weights in a file of torch, a state_dict or one of the usual dicts around it.

    Raises:
        ZooError: It is none, or holds more than tensors and plain values.
    """
    try:
        held: object = read_tensors(file, content_of(file))
    except ValueError as error:
        raise ZooError(str(error)) from error
    for key in HELD_UNDER:
        if isinstance(held, Mapping) and isinstance(held.get(key), Mapping):
            held = held[key]
            break
    if not isinstance(held, Mapping) or not held:
        raise ZooError(f"{file} has no state_dict: neither it nor its {', '.join(HELD_UNDER)} are names and tensors")
    if not all(isinstance(name, str) and isinstance(value, Tensor) for name, value in held.items()):
        raise ZooError(f"{file} has no state_dict: it holds other things beside tensors")
    state = dict(held)
    for prefix in BEFORE_NAMES:
        if all(name.startswith(prefix) for name in state):
            state = {name.removeprefix(prefix): value for name, value in state.items()}
    return state


def restore(kind: str, file: Path, variant: str = "", side: int = 0) -> Restored:
    """Make a streaming network with the weights of a checkpoint: padded before the stream, for answers as published.

    Args:
        kind: One of KINDS.
        file: The checkpoint.
        variant: 's', 'm' or 'l' of X3D; by default what the file's name or the depth says.
        side: Pixels of the images; by default those of the published network.

    Raises:
        ZooError: It is of another network, lacks weights, or cannot stream.
    """
    state = read_checkpoint(file)
    found = _kind(state)
    if found != kind:
        _refuse(file, state, kind, found)
    proj = next(
        (value for name, value in state.items() if re.search(r"(?:proj|head\.projection)\.weight$", name)), None
    )
    if proj is None or proj.ndim != 2 or not 1 <= len(proj) <= MOST_CLASSES:
        raise ZooError(f"{file} lacks the weights of the classifier")
    network, restored_side, rate, horizons = (_x3d if kind == "x3d" else _resnet)(kind, file, state, variant, len(proj))
    try:
        load_checkpoint(network, state)
    except ValueError as error:
        raise ZooError(f"{file} does not fit {kind}: {error}") from error
    return Restored(network.eval(), len(proj), side or restored_side, rate, horizons)


_Made = tuple[Streaming, int, float, tuple[int, ...]]


def _x3d(kind: str, file: Path, state: State, variant: str, classes: int) -> _Made:
    names = {renamed(X3D, name): value for name, value in state.items()}
    stem, hidden = names.get("blocks.0.norm.weight"), names.get("blocks.5.pool.post_conv.weight")
    if stem is None or hidden is None:
        lacking = "blocks.0.norm.weight" if stem is None else "blocks.5.pool.post_conv.weight"
        raise ZooError(f"{file} does not fit {kind}: the weights lack {lacking}")
    rows = {int(found[1]) for name in names if (found := re.match(r"blocks\.3\.res_blocks\.(\d+)\.", name))}
    depth = len(rows) / DEPTHS[2]
    variant = variant or _variant(file, depth)
    base = SIZES[variant]
    every_norm = "blocks.1.res_blocks.0.branch1_norm.weight" in names
    size = Size(base.frames, base.side, depth, len(stem) / STEM, len(hidden), every_norm)
    horizons = (base.frames, LONG[kind])
    network = CoX3D(size, classes, horizons, "keep_p", partial=True)
    return network, base.side, RATES[variant], horizons


def _variant(file: Path, depth: float) -> str:
    """Size of an X3D: s and m have the same weights, and differ in their clips alone."""
    if depth == SIZES["l"].depth:
        return "l"
    named = re.search(r"x3d[-_]?([sml])(?![a-z])", file.name, re.IGNORECASE)
    if named is None:
        raise ZooError(f"{file} may be X3D-S or X3D-M, which have the same weights: say which one (--variant s or m)")
    return named[1].lower()


def _resnet(kind: str, file: Path, state: State, variant: str, classes: int) -> _Made:
    if variant:
        raise ZooError(f"{kind} has no variants: leave out --variant")
    frames = 8 if kind == "slow" else 4
    horizons = (frames, LONG[kind])
    return CoVideoResNet(kind, classes, horizons, partial=True), RESNET_SIDE, RATES[kind], horizons


def _kind(state: State) -> str | None:
    """Kind of the network of a checkpoint, one of KINDS, None for another."""
    if _other(state) is not None:
        return None
    names = {renamed(X3D, name) for name in state}
    if any(name.startswith("blocks.5.pool.") for name in names):
        return "x3d"
    if "blocks.1.res_blocks.0.branch2.conv_a.weight" not in names:
        return None
    return "i3d" if any(name.startswith("blocks.6.") for name in names) else "slow"


def _other(state: State) -> tuple[str, str, str] | None:
    """Layer, kind and hindrance of a network that cannot stream here."""
    for pattern, what, why in OTHERS:
        for name in state:
            if re.search(pattern, name):
                return name.rpartition(".")[0], what, why
    return None


def _refuse(file: Path, state: State, kind: str, found: str | None) -> NoReturn:
    if found is not None:
        raise ZooError(f"{file} is a checkpoint of {found}, not of {kind}: run models import {found}")
    other = _other(state)
    if other is not None:
        layer, what, why = other
        raise ZooError(
            f"{file} is {what} with the layer {layer}, and cannot see one image after the other: {why}; "
            f"take a checkpoint of {', '.join(KINDS)}"
        )
    first = ", ".join(list(state)[:2])
    raise ZooError(f"{file} is a checkpoint of another network than {', '.join(KINDS)}: its weights are {first} ...")
