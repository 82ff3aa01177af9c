"""Actions of people, told before and after one move that is chosen by expected gain: unknown, so move to the side.

python -m opendr_perception.bench.view.gains.actions fit      the weights of `active/policies/expectation.py`
python -m opendr_perception.bench.view.gains.actions FILE     answers that are right, of others, written to a file

People of random measures repeat one action, half of them behind something that stands between them and the robot. Their
keypoints have the scores and errors of MoveNet, as in the training of the action networks, but these have not seen such
bodies.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from opendr_perception import zoo
from opendr_perception.active.policies import ACTIONS, ExpectedGain, lacking_of_action
from opendr_perception.bench.view.gains.looking import ANGLES, SeenScene, SideAnswer, fit, measure, write
from opendr_perception.tasks.action import ActionMemory, ActionRecogniser, TrackedPoses
from opendr_perception.tasks.body.calibration import curves_of
from opendr_perception.tasks.imaging import PinholeCamera
from opendr_perception.training.action.camera import Viewpoint, observe_people
from opendr_perception.training.action.simulate import Actor, connect
from opendr_perception.training.body.motion import RATE, Body, Floats, Motion

MODEL = "action-open"
KINDS = ("wave", "punch", "kick", "clap", "raise hands", "bend", "walk", "jump")
SECONDS, HERTZ, JUDGED = 5.0, 12.0, 2.0
"""For which an action is looked at, keypoints in each of them, and the last ones in which answers are judged."""
HEIGHT = 1.3
"""m, of the robot's camera."""
ELEVATION = 1.0
"""m, at which the camera looks."""
HIDDEN = 0.5
"""Share of the scenes with something between."""
SCENES, SEED = 80, 9000


class Doing:
    """Somebody who does one thing, seen from places around them; the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        random = np.random.default_rng(seed)
        self.kind = str(random.choice(KINDS))
        motion = _repeated(random, Actor(random, {}), self.kind)
        world = Body.random(random, held_out=True).keypoints(motion)
        self._world = world - np.array([world[..., 0].mean(), 0.0, world[..., 2].mean()])
        self.distance = float(random.uniform(2.5, 4.5))
        self._start = float(random.uniform(-math.pi, math.pi))
        self._thing: tuple[float, float] | None = None
        if random.random() < HIDDEN:
            self._thing = float(random.uniform(0.8, 1.4)), float(random.uniform(-0.6, 0.0))

    def look(self, angle: float, number: int) -> Floats:
        """Keypoints (n, 17, 3) as a network tells them from an angle to the right of the first place, rad."""
        random = np.random.default_rng((self._seed, number))
        at = np.arange(1, round(SECONDS * HERTZ)) / HERTZ
        place = self._place(angle)
        keypoints = observe_people(random, self._world, _looking_at(place), at)
        hidden = self._hidden(place, at)
        shape = hidden.sum()
        keypoints[hidden, 2] *= random.uniform(0.05, 0.4, shape)
        side = float(np.ptp(keypoints[..., 1]))
        keypoints[hidden, :2] += random.normal(0, 0.06 * side, (shape, 2))
        return np.asarray(keypoints)

    def _place(self, angle: float) -> Floats:
        # x forward, y up, z to the right: from above, the robot's own right is against the clock.
        turned = self._start - angle
        return np.array([self.distance * math.cos(turned), HEIGHT, self.distance * math.sin(turned)])

    def _hidden(self, place: Floats, at: Floats) -> np.ndarray:
        """Joints (n, 17) bool that something hides: 0.6 m broad, upright, between the person and the first place."""
        world = self._world[np.minimum((at * RATE).astype(int), len(self._world) - 1)]
        if self._thing is None:
            return np.zeros(world.shape[:2], bool)
        before, edge = self._thing
        towards = np.array([math.cos(self._start), 0.0, math.sin(self._start)])
        across = np.array([-towards[2], 0.0, towards[0]])
        near, far = world @ towards, place @ towards
        share = (before - near) / (far - near)
        crossing = world @ across + share * (place @ across - world @ across)
        return np.asarray((share > 0) & (share < 1) & (crossing > edge) & (crossing < edge + 0.6))


def _repeated(random: np.random.Generator, actor: Actor, kind: str) -> Motion:
    """The same action again and again, for long enough."""
    done: list[Motion] = []
    while sum(map(len, done)) < (SECONDS + 2) * RATE:
        done += actor.act(kind)
    return connect(random, done)[round(0.5 * RATE) : round((SECONDS + 1) * RATE)]


def _looking_at(place: Floats) -> Viewpoint:
    forward = np.array([0.0, ELEVATION, 0.0]) - place
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 1.0, 0.0])
    right /= np.linalg.norm(right)
    return Viewpoint(place, np.stack([right, np.cross(forward, right), forward]), PinholeCamera.assumed(640, 480, 1.2))


class ActionJudge:
    """Tells actions from keypoints, as the node does."""

    def __init__(self) -> None:
        self._recogniser = ActionRecogniser(zoo.session(MODEL, threads=1))
        self._curves = curves_of("movenet-lightning")

    def __call__(self, views: Sequence[Floats], kind: str) -> list[SideAnswer]:
        """Answer for each of several views, all of as many looks, of somebody who does this."""
        memory, tracks = ActionMemory(), [str(k) for k in range(len(views))]
        told: dict[str, list[np.ndarray]] = {track: [] for track in tracks}
        for k, points in enumerate(np.stack(views, 1)):
            (found,) = self._recogniser([TrackedPoses(memory, tracks, points, (k + 1) / HERTZ)])
            for action in found:
                if k >= len(views[0]) - JUDGED * HERTZ:
                    told[action.track].append(action.probabilities)
        return [self._answer(told[track], kind) for track in tracks]

    def _answer(self, told: Sequence[np.ndarray], kind: str) -> SideAnswer:
        if not told:
            return SideAnswer(0.0, False)
        mean = np.mean(told, axis=0)
        best = int(np.argmax(mean))
        return SideAnswer(float(mean[best]), self._recogniser.labels[best] == kind)

    def calibrated(self, keypoints: Floats) -> Floats:
        """Median keypoints (17, 3) of the last looks, with calibrated scores."""
        middle = np.median(keypoints[-round(JUDGED * HERTZ) :], axis=0)
        if self._curves is not None:
            middle[:, 2] = self._curves(middle[:, 2].astype(np.float32))
        return np.asarray(middle)


def seen(seeds: Sequence[int]) -> list[SeenScene]:
    """Scenes from all sides."""
    judge, scenes = ActionJudge(), []
    for seed in seeds:
        scene = Doing(seed)
        views = [scene.look(angle, number) for number, angle in enumerate((0.0, *ANGLES))]
        first, *sides = judge(views, scene.kind)
        missing = lacking_of_action(judge.calibrated(views[0]), first.confidence)
        scenes.append(SeenScene(missing, scene.distance, first, tuple(sides)))
    return scenes


def main(what: str) -> None:
    """Fit, or measure and write."""
    if what == "fit":
        print(np.round(fit(seen(range(SEED + 1000, SEED + 1000 + 2 * SCENES))), 3).tolist())
        return
    result = measure(seen(range(SEED, SEED + 2 * SCENES)), ExpectedGain(ACTIONS), "actions")
    write(Path(what), result)
    print(result)


if __name__ == "__main__":
    main(sys.argv[1])
