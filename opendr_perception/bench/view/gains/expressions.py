"""Expressions of people, told before and after one move that is chosen by expected gain.

python -m opendr_perception.bench.view.gains.expressions fit DATA/fer2013     the weights of `expectation.py`
python -m opendr_perception.bench.view.gains.expressions FILE DATA/fer2013    answers that are right, written to a file

Real faces with labels (FER2013, its validation part) are fitted with the face mesh and rendered from where the robot
stands, up to 75 degrees beside the front; what the image does not show comes from the other half of the face. So it is
a simulation, of real expressions.
"""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from opendr_perception import zoo
from opendr_perception.active.perception import MIN_PRESENCE, FaceMesh, HeadFit, synthesise
from opendr_perception.active.policies import EXPRESSIONS, ExpectedGain, lacking_of_expression
from opendr_perception.bench.view.gains.looking import ANGLES, SeenScene, SideAnswer, fit, measure, write
from opendr_perception.evaluate.emotion import sets
from opendr_perception.tasks.emotion import ExpressionNet, FaceView
from opendr_perception.tasks.imaging import Image

MODEL = "expression-research"
SIDE = 144
"""Pixels to which the small images are enlarged before the mesh is fitted."""
AHEAD, FARTHEST, SEEN_TO = math.radians(15), math.radians(75), math.radians(85)
"""Of the images; beside that, of first views; from which on nothing is told."""
TRUE_TO = math.radians(6)
"""Standard deviation of the head's angle that the robot knows."""
BOX = np.array([0.06, 0.0, 0.94, 1.0])
"""Of the face in a rendering, in its sides."""
DISTANCE = 2.0
SCENES = 160
EYES = np.array([[0.32, 0.4], [0.68, 0.4], [0.5, 0.6], [0.5, 0.78], [0.1, 0.45], [0.9, 0.45]])
"""Landmarks of an upright face, in its sides: only the eyes count, for how the head leans."""


@dataclass(frozen=True)
class Wearer:
    """A real face: its image, the mesh that fits it, and its expression."""

    image: Image
    fit: HeadFit
    label: str


def wearers(dataset: Path, labels: Sequence[str]) -> Iterator[Wearer]:
    """Faces of FER2013's validation part that look ahead, and that the mesh fits, in an order by chance."""
    mesh = FaceMesh(zoo.session("facemesh", threads=1))
    faces = [face for face in sets.faces_in(dataset, "validation") if face.label in labels]
    for number in np.random.default_rng(5).permutation(len(faces)).tolist():
        grey = cv2.resize(faces[number].image.pixels, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        image = Image(np.repeat(grey.reshape(SIDE, SIDE, 1), 3, axis=2), "rgb8")
        head = mesh.fit(image, np.array([0.1, 0.05, 0.9, 0.95]) * SIDE, EYES * SIDE)
        if head.presence >= MIN_PRESENCE and abs(head.yaw) < AHEAD:
            yield Wearer(image, head, faces[number].label)


class ExpressionJudge:
    """Tells expressions of rendered faces, as the node does, with the trust in each view."""

    def __init__(self) -> None:
        self._net = ExpressionNet(zoo.session(MODEL, threads=1))

    @property
    def labels(self) -> Sequence[str]:
        """Expressions that it knows."""
        return self._net.labels

    def __call__(self, wearer: Wearer, pan: float, random: np.random.Generator) -> SideAnswer:
        """Answer from an angle to the right of where the image was taken, rad."""
        yaw = wearer.fit.yaw - pan
        if abs(yaw) > SEEN_TO:
            return SideAnswer(1 / len(self._net.labels), False)
        pixels = synthesise(wearer.image, wearer.fit, pan).pixels
        view = FaceView(BOX * len(pixels), angles=(yaw + float(random.normal(0, TRUE_TO)), 0.0, 0.0))
        (probabilities,) = self._net([(Image(pixels, "rgb8"), view)]).probabilities
        best = int(np.argmax(probabilities))
        told = float(np.ptp(probabilities)) > 0
        return SideAnswer(float(probabilities[best]), told and self._net.labels[best] == wearer.label)


def seen(dataset: Path, first: int, count: int) -> list[SeenScene]:
    """Scenes from all sides; `first` of the faces are left out."""
    judge = ExpressionJudge()
    scenes = []
    for number, wearer in enumerate(itertools.islice(wearers(dataset, judge.labels), first, first + count)):
        random = np.random.default_rng((first, number))
        pan = float(random.uniform(-FARTHEST, FARTHEST))
        answer = judge(wearer, pan, random)
        yaw = wearer.fit.yaw - pan + float(random.normal(0, TRUE_TO))
        sides = tuple(judge(wearer, pan + angle, random) for angle in ANGLES)
        scenes.append(SeenScene(lacking_of_expression(yaw, answer.confidence), DISTANCE, answer, sides))
    return scenes


def main(what: str, dataset: Path) -> None:
    """Fit, or measure and write."""
    if what == "fit":
        print(np.round(fit(seen(dataset, SCENES, SCENES)), 3).tolist())
        return
    result = measure(seen(dataset, 0, SCENES), ExpectedGain(EXPRESSIONS), "expressions")
    write(Path(what), result)
    print(result)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
