"""Whether a view of a face is good enough to say who it is, or to be remembered."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from opendr_perception.tasks.image import Pixels

FACE_PART = slice(20, 130), slice(25, 125)
"""Rows and columns of an aligned picture that show the face and not what is behind it."""


@dataclass(frozen=True)
class Quality:
    """How a face was seen.

    Args:
        score: of the detector.
        width: of its box, source pixels.
        sharpness: of the aligned face.
        yaw: rad; NaN when unknown.
        pitch: rad; NaN when unknown.
    """

    score: float
    width: float
    sharpness: float
    yaw: float
    pitch: float


@dataclass(frozen=True)
class Gate:
    """What a view must have.

    Args:
        score: of the detector at least; what looks little like a face has an embedding that says nothing.
        width: of the box at least, source pixels.
        sharpness: at least.
        yaw: to either side at most, rad.
        pitch: up or down at most, rad.
    """

    score: float
    width: float
    sharpness: float
    yaw: float
    pitch: float

    def problem(self, quality: Quality) -> str:
        """What keeps a view from passing, in words; '' when it passes."""
        if quality.width < self.width:
            return f"the face is too small: {quality.width:.0f} of {self.width:.0f} pixels"
        if not abs(quality.yaw) <= self.yaw or not abs(quality.pitch) <= self.pitch:
            yaw, pitch = np.rad2deg([quality.yaw, quality.pitch])
            return f"the face is turned away: yaw {yaw:.0f}, pitch {pitch:.0f} degrees"
        if quality.sharpness < self.sharpness:
            return f"the face is blurred: sharpness {quality.sharpness:.4f} of {self.sharpness:.4f}"
        if quality.score < self.score:
            return f"it is hardly a face: score {quality.score:.2f} of {self.score:.2f}"
        return ""


TO_DECIDE = Gate(score=0.6, width=32, sharpness=0.003, yaw=np.deg2rad(45), pitch=np.deg2rad(35))
"""Measured on 22 real faces: made smaller or blurred down to this, they stay within 0.42 of themselves."""

TO_ENROL = Gate(score=0.7, width=48, sharpness=0.008, yaw=np.deg2rad(35), pitch=np.deg2rad(30))
"""Stricter, because all later views are compared with it."""


def sharpness(aligned: Pixels) -> float:
    """How sharp an aligned face (150, 150, 3) is: variance of its Laplacian over that of its grey levels.

    The ratio does not depend on brightness and contrast. Real faces have 0.01 to 0.3, the same ones blurred by 3 % of
    their width 0.002 to 0.01.
    """
    grey = cv2.cvtColor(aligned, cv2.COLOR_RGB2GRAY)[FACE_PART].astype(np.float32)
    return float(cv2.Laplacian(grey, cv2.CV_32F, ksize=1).var() / (grey.var() + 1))
