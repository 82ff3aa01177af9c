"""The formats of faces that can be imported: detectors, embedders and networks of expressions."""

from __future__ import annotations

import json

import onnx

from opendr_perception.zoo.importing.formats import AS_IS, IMAGENET, Arrays, Change, ModelFormat, Reading

STRIDES = (8, 16, 32)
YUNET = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
"""Kinds of outputs, and numbers of each for a cell."""
FEWEST_DIMENSIONS, MOST_DIMENSIONS = 32, 4096
"""Numbers of an embedding."""
EXPRESSIONS = {
    8: ("angry", "contempt", "disgusted", "fearful", "happy", "neutral", "sad", "surprised"),
    7: ("angry", "disgusted", "fearful", "happy", "neutral", "sad", "surprised"),
}
"""Labels of HSEmotion's networks of so many, in their order."""
AFFECT = 2
"""Numbers for valence and arousal, which networks of several tasks add."""
CROP = {"margin": 1.17, "rise": 0.10}
"""The square as high as the boxes of detectors that were trained on WIDER FACE, around BlazeFace's: see TALLER in
`tasks.face.formats`."""
LOOKED_AT = 8
"""Nodes at the beginning of a graph among which InsightFace looks for its normalisation."""


def _yunet(outputs: Arrays, size: tuple[int, int]) -> Reading | None:
    names = [f"{kind}_{stride}" for kind in YUNET for stride in STRIDES]
    if set(outputs) != set(names):
        return None
    for kind, numbers in YUNET.items():
        for stride in STRIDES:
            if outputs[f"{kind}_{stride}"].shape != (1, _cells(size, stride), numbers):
                return None
    return Reading("yunet", {name: name for name in names}, free_axis=None)


def _scrfd(outputs: Arrays, size: tuple[int, int]) -> Reading | None:
    if len(outputs) != 9:
        return None
    names, taken, changes = list(outputs), {}, {}
    for place, (kind, numbers) in enumerate((("scores", 1), ("distances", 4), ("landmarks", 10))):
        for level, stride in enumerate(STRIDES):
            name = names[3 * place + level]
            shape = (2 * _cells(size, stride), numbers)
            if outputs[name].shape not in (shape, (1, *shape)):
                return None
            taken[f"{kind}_{stride}"] = name
            changes[f"{kind}_{stride}"] = Change(alone=outputs[name].ndim == 2)
    return Reading("scrfd", taken, free_axis=None, changes=changes)


def _retinaface(outputs: Arrays, size: tuple[int, int]) -> Reading | None:
    anchors = sum(2 * -(-size[0] // stride) * -(-size[1] // stride) for stride in STRIDES)
    names = {array.shape: name for name, array in outputs.items()}
    wanted = {"boxes": (1, anchors, 4), "scores": (1, anchors, 2), "landmarks": (1, anchors, 10)}
    if len(outputs) != 3 or set(names) != set(wanted.values()):
        return None
    return Reading("retinaface", {kind: names[shape] for kind, shape in wanted.items()}, free_axis=None)


def _embedding(decoder: str, outputs: Arrays) -> Reading | None:
    """One embedding; AdaFace adds its length before it was made 1."""
    points = [name for name, array in outputs.items() if array.ndim == 2 and array.shape[1] > 1]
    lengths = [name for name, array in outputs.items() if array.shape == (1, 1)]
    if len(points) != 1 or len(points) + len(lengths) != len(outputs):
        return None
    if not FEWEST_DIMENSIONS <= outputs[points[0]].shape[1] <= MOST_DIMENSIONS:
        return None
    return Reading(decoder, {"embedding": points[0]}, free_axis=None)


def _arcface(outputs: Arrays, size: tuple[int, int]) -> Reading | None:
    return _embedding("arcface", outputs) if size[0] == size[1] else None


def _adaface(outputs: Arrays, size: tuple[int, int]) -> Reading | None:
    return _embedding("adaface", outputs) if size[0] == size[1] else None


def _facenet(outputs: Arrays, size: tuple[int, int]) -> Reading | None:
    return _embedding("facenet", outputs) if size[0] == size[1] else None


def _hsemotion(outputs: Arrays, size: tuple[int, int]) -> Reading | None:
    if len(outputs) != 1:
        return None
    [(name, array)] = outputs.items()
    numbers = array.shape[-1]
    labels = EXPRESSIONS.get(numbers) or EXPRESSIONS.get(numbers - AFFECT)
    if array.ndim != 2 or labels is None:
        return None
    taken, changes = {"probabilities": name}, {"probabilities": Change(part=(0, len(labels)), softmax=True)}
    if numbers > len(labels):
        taken["valence_arousal"] = name
        changes["valence_arousal"] = Change(part=(len(labels), numbers))
    metadata = {"labels": json.dumps(labels), "crop": json.dumps(CROP)}
    return Reading("hsemotion", taken, free_axis=None, metadata=metadata, changes=changes)


def _subtracts_and_multiplies(graph: onnx.GraphProto) -> bool:
    """The test by which InsightFace finds networks from MXNet, which take colours as they are."""
    names = [node.name for node in graph.node[:LOOKED_AT]]
    return all(any(name.startswith(starts) for name in names) for starts in (("Sub", "_minus"), ("Mul", "_mul")))


def _cells(size: tuple[int, int], stride: int) -> int:
    return (size[0] // stride) * (size[1] // stride)


DETECTION, EMBEDDING, EXPRESSION = "face detection", "face recognition", "expression recognition"
_MIDDLE = ((127.5,) * 3, (127.5,) * 3)
_MIDDLE_128 = ((127.5,) * 3, (128.0,) * 3)
_ONE = "(N, D) with D of 32 to 4096, of a square image"

FACES: dict[str, ModelFormat] = {
    "yunet": ModelFormat(
        DETECTION, "bgr", AS_IS, (640, 640), False, "cls, obj, bbox and kps of the strides 8, 16 and 32", _yunet
    ),
    "scrfd": ModelFormat(
        DETECTION, "rgb", _MIDDLE_128, (640, 640), False,
        "nine, of 1, 4 and 10 numbers for two candidates of each cell of the strides 8, 16 and 32", _scrfd,
    ),
    "retinaface": ModelFormat(
        DETECTION, "bgr", ((104.0, 117.0, 123.0), (1.0, 1.0, 1.0)), (640, 640), False,
        "boxes (N, A, 4), classes (N, A, 2) and landmarks (N, A, 10) of two anchor boxes a cell", _retinaface,
    ),
    "arcface": ModelFormat(
        EMBEDDING, "rgb", _MIDDLE, (112, 112), False, _ONE, _arcface, normalises=_subtracts_and_multiplies
    ),
    "adaface": ModelFormat(EMBEDDING, "bgr", _MIDDLE, (112, 112), False, _ONE, _adaface),
    "facenet": ModelFormat(EMBEDDING, "rgb", _MIDDLE_128, (160, 160), False, _ONE, _facenet),
    "hsemotion": ModelFormat(
        EXPRESSION, "rgb", IMAGENET, (224, 224), False,
        "scores (N, 7) or (N, 8), with valence and arousal (N, 9) or (N, 10)", _hsemotion,
    ),
}  # fmt: skip
"""By the names that the command takes."""
