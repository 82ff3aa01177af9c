"""What moving is worth: policies that choose views, beside those that do not, in the same simulated scenes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from opendr_perception import zoo
from opendr_perception.active.auto import AutoPolicy
from opendr_perception.active.baselines import Oracle, RandomWalk, RuleBased, Static
from opendr_perception.active.face_mesh import FaceMesh
from opendr_perception.active.identification import Goal, Outcome, identify
from opendr_perception.active.occlusion import OcclusionNetworks, OcclusionPolicy
from opendr_perception.active.policy import Decision, Recognition, View, ViewPolicy
from opendr_perception.active.recognition import recognise
from opendr_perception.active.reinforcement import ReinforcementPolicy
from opendr_perception.active.safety import Limits
from opendr_perception.active.synthesis import RenderedConfidence, SynthesisPolicy
from opendr_perception.bench.figure import Figure, smaller_is_better
from opendr_perception.bench.simulated_explorer import Costs, SimulatedExplorer
from opendr_perception.engine.session import Session
from opendr_perception.sim.scene import ROOMS, Light, Scene, facing, occlude
from opendr_perception.sim.world import Camera, World
from opendr_perception.tasks.face import FaceDetector
from opendr_perception.tasks.face_geometry import align
from opendr_perception.tasks.face_views import FaceEmbedder
from opendr_perception.tasks.gallery import Gallery
from opendr_perception.tasks.image import Image, Pixels

CASE = "active"
CAMERA = Camera(960, 720, math.radians(60.0), above=1.55)
STEP = math.radians(15)
STRANGERS = 4
"""Of the simulated people, who are not enrolled."""
ENROLLED_FROM = (-15, 0, 15)
"""Degrees around a person, 1.2 m away, in a light and a room of their own."""
NEAREST, FARTHEST = 1.0, 5.0
"""m, of the first view. Farther away the detector finds no face in these pictures to decide by."""
OCCLUDED = 0.3
"""Share of scenes with something before the face."""
GOAL = Goal(confidence=0.35, max_moves=6, max_pan=math.radians(90), max_travel=8.0)
EPISODES, QUICK = 200, 12


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

    def decide(self, views: Sequence[View]) -> Decision:
        started = time.perf_counter()
        decision = self._policy.decide(views)
        self.times.append(time.perf_counter() - started)
        return decision


@dataclass(frozen=True)
class Episode:
    """One scene under one policy."""

    right: bool
    occluded: bool
    known: bool
    good_at_first: bool
    moves: int
    embeddings: int
    costs: Costs


class Laboratory:
    """The world, the models and the people who are enrolled."""

    def __init__(self) -> None:
        self.world = World(camera=CAMERA, rate=20.0)
        self.names = sorted(self.world.people)
        self.detector = FaceDetector(self.load("blazeface"), tile_size=320)
        self.embedder = FaceEmbedder(self.load("face-embedding"))
        self.recogniser = CountingRecogniser(self.embedder, self._enrol())
        self.explorer = SimulatedExplorer(self.world, self.detector, self.recogniser, Limits())

    @staticmethod
    def load(model: str) -> Session:
        return Session(zoo.require(model).path)

    @property
    def enrolled(self) -> Sequence[str]:
        return self.names[:-STRANGERS]

    def _enrol(self) -> Gallery:
        gallery = Gallery("simulated")
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

    def run(self, policy: ViewPolicy, seed: int) -> tuple[Episode, Outcome]:
        """One episode."""
        scene = self.scene(seed)
        self.explorer.begin(scene, seed)
        before = self.recogniser.count
        outcome = identify(self.explorer, policy, GOAL)
        name = scene.people[0].name
        known = name in self.enrolled
        first = outcome.views[0].recognition if outcome.views else None
        episode = Episode(
            right=outcome.identity == (name if known else ""),
            occluded=bool(scene.things),
            known=known,
            good_at_first=first is not None and first.identity == name and first.confidence > GOAL.confidence,
            moves=outcome.moves,
            embeddings=self.recogniser.count - before,
            costs=self.explorer.costs,
        )
        return episode, outcome

    def policies(self) -> dict[str, Callable[[int], ViewPolicy]]:
        """A policy for the episode of each seed."""
        mesh = FaceMesh(self.load("facemesh"))
        synthesis = RenderedConfidence(mesh, self.recogniser)
        networks = OcclusionNetworks(
            self.load("face-features"), self.load("occlusion-direction"), self.load("occlusion-ratio")
        )
        learned = ReinforcementPolicy(self.load("view-policy"))
        return {
            "static": lambda seed: Static(),
            "random": lambda seed: RandomWalk(STEP, np.random.default_rng(seed)),
            "rule": lambda seed: RuleBased(),
            "occlusion": lambda seed: OcclusionPolicy(networks),
            "synthesis": lambda seed: SynthesisPolicy(synthesis),
            "auto": lambda seed: AutoPolicy(OcclusionPolicy(networks), SynthesisPolicy(synthesis)),
            "reinforcement": lambda seed: learned,
            "oracle": self._oracle,
        }

    def _oracle(self, seed: int) -> ViewPolicy:
        name = self.scene(seed).people[0].name
        if name not in self.enrolled:
            return Static()
        cache: dict[int, float] = {}

        def confidence(pan: float) -> float:
            place = round(pan / STEP)
            if place not in cache:
                here = round(self.explorer.turned / STEP)
                view = self.explorer.preview((place - here) * STEP)
                right = view is not None and view.recognition.identity == name
                cache[place] = view.recognition.rank if right and view is not None else -math.inf
            return cache[place]

        return Oracle(STEP, confidence)


def active(quick: bool) -> list[Figure]:
    """Accuracy of every policy over the same episodes, and what it cost."""
    laboratory = Laboratory()
    seeds = range(QUICK if quick else EPISODES)
    results: dict[str, list[Episode]] = {}
    times: dict[str, list[float]] = {}
    for name, make in laboratory.policies().items():
        results[name], times[name] = [], []
        for seed in seeds:
            policy = TimedPolicy(make(seed))
            results[name].append(laboratory.run(policy, seed)[0])
            times[name] += policy.times
    return list(figures(results, times))


def figures(results: dict[str, list[Episode]], times: dict[str, list[float]]) -> Iterator[Figure]:
    """What is shown of the episodes and the times of decisions, s, of each policy."""
    share = {name: _share([episode.right for episode in episodes]) for name, episodes in results.items()}
    for name, episodes in results.items():
        low, high = interval(sum(episode.right for episode in episodes), len(episodes))
        text = f"right names, {name}, {len(episodes)} scenes (95 % interval {low:.0f} to {high:.0f})"
        yield Figure(CASE, text, "%", share[name], share["static"], "static", None, None, None)
        yield _mean(f"moves, {name}", "", [episode.moves for episode in episodes])
        yield _mean(f"way, {name}", "m", [episode.costs.travelled for episode in episodes])
        yield _mean(f"time of driving, {name}", "s", [episode.costs.seconds for episode in episodes])
        yield _mean(f"embeddings, {name}", "", [episode.embeddings for episode in episodes])
    gain, below = share["auto"] - share["static"], share["oracle"] - share["auto"]
    yield Figure(CASE, "auto minus static", "points", gain, None, "", None, 15, gain >= 15)
    yield smaller_is_better(CASE, "oracle minus auto", "points", below, 8)
    chance = share["auto"] - share["random"]
    yield Figure(CASE, "auto minus random", "points", chance, None, "", None, 5, chance >= 5)
    yield smaller_is_better(
        CASE,
        "moves of auto when the first view is good",
        "",
        _mean_of([e.moves for e in results["auto"] if e.good_at_first]),
        0,
    )
    yield from _recovered(results["auto"])
    for name, target in (("synthesis", 150.0), ("occlusion", 40.0), ("reinforcement", 5.0)):
        if times.get(name):
            yield smaller_is_better(
                CASE, f"decision, {name}, median", "ms", float(np.median(times[name])) * 1e3, target
            )
    every = [episode for episodes in results.values() for episode in episodes]
    yield smaller_is_better(
        CASE, "episodes with contacts, all policies", "", sum(bool(e.costs.contacts) for e in every), 0
    )
    yield smaller_is_better(
        CASE, "commands beyond the limits, all policies", "", sum(e.costs.violations for e in every), 0
    )


def _recovered(episodes: Sequence[Episode]) -> Iterator[Figure]:
    """How well covered faces of enrolled people are named, beside faces that nothing covers."""
    known = [episode for episode in episodes if episode.known]
    covered = [episode.right and episode.moves <= 2 for episode in known if episode.occluded]
    free = [episode.right for episode in known if not episode.occluded]
    if covered and any(free):
        share = 100 * _share(covered) / _share(free)
        yield Figure(
            CASE,
            "covered faces named within 2 moves, of what is named uncovered",
            "%",
            share,
            None,
            "",
            None,
            90,
            share >= 90,
        )


def interval(successes: int, count: int, z: float = 1.96) -> tuple[float, float]:
    """Of a share, in percent [Wilson 1927]."""
    share, spread = successes / count, z * z / count
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / count + spread / (4 * count))
    return 100 * (middle - half), 100 * (middle + half)


def _share(right: Sequence[bool]) -> float:
    return 100 * sum(right) / len(right)


def _mean(metric: str, unit: str, values: Sequence[float]) -> Figure:
    return Figure(CASE, f"mean {metric}", unit, _mean_of(values), None, "", None, None, None)


def _mean_of(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else 0.0
