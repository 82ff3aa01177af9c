"""Small data sets of drawn faces, in the layouts of the real ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from opendr_perception.tasks.face.formats import DIMENSIONS
from opendr_perception.tasks.face.gallery import THRESHOLD
from opendr_perception.training.emotion.expression.data import LABELS, RAF_DB
from opendr_perception.training.view.data import PAN_STEP, PANS, Table
from opendr_perception.training.view.simulate import TableWorld


def draw_face(path: Path, label: int, serial: int, size: int) -> None:
    """A smiley, the mouth of which tells the expression."""
    rng = np.random.default_rng((label, serial))
    image = np.full((size, size, 3), rng.integers(60, 200, 3), np.uint8)
    middle, radius = size // 2, size // 3
    cv2.circle(image, (middle, middle), radius, (150, 200, 240), -1)
    for side in (-1, 1):
        cv2.circle(image, (middle + side * radius // 2, middle - radius // 3), max(1, size // 24), (30, 30, 30), -1)
    mouth = (middle, middle + radius // 2), (radius // 2, radius // 4)
    cv2.ellipse(image, *mouth, 0, 45 * label, 45 * label + 180, (30, 30, 200), max(1, size // 32))
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image)


SHOWN = (0, 1, 3, 7)
"""The expressions in the small AffectNet."""


@pytest.fixture
def affectnet(tmp_path: Path) -> Path:
    """Two faces of some expressions to learn from and one to measure with, and some that show none."""
    root = tmp_path / "AffectNet"
    for part, count in (("train_set", 2), ("val_set", 1)):
        for label in (*SHOWN, len(LABELS)):
            for serial in range(count):
                name = str(10 * label + serial)
                draw_face(root / part / "images" / f"{name}.jpg", label, serial, 128)
                (root / part / "annotations").mkdir(exist_ok=True)
                for kind, value in (("exp", label), ("val", label / 8 - 0.5), ("aro", -0.25)):
                    np.save(root / part / "annotations" / f"{name}_{kind}.npy", str(value))
    return root


@pytest.fixture
def fer_plus(tmp_path: Path) -> Callable[[str, list[list[int]]], Path]:
    """Write a part with the votes of each face."""

    def write(part: str, votes: list[list[int]]) -> Path:
        folder = tmp_path / "FERPlus" / part
        lines = []
        for number, row in enumerate(votes):
            draw_face(folder / f"fer{number:07d}.png", 0, number, 48)
            lines.append(f'fer{number:07d}.png,"(0, 0, 48, 48)",' + ",".join(map(str, row)))
        (folder / "label.csv").write_text("\n".join(lines) + "\n")
        return folder.parent

    return write


@pytest.fixture
def raf_db(tmp_path: Path) -> Path:
    """One face of each class in each part."""
    root = tmp_path / "RAF-DB"
    lines = []
    for part in ("train", "test"):
        for number, label in enumerate(RAF_DB, 1):
            draw_face(root / "Image" / "aligned" / f"{part}_{number:05d}_aligned.jpg", label, 0, 100)
            lines.append(f"{part}_{number:05d}.jpg {number}")
    (root / "EmoLabel").mkdir()
    (root / "EmoLabel" / "list_patition_label.txt").write_text("\n".join(lines) + "\n")
    return root


@pytest.fixture
def views() -> TableWorld:
    """Two scenes with one of three people, who is recognised well from the front and not from the side. In the second
    a thing stands before the nearer views, and no face is found more than 60 degrees from the front."""
    pans = (np.arange(PANS) - PANS // 2) * PAN_STEP
    distances = np.array([4.0, 3.0, 2.25])
    grid = len(distances), PANS
    gallery = np.eye(3, DIMENSIONS, dtype=np.float32)
    embeddings = np.zeros((*grid, DIMENSIONS), np.float32)
    embeddings[..., 0] = 1 - THRESHOLD * (0.1 + 1.6 * np.abs(np.sin(pans)))
    boxes = np.tile(np.array([450.0, 330, 510, 390], np.float32), (*grid, 1))
    landmarks = np.tile(np.array([480.0, 360], np.float32), (*grid, 6, 1))
    measured = np.repeat(distances[:, None], PANS, 1)
    tables = []
    for covered in (False, True):
        clearance = np.full(grid, np.inf)
        clearance[1:] = 0.2 if covered else np.inf
        found = np.ones(grid, bool)
        found[:, np.abs(pans) > np.pi / 3] = not covered
        start = np.array([0, PANS // 2])
        parts = found, boxes, landmarks, measured, embeddings, clearance
        tables.append(Table(np.array(0), distances, pans, start, np.array(covered), *parts))
    return TableWorld(tables, gallery, np.arange(3))
