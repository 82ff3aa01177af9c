"""Gain of active perception: policies that choose views, beside those that do not, in the same simulated scenes."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

from opendr_perception import zoo
from opendr_perception.active.control import FREE, Limits, Move
from opendr_perception.active.identification import Goal, Outcome, identify
from opendr_perception.active.perception import UNKNOWN, FaceObservation, RangeOnly, Recognition, belief, recognise
from opendr_perception.active.policies import STEP, Decision, Persistent, Policies, RandomWalk, ViewPolicy
from opendr_perception.bench.harness.extent import Extent
from opendr_perception.bench.harness.figure import Figure
from opendr_perception.bench.view.embedding import EmbeddingPolicy
from opendr_perception.bench.view.explorer import EpisodeCosts, SimulatedExplorer
from opendr_perception.bench.view.figures import Episode, figures
from opendr_perception.bench.view.still import answers
from opendr_perception.engine.session import Session
from opendr_perception.sim.scene import ROOMS, Light, Scene, distance, facing, occlude
from opendr_perception.sim.world import SimulatedCamera, World
from opendr_perception.tasks.face import FaceDetector, FaceEmbedder, Gallery, align, fingerprint
from opendr_perception.tasks.imaging import Image, Pixels

CAMERA = SimulatedCamera(960, 720, math.radians(60.0), above=1.55)
COMPARED = ("static", "random", "rule", "occlusion", "synthesis", "reinforcement", "auto")
STRANGERS = 4
"""Of the simulated people, who are not enrolled."""
ENROLLED_FROM = (-15, 0, 15)
"""Degrees around a person, 1.2 m away, in a light and a room of their own."""
NEAREST, FARTHEST = 1.0, 8.0
"""m, of the first view."""
OCCLUDED = 0.3
"""Share of scenes with something before the face."""
ORACLE_DISTANCES = (1.5, 2.5, 4.0)
"""m, of the views that the oracle knows, beside those from where the robot stands."""
ORACLE_PANS = [math.radians(degrees) for degrees in (0, -15, 15, -30, 30, -45, 45, -60, 60, -75, 75, -90, 90)]
CERTAIN = 0.95
GOAL = Goal(confidence=0.35, max_moves=6, max_pan=math.radians(90), max_travel=10.0)
EPISODES, QUICK = 200, 8


class CountingRecogniser:
    """Recognises by a gallery in memory, and counts."""

    def __init__(self, embedder: FaceEmbedder, gallery: Gallery) -> None:
        self._embedder, self._gallery = embedder, gallery
        self.count = 0

    def __call__(self, crops: Sequence[Pixels]) -> list[Recognition]:
        self.count += len(crops)
        return recognise(self._gallery, self._embedder(crops))


class TimedPolicy:
    """A policy, and how long its decisions take."""

    def __init__(self, policy: ViewPolicy) -> None:
        self._policy = policy
        self.times: list[float] = []

    def begin(self) -> None:
        self._policy.begin()

    def decide(self, views: Sequence[FaceObservation]) -> Decision:
        started = time.perf_counter()
        decision = self._policy.decide(views)
        self.times.append(time.perf_counter() - started)
        return decision


class TimedPersistentPolicy(TimedPolicy):
    """The same of one that does not give up."""

    def __init__(self, policy: Persistent) -> None:
        super().__init__(policy)
        self._persistent = policy

    def search(self, glimpse: RangeOnly) -> Decision:
        return self._persistent.search(glimpse)

    def blocked(self, move: Move) -> None:
        self._persistent.blocked(move)


class ViewSetUp:
    """The world, the models and the people who are enrolled.

    Args:
        robot: of the world.
    """

    def __init__(self, robot: str = "holonomic") -> None:
        self.world = World(robot, CAMERA, rate=20.0)
        self.names = sorted(self.world.people)
        self.detector = FaceDetector(self.load("blazeface"), tile_size=320)
        session = self.load("face-embedding")
        self.model, self.embedder = fingerprint("face-embedding", session), FaceEmbedder(session)
        self.recogniser = CountingRecogniser(self.embedder, self._enrol())
        self.explorer = SimulatedExplorer(self.world, self.detector, self.recogniser, Limits())
        self.makers = Policies(self.recogniser, cache(self.load), flies=robot == FREE)
        embedding = _always(EmbeddingPolicy.trained(self.embedder))
        self._policies = {**self.policies(self.makers), "embedding": embedding}

    @staticmethod
    def load(model: str) -> Session:
        return zoo.session(model)

    @property
    def enrolled(self) -> Sequence[str]:
        return self.names[:-STRANGERS]

    def _enrol(self) -> Gallery:
        gallery = Gallery(self.model)
        for name in self.names[:-STRANGERS]:
            crops = []
            for degrees in ENROLLED_FROM:
                scene = facing(name, 1.2, math.radians(degrees), room=ROOMS["hall"])
                seen = self.world.reset(scene).image
                assert seen is not None
                image = Image(np.ascontiguousarray(seen), "rgb8")
                (faces,) = self.detector([image])
                crops += [align(image, landmarks) for landmarks in faces.landmarks[:1]]
            gallery = gallery.with_samples(name, [f"{name}/{k}" for k in range(len(crops))], self.embedder(crops))
        return gallery

    def scene(self, seed: int) -> Scene:
        """One person somewhere, in some light, maybe behind something; the same for the same seed."""
        random = np.random.default_rng(seed)
        light = Light(
            random.uniform(-math.pi, math.pi),
            random.uniform(0.5, 1.3),
            random.uniform(0.4, 0.8),
            random.uniform(0.35, 0.6),
        )
        room = ROOMS[str(random.choice(["lab", "living_room"]))]
        away, pan = random.uniform(NEAREST, FARTHEST), random.uniform(-math.pi / 2, math.pi / 2)
        scene = facing(str(random.choice(self.names)), min(away, 3.4), pan, light=light, room=room)
        if away > 3.4:  # the walls of these rooms are nearer than that
            scene = facing(scene.people[0].name, away, pan, light=light, room=ROOMS["hall"])
        if random.random() < OCCLUDED:
            side, thing = str(random.choice(["left", "right"])), str(random.choice(["board", "plant", "box"]))
            scene = occlude(scene, side, random.uniform(0.2, 0.6), random.uniform(0.3, 0.6), thing)
        return scene

    def run(
        self, policy: ViewPolicy, seed: int, scene: Scene | None = None, goal: Goal = GOAL
    ) -> tuple[Episode, Outcome]:
        """One episode, by default in the scene of its seed."""
        scene = scene or self.scene(seed)
        timed = TimedPersistentPolicy(policy) if isinstance(policy, Persistent) else TimedPolicy(policy)
        self.explorer.begin(scene, seed)
        before = self.recogniser.count
        early: list[FaceObservation] = []
        first: list[FaceObservation] = []

        def note(phase: str, view: FaceObservation | None, moves: int) -> None:
            if phase == "deciding" and view is not None and moves <= 2:
                early.append(view)
                first.extend([view] if moves == 0 else [])

        outcome = identify(self.explorer, timed, goal, note, self.makers.examine)
        truth = self.truth(scene)
        episode = Episode(
            right=outcome.identity == truth,
            right_after_two=Outcome(tuple(early), 2, "").identity == truth,
            occluded=bool(scene.things),
            known=truth != UNKNOWN,
            good_at_first=any(_good(view.recognition, truth) for view in first),
            moves=outcome.moves,
            embeddings=self.recogniser.count - before,
            times=tuple(timed.times),
            costs=self.explorer.costs,
        )
        return episode, outcome

    def compare(self, seed: int) -> dict[str, Episode]:
        """The same scene under every policy, and with all that can be seen of it."""
        episodes = {name: self.run(make(seed), seed)[0] for name, make in self._policies.items()}
        return {**episodes, **self.stay(seed), "oracle": self.best(seed)}

    def stay(self, seed: int) -> dict[str, Episode]:
        """Answers by the first image alone, and by what is rendered from it."""
        scene = self.scene(seed)
        self.explorer.begin(scene, seed)
        seen = self.explorer.look()
        view = seen if isinstance(seen, FaceObservation) else None
        said = answers(view, self.makers.mesh, self.recogniser)
        return {name: self._still(scene, who == self.truth(scene), count) for name, (who, count) in said.items()}

    def truth(self, scene: Scene) -> str:
        """Ground truth of a scene."""
        name = scene.people[0].name
        return name if name in self.enrolled else UNKNOWN

    def best(self, seed: int) -> Episode:
        """Answer of an oracle that has seen the person from everywhere, by the best view."""
        scene = self.scene(seed)
        truth = self.truth(scene)
        self.explorer.begin(scene, seed)
        away, start = distance(scene.robot, scene.people[0].pose), self.explorer.pan
        before, surest = self.recogniser.count, 0.0
        for goal in sorted({away, *(d for d in ORACLE_DISTANCES if d < away)}):
            for pan in ORACLE_PANS:
                if surest < CERTAIN and abs(pan - start) <= GOAL.max_pan:
                    view = self.explorer.preview(away - goal, pan - start)
                    surest = max(surest, belief([view])[truth] if view is not None else 0.0)
        return self._still(scene, surest > 0.5, self.recogniser.count - before)

    def _still(self, scene: Scene, right: bool, embeddings: int) -> Episode:
        """Episode without a move."""
        known = self.truth(scene) != UNKNOWN
        return Episode(right, right, bool(scene.things), known, False, 0, embeddings, (), EpisodeCosts())

    @staticmethod
    def policies(makers: Policies) -> dict[str, Callable[[int], ViewPolicy]]:
        """A policy for the episode of each seed: those that users get, but chance is the same for the same seed."""
        made = {name: makers.get(name) for name in COMPARED}
        return {
            **{name: _always(policy) for name, policy in made.items()},
            "random": lambda seed: RandomWalk(STEP, np.random.default_rng(seed)),
        }


def _always(policy: ViewPolicy) -> Callable[[int], ViewPolicy]:
    return lambda seed: policy


def _good(recognition: Recognition, truth: str) -> bool:
    return recognition.identity == truth and recognition.confidence > GOAL.confidence


def active(extent: Extent) -> list[Figure]:
    """Accuracy of every policy over the same episodes, and what it cost."""
    laboratory = ViewSetUp()
    episodes = extent.pick(EPISODES, QUICK, 1)
    results: dict[str, list[Episode]] = {}
    for seed in range(episodes):
        for name, episode in laboratory.compare(seed).items():
            results.setdefault(name, []).append(episode)
        if extent is Extent.FULL:
            print(f"active: {seed + 1} of {episodes} scenes", file=sys.stderr, flush=True)
    return list(figures(results))
