"""Messages of hri_msgs from those of this package; coordinates are normalised by the size of the image.

The types are given as the module `hri_msgs.msg`, which is imported at run time.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from types import ModuleType

import numpy as np
from std_msgs.msg import Header

from opendr_perception.msg import BodyPoseArray, Box, Emotion, Face, FaceArray
from opendr_perception.ros.convert.messages import keypoint_array

EXPRESSIONS = {
    "neutral": "neutral",
    "happy": "happy",
    "happiness": "happy",
    "sad": "sad",
    "sadness": "sad",
    "angry": "angry",
    "anger": "angry",
    "surprised": "surprised",
    "surprise": "surprised",
    "disgusted": "disgusted",
    "disgust": "disgusted",
    "fearful": "scared",
    "fear": "scared",
}
"""Words of Expression.msg for labels of networks. It has no contempt: the next probable expression is told then."""
SWAPPED = (*range(14), 15, 14, 17, 16)
"""Keypoints of Skeleton2D in the layout `openpose18`: there the left eye and ear come first, here the right ones."""

POINTS = 70
"""Of FacialLandmarks.msg, which follow dlib and OpenPose; a mouth has 20 there, and none is its middle."""


def topic_id(identifier: str, stream: str) -> str:
    """An id as a part of the names of topics and frames: letters, digits and underscores, with the stream before it."""
    text = re.sub(r"\W", "_", f"{stream}_{identifier}" if stream else identifier, flags=re.ASCII)
    return text if re.match(r"[A-Za-z]", text) else f"i{text}"


def roi(types: ModuleType, header: Header, box: Box, size: tuple[int, int], score: float) -> object:
    """A NormalizedRegionOfInterest2D: the part of a box that is in the image, in [0, 1]."""
    across, down = (
        [min(max(v / length, 0.0), 1.0) for v in pair] for pair, length in zip(_sides(box), size, strict=True)
    )
    return types.NormalizedRegionOfInterest2D(
        header=header, xmin=across[0], ymin=down[0], xmax=across[1], ymax=down[1], c=_share(score)
    )


def skeletons(types: ModuleType, header: Header, message: BodyPoseArray) -> list[object]:
    """A Skeleton2D of 18 keypoints for each pose; those that are not in the image have the confidence 0.

    Raises:
        ValueError: the keypoints are not those of the layout.
    """
    points = keypoint_array(message, "openpose18")[:, list(SWAPPED)]
    places = points[..., :2] / (message.width, message.height)
    inside = np.isfinite(points).all(axis=-1) & (places >= 0).all(axis=-1) & (places <= 1).all(axis=-1)
    point = types.NormalizedPointOfInterest2D
    return [
        types.Skeleton2D(
            header=header,
            skeleton=[
                point(x=float(x), y=float(y), c=_share(float(score))) if seen else point()
                for (x, y), score, seen in zip(place, scores, shown, strict=True)
            ],
        )
        for place, scores, shown in zip(places, points[..., 2], inside, strict=True)
    ]


def landmarks(types: ModuleType, message: FaceArray, face: Face) -> object:
    """A FacialLandmarks: of its 70 points those that are known, the others with the confidence 0."""
    kind, point = types.FacialLandmarks, types.NormalizedPointOfInterest2D
    known = {kind.RIGHT_PUPIL: 0, kind.LEFT_PUPIL: 1, kind.NOSE: 2, kind.RIGHT_EAR: 4, kind.LEFT_EAR: 5}
    found = [point() for _ in range(POINTS)]
    for place, ours in known.items():
        if ours < len(face.landmarks):
            seen = face.landmarks[ours]
            x, y = seen.x / message.width, seen.y / message.height
            if 0 <= x <= 1 and 0 <= y <= 1:
                found[place] = point(x=x, y=y, c=_share(seen.score))
    return kind(header=message.header, landmarks=found, height=message.height, width=message.width)


def expression(types: ModuleType, header: Header, emotion: Emotion, labels: Sequence[str]) -> object | None:
    """An Expression: the most probable one that has a word in hri_msgs; None if there is none."""
    known = [
        (probability, EXPRESSIONS[label])
        for label, probability in zip(labels, emotion.probabilities, strict=False)
        if label in EXPRESSIONS and math.isfinite(probability)
    ]
    if not known:
        return None
    probability, word = max(known)
    return types.Expression(
        header=header,
        expression=word,
        valence=_signed(emotion.valence),
        arousal=_signed(emotion.arousal),
        confidence=_share(probability),
    )


def _sides(box: Box) -> tuple[tuple[float, float], tuple[float, float]]:
    return (box.x_min, box.x_max), (box.y_min, box.y_max)


def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0) if math.isfinite(value) else 0.0


def _signed(value: float) -> float:
    return min(max(value, -1.0), 1.0) if math.isfinite(value) else 0.0
