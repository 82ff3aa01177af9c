"""Calibration of keypoint scores by joint on films of rendered people, whose joints are known: how often each is right.

    python -m opendr_perception.training.activity.keypoints movenet-lightning movenet-thunder

A keypoint is right when it is less than RIGHT from the joint, hidden or not, and the joint is in the image. A curve of
two numbers for each joint [Platt 1999] is fitted on people, motions, cameras and rooms of the training, and tried on
those that are held out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import numpy.typing as npt
import typer
from scipy.optimize import minimize

from opendr_perception import zoo
from opendr_perception.evaluate.measures import calibration_error
from opendr_perception.files import write_text
from opendr_perception.tasks.body import PoseEstimator, calibration, layouts
from opendr_perception.tasks.imaging import Image, Pixels
from opendr_perception.tasks.nms import Detections
from opendr_perception.training.activity.bodies import clouds
from opendr_perception.training.activity.data import cast
from opendr_perception.training.activity.simulate import posed
from opendr_perception.training.body.motion import Floats
from opendr_perception.training.common.command import run_command

RIGHT = 0.10
"""m, at the size of the person."""
SIDE, FRAMES = 256, 6
"""Pixels of the images, and images of a film."""
POINTS = 30_000
"""Of each person, so that nothing is seen through them."""
CUT = 0.4
"""Share of images that are cut through the person."""
SMALLEST, LARGEST = 40, 400
"""Pixels of the height of the people."""
ROOM = 0.06
"""By which a box is larger than the keypoints of its person, in its longer side."""
PRIOR = 1.0
"""Weight of the curve that changes nothing, in pairs of keypoints."""


@dataclass(frozen=True, eq=False)
class ScoredKeypoints:
    """Keypoints of one network: scores (n, 17), and which are right (n, 17)."""

    scores: Floats
    right: npt.NDArray[np.bool_]


def collect(models: Sequence[str], films: int, held_out: bool, seed: int) -> dict[str, ScoredKeypoints]:
    """Let networks look at rendered people."""
    rng = np.random.default_rng(seed)
    those = replace(cast(held_out), people=clouds(POINTS, held_out))
    networks = {name: PoseEstimator(lambda images: [], zoo.session(name, threads=1)) for name in models}
    found: dict[str, list[tuple[Floats, Floats]]] = {name: [] for name in models}
    for _ in range(films):
        images, places, metre = posed(rng, those, FRAMES, SIDE)
        for pixels, joints, scale in zip(images, places, metre, strict=True):
            view, truth = _cut(rng, pixels, joints)
            size = np.array([view.shape[1], view.shape[0]])
            inside = ((truth >= 0) & (truth < size)).all(axis=1)
            if not inside.any() or not SMALLEST <= np.ptp(truth[:, 1]) <= LARGEST:
                continue
            low, high = truth[inside].min(0), truth[inside].max(0)
            room = ROOM * (high - low).max() + 1
            box = np.clip(np.concatenate([low - room, high + room]), 0, np.tile(size, 2)).astype(np.float32)
            people = Detections(box[None], np.ones(1, np.float32))
            for name, network in networks.items():
                [poses] = network.of([Image(view, "rgb8")], [people])
                keypoints = poses.keypoints[0]
                off = np.linalg.norm(keypoints[:, :2] - truth, axis=1) / scale
                found[name].append((keypoints[:, 2], (off < RIGHT) & inside))
    return {
        name: ScoredKeypoints(np.array([s for s, _ in rows], float), np.array([r for _, r in rows], bool))
        for name, rows in found.items()
    }


def _cut(rng: np.random.Generator, pixels: Pixels, joints: Floats) -> tuple[Pixels, Floats]:
    """An image, or a part of it that ends within the person."""
    if rng.random() >= CUT:
        return pixels, joints
    low, high = np.clip(joints.min(0), 0, SIDE), np.clip(joints.max(0), 0, SIDE)
    axis, side = int(rng.random() < 0.6), rng.random() < 0.7
    at = int(low[axis] + (high[axis] - low[axis]) * rng.uniform(0.3, 0.9))
    begin, end = (0, max(at, 32)) if side else (min(at, SIDE - 32), SIDE)
    part = pixels[begin:end] if axis else pixels[:, begin:end]
    moved = joints.copy()
    moved[:, axis] -= begin
    return np.ascontiguousarray(part), moved


def fit(seen: ScoredKeypoints) -> Floats:
    """Slope and offset (17, 2) of each joint."""
    return np.array([_fit_joint(seen.scores[:, k], seen.right[:, k]) for k in range(seen.scores.shape[1])])


def _fit_joint(scores: Floats, right: npt.NDArray[np.bool_]) -> Floats:
    logits = calibration.logit(scores)

    def loss(curve: Floats) -> float:
        z = curve[0] * logits + curve[1]
        likelihood = np.logaddexp(0, -z[right]).sum() + np.logaddexp(0, z[~right]).sum()
        return float(likelihood + PRIOR * ((curve[0] - 1) ** 2 + curve[1] ** 2))

    return np.asarray(minimize(loss, [1.0, 0.0], bounds=[(0.05, 5.0), (-6.0, 6.0)]).x)


def near_half(scores: Floats, right: npt.NDArray[np.bool_]) -> tuple[float, int]:
    """Share of keypoints scored 0.4 to 0.6 that are right, and their number."""
    chosen = (scores >= 0.4) & (scores < 0.6)
    return (float(right[chosen].mean()) if chosen.any() else float("nan")), int(chosen.sum())


def main(
    models: Annotated[list[str], typer.Argument(help="Networks of the zoo.")],
    films: Annotated[int, typer.Option(help="Rendered films to fit to.")] = 80,
    tests: Annotated[int, typer.Option(help="Rendered films of others to try it on.")] = 50,
    seed: Annotated[int, typer.Option(help="Of both.")] = 1,
    output: Annotated[Path, typer.Option(help="File of the curves.")] = Path("build/score_curves.json"),
) -> None:
    """Fit curves and write them."""
    cv2.setNumThreads(1)
    learned, tried = collect(models, films, False, seed), collect(models, tests, True, seed + 1)
    written: dict[str, dict[str, list[float]]] = {}
    for name in models:
        curves = fit(learned[name]).round(3)
        seen = tried[name]
        after = calibration.ScoreCurves(curves)(seen.scores)
        written[name] = {joint: list(curve) for joint, curve in zip(layouts.COCO17, curves.tolist(), strict=True)}
        for what, scores in (("as it is", seen.scores), ("calibrated", after)):
            half, number = near_half(scores, seen.right)
            error = calibration_error(scores.ravel(), seen.right.ravel())
            print(
                f"{name}, {what}: {seen.scores.size} keypoints, {seen.right.mean():.3f} right, mean score "
                f"{scores.mean():.3f}; scored 0.4 to 0.6: {half:.3f} of {number} right; scored 0.2 and more: "
                f"{seen.right[scores >= 0.2].mean():.3f} right; error {error:.3f}"
            )
    output.parent.mkdir(parents=True, exist_ok=True)
    write_text(output, json.dumps(written, indent=1) + "\n")


if __name__ == "__main__":
    run_command(main)
