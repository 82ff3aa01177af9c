"""Orders of the keypoints of a body, and conversions between them."""

from __future__ import annotations

import numpy as np

COCO17 = (
    "nose",
    "left_eye",
    "right_eye",
    "left_ear",
    "right_ear",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
)
"""Names of the keypoints in the layout `coco17`."""

COCO17_LIMBS = (
    (0, 1), (0, 2), (1, 3), (2, 4), (5, 6), (5, 7), (7, 9), (6, 8), (8, 10),
    (5, 11), (6, 12), (11, 12), (11, 13), (13, 15), (12, 14), (14, 16),
)  # fmt: skip
"""Pairs of keypoints that are joined by a line in drawings."""

OPENPOSE18 = (
    "nose",
    "neck",
    "right_shoulder",
    "right_elbow",
    "right_wrist",
    "left_shoulder",
    "left_elbow",
    "left_wrist",
    "right_hip",
    "right_knee",
    "right_ankle",
    "left_hip",
    "left_knee",
    "left_ankle",
    "right_eye",
    "left_eye",
    "right_ear",
    "left_ear",
)
"""Names of the keypoints in the layout `openpose18`; the neck is the middle of the shoulders."""

OPENPOSE18_LIMBS = (
    (1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10),
    (1, 11), (11, 12), (12, 13), (1, 0), (0, 14), (14, 16), (0, 15), (15, 17),
)  # fmt: skip
"""Pairs of keypoints that are joined by a line in drawings."""

LAYOUTS = {"coco17": COCO17, "openpose18": OPENPOSE18}
LIMBS = {"coco17": COCO17_LIMBS, "openpose18": OPENPOSE18_LIMBS}

NECK = OPENPOSE18.index("neck")
_TO_COCO17 = [OPENPOSE18.index(name) for name in COCO17]
_TO_OPENPOSE18 = [COCO17.index(name) if name in COCO17 else 0 for name in OPENPOSE18]
_SHOULDERS = [COCO17.index("left_shoulder"), COCO17.index("right_shoulder")]


def convert(keypoints: np.ndarray, source: str, target: str) -> np.ndarray:
    """Bring keypoints into the order of another layout.

    Only the neck differs: it is the middle of the shoulders, as sure as the less sure one of them. On the way back it
    is left out, so that nothing changes by going there and back.

    Args:
        keypoints: (..., K, 3) x, y, score in the order of `source`.
        source, target: names in LAYOUTS.

    Returns:
        (..., K', 3) of the same dtype, in the order of `target`.

    Raises:
        ValueError: a layout is not known, or the keypoints are not those of `source`.
    """
    for name in (source, target):
        if name not in LAYOUTS:
            raise ValueError(f"unknown layout of keypoints '{name}' (known: {', '.join(LAYOUTS)})")
    if keypoints.shape[-2:] != (len(LAYOUTS[source]), 3):
        raise ValueError(f"keypoints of the layout {source} have the shape {keypoints.shape}")
    if source == target:
        return keypoints
    if target == "coco17":
        return keypoints[..., _TO_COCO17, :]
    converted = keypoints[..., _TO_OPENPOSE18, :]
    shoulders = keypoints[..., _SHOULDERS, :]
    converted[..., NECK, :2] = shoulders[..., :2].mean(axis=-2)
    converted[..., NECK, 2] = shoulders[..., 2].min(axis=-1)
    return converted
