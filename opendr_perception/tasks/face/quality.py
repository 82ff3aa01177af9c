"""Quality of a view of a face: good enough to decide the identity, or to be enrolled."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from opendr_perception.tasks.imaging import Pixels

FACE_PART = slice(20, 130), slice(25, 125)
"""Rows and columns of an aligned image that show the face and not what is behind it."""


@dataclass(frozen=True)
class Quality:
    """Quality of the view of a face.

    Args:
        score: of the detector.
        width: of its box, source pixels.
        sharpness: of the aligned face.
        yaw: rad; NaN when unknown.
        pitch: rad; NaN when unknown.
        contrast: of the aligned face, grey levels.
        blockiness: of the source image around it.
    """

    score: float
    width: float
    sharpness: float
    yaw: float
    pitch: float
    contrast: float
    blockiness: float


@dataclass(frozen=True)
class Gate:
    """Requirements of a view.

    Args:
        score: of the detector at least; what looks little like a face has an embedding that says nothing.
        width: of the box at least, source pixels.
        sharpness: at least.
        yaw: to either side at most, rad.
        pitch: up or down at most, rad.
        contrast: at least, grey levels.
        blockiness: at most.
    """

    score: float
    width: float
    sharpness: float
    yaw: float
    pitch: float
    contrast: float = 0.0
    blockiness: float = np.inf

    def problem(self, quality: Quality) -> str:
        """Reason that keeps a view from passing, in words; '' when it passes."""
        if quality.width < self.width:
            return f"the face is too small: {quality.width:.0f} of {self.width:.0f} pixels"
        if not abs(quality.yaw) <= self.yaw or not abs(quality.pitch) <= self.pitch:
            yaw, pitch = np.rad2deg([quality.yaw, quality.pitch])
            return f"the face is turned away: yaw {yaw:.0f}, pitch {pitch:.0f} degrees"
        if quality.contrast < self.contrast:
            return f"the face is too dark or pale: it has {quality.contrast:.0f} of {self.contrast:.0f} grey levels"
        if quality.blockiness > self.blockiness:
            return (
                f"the image is too coarse, compressed to blocks: {quality.blockiness:.1f} where {self.blockiness:.1f} "
                "is the most; take one of higher quality"
            )
        if quality.sharpness < self.sharpness:
            return f"the face is blurred: sharpness {quality.sharpness:.4f} of {self.sharpness:.4f}"
        if quality.score < self.score:
            return f"it is hardly a face: score {quality.score:.2f} of {self.score:.2f}"
        return ""


TO_DECIDE = Gate(score=0.6, width=32, sharpness=0.003, yaw=np.deg2rad(45), pitch=np.deg2rad(35))
"""Measured on 22 real faces: made smaller or blurred down to this, they stay within 0.42 of themselves."""

TO_ENROL = Gate(
    score=0.7, width=48, sharpness=0.008, yaw=np.deg2rad(35), pitch=np.deg2rad(30), contrast=24, blockiness=1.9
)
"""Stricter, because all later views are compared with it.

Contrast and blockiness were measured on 264 images of the Yale faces (lit from all sides) and the ORL faces. As they
are, none is refused by them. 4, 8 and 16 times darker (embeddings move by up to 0.31, 0.49 and 0.73), 5, 88 and 100 %
are refused; compressed to JPEG quality 30, 20, 10 and 5 (0.23, 0.32, 0.54 and 0.68), 1, 23, 90 and 99 %.
"""

BLURRED, CLEAR = 0.01, 0.02
"""Faces that are less sharp than the first are sharpened to the second before they are embedded.

Of half of the people of ORL, enrolled from sharp images and blurred by 2 % of the face's width, 95 % are known instead
of 89 %, and no stranger is. What is coarse or noisy but not blurred gains nothing, and is left as it is.
"""

RAISED = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
"""Times that edges are added, one after the other."""

CODED_BLOCK = 8
"""Side of the blocks of JPEG, MPEG and H.264, pixels."""

_PART = 256
"""Side of the middle of a face in which blocks are looked for, pixels."""

_EDGE = 16.0
"""Grey levels from which on a step is an edge of what is seen, however much higher."""


def sharpness(aligned: Pixels) -> float:
    """Sharpness of an aligned face (150, 150, 3): variance of its Laplacian over that of its grey levels.

    The ratio does not depend on brightness and contrast. Real faces have 0.01 to 0.3, the same ones blurred by 3 % of
    their width 0.002 to 0.01.
    """
    grey = cv2.cvtColor(aligned, cv2.COLOR_RGB2GRAY)[FACE_PART].astype(np.float32)
    return float(cv2.Laplacian(grey, cv2.CV_32F, ksize=1).var() / (grey.var() + 1))


def sharpened(aligned: Pixels) -> Pixels:
    """A blurred aligned face (150, 150, 3) with its edges added, until it is CLEAR or as often as is sensible."""
    smooth, clear = cv2.GaussianBlur(aligned, (0, 0), 2.0).astype(np.float32), aligned
    for times in RAISED:
        clear = (aligned + times * (aligned - smooth)).clip(0, 255).astype(np.uint8)
        if sharpness(clear) >= CLEAR:
            break
    return clear


def contrast(aligned: Pixels) -> float:
    """Grey levels between the darkest and the brightest twentieth of an aligned face (150, 150, 3)."""
    grey = np.asarray(cv2.cvtColor(aligned, cv2.COLOR_RGB2GRAY)[FACE_PART], np.float32)
    dark, bright = np.percentile(grey, [5, 95])
    return float(bright - dark)


def blockiness(grey: np.ndarray) -> float:
    """Ratio of the steps of grey levels at the borders of coded blocks to those within them; 1 without blocks.

    Args:
        grey: (height, width) uint8, in the resolution in which it was compressed, wherever its blocks begin.
    """
    top, left = (max(0, (side - _PART) // 2) for side in grey.shape)
    part = grey[top : top + _PART, left : left + _PART].astype(np.float32)
    if min(part.shape) < 3 * CODED_BLOCK:
        return 1.0
    at_borders = within = 0.0
    for axis in (0, 1):
        steps = np.minimum(np.abs(np.diff(part, axis=axis)), _EDGE).mean(axis=1 - axis)
        phases = np.array([steps[phase::CODED_BLOCK].mean() for phase in range(CODED_BLOCK)])
        at_borders += phases.max()
        within += (phases.sum() - phases.max()) / (CODED_BLOCK - 1)
    return float(at_borders / (within + 0.25))  # a quarter of a level: in an even image nothing is a border
