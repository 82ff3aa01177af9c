"""The formats that can be imported: how each wants its image, and by what outputs it is known.

Sources are the preprocessing of each project's own export and inference code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import onnx

Arrays = Mapping[str, np.ndarray]
"""Outputs of the network for one image, by name, in their order."""

IMAGENET = ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))
"""Mean and standard deviation of red, green and blue."""
UNIT = ((0.0, 0.0, 0.0), (255.0, 255.0, 255.0))
"""Colours become 0 to 1."""
AS_IS = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
KEYPOINTS = (17, 26, 133)
"""Numbers of keypoints of layouts that begin with the 17 of COCO."""


@dataclass(frozen=True)
class Change:
    """Treatment of an output of the network, in this order.

    Args:
        alone: it has no axis of the batch, so that the network takes one image at a time; it gets one.
        part: first and last + 1 of the numbers of its second axis that are taken; None for all.
        softmax: they become probabilities.
    """

    alone: bool = False
    part: tuple[int, int] | None = None
    softmax: bool = False


@dataclass(frozen=True)
class Reading:
    """Reading of the outputs of a network.

    Args:
        decoder: the name of the decoder, in `formats` of `tasks.people`, `tasks.body` or `tasks.face`.
        outputs: the decoder's names of outputs, and the network's.
        classes: how many there are; None where the outputs do not tell.
        free_axis: of the outputs, along which the number of candidates may be another one.
        metadata: what the decoder is told beside the number of the class.
        changes: of outputs, by the decoder's names.
    """

    decoder: str
    outputs: Mapping[str, str]
    classes: int | None = None
    free_axis: int | None = 1
    metadata: Mapping[str, str] = field(default_factory=dict)
    changes: Mapping[str, Change] = field(default_factory=dict)


Recognise = Callable[[Arrays, tuple[int, int]], Reading | None]
"""Reading of the outputs for an image of (height, width); None if they are of another format."""


def _never(graph: onnx.GraphProto) -> bool:
    return False


@dataclass(frozen=True)
class ModelFormat:
    """A format of ONNX files.

    Args:
        task: what such networks do, in words as in the manifest.
        channels: order of the colours that they take.
        colours: mean and standard deviation that are taken from and divide the colours, in the order of the network.
        size: (height, width) of the image where the file leaves them free.
        any_size: networks of this format take images of other sizes, if the file leaves them free.
        expected: what its outputs must be, in words.
        recognise: reads the outputs.
        task_of_file: what Ultralytics writes into such files as their task.
        normalises: true of a graph that does by itself what `colours` says.
    """

    task: str
    channels: str
    colours: tuple[Sequence[float], Sequence[float]]
    size: tuple[int, int]
    any_size: bool
    expected: str
    recognise: Recognise
    task_of_file: str | None = None
    normalises: Callable[[onnx.GraphProto], bool] = _never


def _yolox(outputs: Arrays, size: tuple[int, int]) -> Reading | None:
    if (known := _dets_and_labels(outputs, size)) is not None:
        return known
    if len(outputs) != 1:
        return None
    [(name, array)] = outputs.items()
    cells = _cells(size)
    if array.ndim != 3 or array.shape[1] != len(cells) or array.shape[2] < 6:
        return None
    # Raw centres are a few cells from the corner of their cell; decoded ones are as near to it, in pixels.
    raw = np.median(np.abs(array[0, :, :2] - 0.5))
    decoded = np.median(np.abs(array[0, :, :2] / cells[:, 2:] - cells[:, :2] - 0.5))
    metadata = {"decoded": "1"} if decoded < raw else {}
    return Reading("yolox", {"predictions": name}, array.shape[2] - 5, metadata=metadata)


def _yolo(outputs: Arrays, size: tuple[int, int]) -> Reading | None:
    if len(outputs) != 1:
        return None
    [(name, array)] = outputs.items()
    if array.ndim == 3 and array.shape[2] == 6 and array.shape[1] != len(_cells(size)):
        return Reading("yolo_end_to_end", {"detections": name})
    if array.ndim == 3 and array.shape[2] == len(_cells(size)) and array.shape[1] > 4:
        return Reading("yolo", {"predictions": name}, array.shape[1] - 4, free_axis=2)
    return None


def _yolo_pose(outputs: Arrays, size: tuple[int, int]) -> Reading | None:
    if len(outputs) != 1:
        return None
    [(name, array)] = outputs.items()
    if array.ndim == 3 and array.shape[1:] == (56, len(_cells(size))):
        return Reading("yolo_pose", {"predictions": name}, free_axis=2)
    if array.ndim == 3 and array.shape[2] == 57:
        return Reading("yolo_pose_end_to_end", {"detections": name})
    return None


def _dets_and_labels(outputs: Arrays, size: tuple[int, int]) -> Reading | None:
    dets = [name for name, array in outputs.items() if array.ndim == 3 and array.shape[2] == 5]
    labels = [name for name, array in outputs.items() if array.ndim == 2 and array.dtype.kind == "i"]
    if len(dets) == len(labels) == 1 and len(outputs) == 2:
        return Reading("rtmdet", {"dets": dets[0], "labels": labels[0]})
    return None


def _detr(outputs: Arrays, size: tuple[int, int]) -> Reading | None:
    boxes = [name for name, array in outputs.items() if array.ndim == 3 and array.shape[2] == 4]
    others = [name for name in outputs if name not in boxes]
    if len(boxes) != 1:
        return None
    if len(others) == 1 and outputs[others[0]].ndim == 3:
        return Reading("detr", {"logits": others[0], "boxes": boxes[0]}, outputs[others[0]].shape[2])
    flat = {outputs[name].dtype.kind: name for name in others if outputs[name].ndim == 2}
    if len(others) == 2 and flat.keys() == {"i", "f"}:
        return Reading("detr_end_to_end", {"labels": flat["i"], "boxes": boxes[0], "scores": flat["f"]})
    return None


def _simcc(outputs: Arrays, size: tuple[int, int]) -> Reading | None:
    if len(outputs) != 2 or any(array.ndim != 3 or array.shape[1] not in KEYPOINTS for array in outputs.values()):
        return None
    lengths = [array.shape[2] for array in outputs.values()]
    for x, y in ((0, 1), (1, 0)):
        if lengths[x] * size[0] == lengths[y] * size[1] and lengths[x] % size[1] == 0:
            names = list(outputs)
            return Reading("simcc", {"simcc_x": names[x], "simcc_y": names[y]}, free_axis=None)
    return None


def _heatmaps(outputs: Arrays, size: tuple[int, int]) -> Reading | None:
    if len(outputs) != 1:
        return None
    [(name, array)] = outputs.items()
    if array.ndim != 4 or array.shape[1] not in KEYPOINTS or array.shape[2] * size[1] != array.shape[3] * size[0]:
        return None
    return Reading("heatmap", {"heatmaps": name}, free_axis=None)


def _rtmo(outputs: Arrays, size: tuple[int, int]) -> Reading | None:
    dets = [name for name, array in outputs.items() if array.ndim == 3 and array.shape[2] == 5]
    keypoints = [name for name, array in outputs.items() if array.ndim == 4 and array.shape[2:] == (17, 3)]
    if len(dets) == len(keypoints) == 1 and len(outputs) == 2:
        return Reading("rtmo", {"dets": dets[0], "keypoints": keypoints[0]})
    return None


def _cells(size: tuple[int, int]) -> np.ndarray:
    """Column, row and stride (A, 3) of the cells of strides 8, 16 and 32."""
    levels = []
    for stride in (8, 16, 32):
        rows, columns = np.mgrid[: size[0] // stride, : size[1] // stride]
        levels.append(np.stack([columns.ravel(), rows.ravel(), np.full(rows.size, stride)], axis=1))
    return np.concatenate(levels)


DETECTION, POSES = "person detection", "pose estimation"
_DETS = "dets (N, K, 5) and labels (N, K)"
_DETR = ModelFormat(
    DETECTION, "rgb", UNIT, (640, 640), False,
    "logits (N, Q, classes) and boxes (N, Q, 4), or labels (N, K), boxes (N, K, 4) and scores (N, K)", _detr,
)  # fmt: skip

PEOPLE: dict[str, ModelFormat] = {
    "yolox": ModelFormat(
        DETECTION, "bgr", AS_IS, (640, 640), True, f"one of (N, A, 5 + classes), or {_DETS}", _yolox
    ),
    "yolo": ModelFormat(
        DETECTION, "rgb", UNIT, (640, 640), True, "one of (N, 4 + classes, A), or of (N, K, 6)", _yolo, "detect"
    ),
    "rtmdet": ModelFormat(
        DETECTION, "bgr", (IMAGENET[0][::-1], IMAGENET[1][::-1]), (640, 640), False, _DETS, _dets_and_labels
    ),
    "rt-detr": _DETR,
    "d-fine": _DETR,
    "rtmpose": ModelFormat(
        POSES, "rgb", IMAGENET, (256, 192), False,
        "simcc_x (N, K, columns) and simcc_y (N, K, rows) of 17, 26 or 133 keypoints", _simcc,
    ),
    "vitpose": ModelFormat(
        POSES, "rgb", IMAGENET, (256, 192), False, "heatmaps (N, K, h, w) of 17, 26 or 133 keypoints", _heatmaps
    ),
    "yolo-pose": ModelFormat(
        POSES, "rgb", UNIT, (640, 640), True, "one of (N, 56, A), or of (N, K, 57)", _yolo_pose, "pose"
    ),
    "rtmo": ModelFormat(
        POSES, "bgr", AS_IS, (640, 640), False, "dets (N, K, 5) and keypoints (N, K, 17, 3)", _rtmo
    ),
}  # fmt: skip
"""Formats of people and their poses, by the names that the command takes."""
