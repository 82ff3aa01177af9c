"""Measures of bodies, taken from the parametric body of the package anny.

`measures.csv` is in the repository; `python -m opendr_perception.training.body.measures` makes it anew, which needs
anny 0.6.2 and takes 5 to 20 minutes.
"""

from __future__ import annotations

import csv
import io
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt

TABLE = "measures.csv"
COUNT = 96
ADULT, CHILD = 1.0, 0.45
"""Ages, as anny counts them from 0 to 1; the younger is about ten years."""

COLUMNS = (
    "height", "thigh", "shin", "upper_arm", "forearm", "half_shoulders", "half_hips", "trunk",
    "nose_forward", "nose_up", "eye_forward", "eye_up", "eye_aside", "ear_forward", "ear_up", "ear_aside",
)  # fmt: skip
"""Metres; of the face from the middle of the shoulders."""

HELD_OUT = 4
"""Every n-th body is kept for the evaluation."""


@cache
def load_bodies() -> npt.NDArray[np.float64]:
    """The measures, (bodies, columns)."""
    text = (files("opendr_perception.training.body") / TABLE).read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    table = np.array([[float(row[column]) for column in COLUMNS] for row in rows])
    table.flags.writeable = False  # all callers share it
    return table


def choose(rng: np.random.Generator, held_out: bool) -> dict[str, float]:
    """The measures of somebody, of those held out or of the others."""
    table = load_bodies()
    number = rng.integers(len(table) // HELD_OUT) * HELD_OUT
    if not held_out:
        number += rng.integers(1, HELD_OUT)
    return dict(zip(COLUMNS, table[number].tolist(), strict=True))


def measure(keypoints: dict[str, npt.NDArray[np.float64]], height: float) -> dict[str, float]:
    """Measures of a body at rest.

    Args:
        keypoints: Places by name; x to the left, y to the back, z up.
        height: Of the body.
    """

    def length(a: str, b: str) -> float:
        return float(np.linalg.norm(keypoints[a] - keypoints[b]))

    shoulders = (keypoints["left_shoulder"] + keypoints["right_shoulder"]) / 2
    hips = (keypoints["left_hip"] + keypoints["right_hip"]) / 2
    measures = {
        "height": height,
        "thigh": length("left_hip", "left_knee"),
        "shin": length("left_knee", "left_ankle"),
        "upper_arm": length("left_shoulder", "left_elbow"),
        "forearm": length("left_elbow", "left_wrist"),
        "half_shoulders": length("left_shoulder", "right_shoulder") / 2,
        "half_hips": length("left_hip", "right_hip") / 2,
        "trunk": float(np.linalg.norm(shoulders - hips)),
    }
    for part, name in (("nose", "nose"), ("eye", "left_eye"), ("ear", "left_ear")):
        aside, back, up = keypoints[name] - shoulders
        measures |= {f"{part}_forward": -float(back), f"{part}_up": float(up), f"{part}_aside": float(aside)}
    return {column: measures[column] for column in COLUMNS}


def make_table(path: Path) -> None:
    """Measure random bodies of anny, and write the table."""
    import anny  # only this needs it
    import torch
    from anny.keypoints import KeypointsRegressor

    from opendr_perception.files import write_text

    model = anny.Anny().to(dtype=torch.float32)
    regressor = KeypointsRegressor.coco(model)
    generator = torch.Generator().manual_seed(0)
    pose = torch.eye(4)[None, None].repeat(1, model.bone_count, 1, 1)
    rows = io.StringIO()
    writer = csv.DictWriter(rows, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for _ in range(COUNT):
        shape = {name: 0.8 * torch.rand(1, generator=generator) + 0.1 for name in model.phenotype_labels}
        shape["age"] = CHILD + (ADULT - CHILD) * torch.rand(1, generator=generator)
        with torch.no_grad():
            output = model(pose_parameters=pose, phenotype_kwargs=shape)
            places = regressor(output)[0].double().numpy()
        z = output["vertices"][0, :, 2]
        measures = measure(dict(zip(regressor.labels, places, strict=True)), float(z.max() - z.min()))
        writer.writerow({name: f"{value:.3f}" for name, value in measures.items()})
    write_text(path, rows.getvalue())


if __name__ == "__main__":
    make_table(Path(__file__).with_name(TABLE))
