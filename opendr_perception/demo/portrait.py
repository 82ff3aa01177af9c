"""A camera that moves over a portrait, and the gallery that knows who it shows."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np

from opendr_perception.tasks.imaging import read_image

FRAMES = 120
SIZE = (640, 480)
"""Width and height of a frame in pixels."""


def film_portrait(portrait: Path, folder: Path) -> Path:
    """Write a folder of images, as of a camera that moves around in front of the portrait, once and back again.

    Raises:
        ValueError: it is no image.
        OSError: it cannot be written.
    """
    image = read_image(portrait).pixels
    folder.mkdir(parents=True)
    height, width = image.shape[:2]
    for k, angle in enumerate(np.linspace(0, 2 * np.pi, FRAMES, endpoint=False)):
        zoom = SIZE[1] / height * (1.25 + 0.25 * np.cos(angle))
        shift = (SIZE[0] - width) / 2 + 60 * np.sin(angle), (SIZE[1] - height) / 2 + 60 + 30 * np.cos(angle)
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), 6 * np.sin(2 * angle), zoom)
        turn = np.column_stack([turn[:, :2], turn[:, 2] + shift])
        view = cv2.warpAffine(image, turn, SIZE, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT)
        cv2.imwrite(str(folder / f"{k}.png"), view)
    return folder


def enrol(portrait: Path, name: str, gallery: Path) -> Path:
    """Make a gallery that knows one person from one image."""
    (gallery / name).mkdir(parents=True)
    shutil.copy(portrait, gallery / name)
    return gallery
