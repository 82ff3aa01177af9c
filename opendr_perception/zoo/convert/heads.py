"""First and last layers of the converted models: image to network input, feature maps to results.

The source graphs have a batch of one built into them here, so these parts are written anew, for any batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from opendr_perception.zoo.convert.builder import GraphBuilder
from opendr_perception.zoo.convert.tfjs import GraphMap


def image_input(
    builder: GraphBuilder, height: int, width: int, mean: list[float], std: list[float], *, dynamic: bool = False
) -> GraphMap:
    """Add the input `image` (N, H, W, 3) uint8 and normalise it to (image - mean) / std.

    Args:
        builder: graph to append to.
        height, width: nominal size in pixels.
        mean, std: per channel, in the channel order of the network.
        dynamic: the network takes other heights and widths too.
    """
    size: list[int | str] = ["H", "W"] if dynamic else [height, width]
    image = builder.input("image", "uint8", ["N", *size, 3])
    planes = builder.add("Cast", builder.add("Transpose", image, perm=[0, 3, 1, 2]), to=TensorProto.FLOAT)
    centred = builder.add("Add", planes, -np.array(mean, np.float32).reshape(1, 3, 1, 1))
    scaled = builder.add("Mul", centred, 1 / np.array(std, np.float32).reshape(1, 3, 1, 1))
    return GraphMap(scaled, 3, height, width, channels_last=True)


def dense_anchors(builder: GraphBuilder, levels: list[GraphMap], values: int) -> str:
    """Join the maps of several strides to (N, A, values), each level row by row.

    Args:
        builder: graph to append to.
        levels: one map per stride with `values` channels per anchor, all anchors of a cell next to each other.
        values: numbers per anchor.
    """
    rows = []
    for level in levels:
        cells = builder.add("Transpose", level.tensor, perm=[0, 2, 3, 1])
        rows.append(builder.add("Reshape", cells, np.array([0, -1, values])))
    return builder.add("Concat", *rows, axis=1)


def nanodet_head(builder: GraphBuilder, levels: list[GraphMap], classes: int, bins: int) -> None:
    """Add outputs `scores` (N, A, classes), probabilities, and `distances` (N, A, 4·bins), logits [Li 2020].

    Args:
        builder: graph to append to.
        levels: maps of classes + 4·bins channels.
        classes: number of classes.
        bins: of the distribution over each of the four distances.
    """
    anchors = dense_anchors(builder, levels, classes + 4 * bins)
    logits, distances = builder.add_multiple("Split", 2, anchors, np.array([classes, 4 * bins]), axis=2)
    builder.output("scores", builder.add("Sigmoid", logits), "float32", ["N", "A", classes])
    builder.output("distances", distances, "float32", ["N", "A", 4 * bins])


def blazeface_head(builder: GraphBuilder, boxes: list[GraphMap], scores: list[GraphMap]) -> None:
    """Add outputs `boxes` (N, 896, 16), raw, and `scores` (N, 896), probabilities."""
    logits = builder.add("Squeeze", dense_anchors(builder, scores, 1), np.array([2]))
    builder.output("boxes", dense_anchors(builder, boxes, 16), "float32", ["N", 896, 16])
    builder.output("scores", builder.add("Sigmoid", logits), "float32", ["N", 896])


def facemesh_head(builder: GraphBuilder, vertices: GraphMap, presence: GraphMap) -> None:
    """Add outputs `vertices` (N, 468, 3), in pixels of the input, and `presence` (N,), the probability of a face."""
    points = builder.add("Reshape", vertices.tensor, np.array([0, vertices.channels // 3, 3]))
    logits = builder.add("Reshape", presence.tensor, np.array([-1]))
    builder.output("vertices", points, "float32", ["N", vertices.channels // 3, 3])
    builder.output("presence", builder.add("Sigmoid", logits), "float32", ["N"])


@dataclass(frozen=True)
class MoveNetMaps:
    """Outputs of MoveNet per cell, before decoding: K keypoints on an H x W grid.

    Attributes:
        heatmaps: (N, K, H, W) logits, where a keypoint of anybody lies.
        centres: (N, 1, H, W) logits, where a person's middle lies.
        regressions: (N, 2K, H, W) from a person's middle to its keypoints (y, x), in cells.
        offsets: (N, 2K, H, W) from a cell to the keypoint in it (y, x), in cells.
    """

    heatmaps: GraphMap
    centres: GraphMap
    regressions: GraphMap
    offsets: GraphMap


def movenet_head(
    builder: GraphBuilder,
    maps: MoveNetMaps,
    centre_weights: NDArray[np.float32],
    softening: float,
    cell_size: float,
) -> None:
    """Decode one person per image; add the output `keypoints` (N, K, 3): (y, x, score), y and x as fractions.

    The person nearest to the middle is taken, its keypoints are guessed by regression, and for each the
    cell with the best quotient of heat and distance to that guess is chosen.

    Args:
        builder: graph to append to.
        maps: outputs of the network.
        centre_weights: (H, W) preference for people in the middle.
        softening: added to the distance, in cells, before dividing by it.
        cell_size: of a cell, as a fraction of the image.
    """
    keypoints = maps.heatmaps.channels
    rows, columns = np.divmod(np.arange(maps.heatmaps.height * maps.heatmaps.width), maps.heatmaps.width)
    grid = np.stack([rows, columns]).astype(np.float32).reshape(1, 1, 2, -1)
    cells = builder.constant(np.stack([rows, columns], axis=1).astype(np.float32))

    centres = builder.add("Reshape", builder.add("Sigmoid", maps.centres.tensor), np.array([0, 1, -1]))
    preferred = builder.add("Mul", centres, centre_weights.reshape(1, 1, -1))
    middle = builder.add("ArgMax", preferred, axis=2)  # (N, 1, 1)
    regressions = builder.add("Reshape", maps.regressions.tensor, np.array([0, keypoints, 2, -1]))
    guesses = _add_cell(
        builder, cells, middle, _take(builder, regressions, builder.add("Unsqueeze", middle, np.array([1])))
    )

    heat = builder.add("Reshape", builder.add("Sigmoid", maps.heatmaps.tensor), np.array([0, keypoints, -1]))
    difference = builder.add("Sub", builder.constant(grid), guesses)  # (N, K, 2, H·W)
    distance = builder.add("ReduceL2", difference, axes=[2], keepdims=0)
    nearness = builder.add("Div", heat, builder.add("Add", distance, np.array(softening, np.float32)))
    best = builder.add("ArgMax", nearness, axis=2)  # (N, K, 1)
    offsets = builder.add("Reshape", maps.offsets.tensor, np.array([0, keypoints, 2, -1]))
    refined = _add_cell(builder, cells, best, _take(builder, offsets, builder.add("Unsqueeze", best, np.array([2]))))

    position = builder.add("Mul", refined, np.array(cell_size, np.float32))
    score = builder.add("Unsqueeze", builder.add("GatherElements", heat, best, axis=2), np.array([2]))
    result = builder.add("Squeeze", builder.add("Concat", position, score, axis=2), np.array([3]))
    builder.output("keypoints", result, "float32", ["N", keypoints, 3])


@dataclass(frozen=True)
class MultiPoseMaps:
    """Outputs of MoveNet for several people per cell of 4 x 4 pixels: K keypoints on an H x W grid.

    Attributes:
        centres: (N, 1, H, W) logits, where a person's middle lies.
        sizes: (N, 2, H, W) height and width of the box of the person whose middle lies here, in cells.
        box_offsets: (N, 2, H, W) from a cell to the middle of the box (y, x), in cells.
        heatmaps: (N, K, H, W) logits, where a keypoint of anybody lies.
        regressions: (N, 2K, H, W) from a person's middle to its keypoints (y, x), in cells.
        offsets: (N, 2K, H, W) from a cell to the keypoint in it (y, x), in cells.
    """

    centres: GraphMap
    sizes: GraphMap
    box_offsets: GraphMap
    heatmaps: GraphMap
    regressions: GraphMap
    offsets: GraphMap


def multipose_head(builder: GraphBuilder, maps: MultiPoseMaps) -> None:
    """Add the maps as outputs (N, channels, h, w) of their names; of the centres and the heatmaps, probabilities."""
    for name, each in vars(maps).items():
        logits = name in ("centres", "heatmaps")
        tensor = builder.add("Sigmoid", each.tensor) if logits else each.tensor
        builder.output(name, tensor, "float32", ["N", each.channels, "h", "w"])


def _take(builder: GraphBuilder, maps: str, cells: str) -> str:
    """From maps (N, K, 2, H·W) the pair at each cell (N, K or 1, 1, 1): (N, K, 2, 1)."""
    shape = builder.add("Concat", builder.add("Shape", maps, start=0, end=3), np.array([1]), axis=0)
    return builder.add("GatherElements", maps, builder.add("Expand", cells, shape), axis=3)


def _add_cell(builder: GraphBuilder, cells: str, index: str, offset: str) -> str:
    """Offsets (N, K, 2, 1) plus the (row, column) of the cells (N, K or 1, 1): (N, K, 2, 1)."""
    position = builder.add("Gather", cells, index, axis=0)  # (N, K or 1, 1, 2)
    return builder.add("Add", builder.add("Transpose", position, perm=[0, 1, 3, 2]), offset)
