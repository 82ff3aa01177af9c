"""A person detector that finds nobody, in no time: what is left of a node's latency is overhead."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from opendr_perception.tasks.people import BINS, STRIDES
from opendr_perception.zoo.convert.builder import GraphBuilder

CLASSES = 80


def write_empty_detector(path: Path) -> None:
    """Write a real model with NanoDet's input and outputs, whose scores are all zero.

    Args:
        path: the ONNX file.
    """
    graph = GraphBuilder("empty_detector")
    shape = graph.add("Shape", graph.input("image", "uint8", ["batch", "height", "width", 3]))
    batch = graph.add("Slice", shape, np.array([0]), np.array([1]))
    sides = graph.add("Slice", shape, np.array([1]), np.array([3]))
    strides = np.array(STRIDES, np.int64)[:, None]
    cells = graph.add("ReduceProd", graph.add("Div", sides, strides), axes=[1], keepdims=0)
    anchors = graph.add("ReduceSum", cells, np.array([0]), keepdims=1)
    for name, width in (("scores", CLASSES), ("distances", 4 * BINS)):
        size = graph.add("Concat", batch, anchors, np.array([width]), axis=0)
        graph.output(name, graph.add("ConstantOfShape", size), "float32", ["batch", "anchors", width])
    path.write_bytes(graph.build().SerializeToString())
