"""The policies by name, with the models that they need."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from opendr_perception.active.baselines import RandomWalk, RuleBased, Static
from opendr_perception.active.face_mesh import FaceMesh
from opendr_perception.active.policy import Recogniser, ViewPolicy
from opendr_perception.active.synthesis import RenderedConfidence, SynthesisPolicy
from opendr_perception.engine.session import Session

POLICIES = ("synthesis", "static", "random", "rule")
"""What can be chosen."""
STEP = math.radians(15)
"""Of policies that go around the person."""


class Policies:
    """Makes policies, and keeps those that were made; each is used for one person at a time.

    Args:
        recogniser: of faces, real and rendered ones.
        load: opens a model of the zoo.
    """

    def __init__(self, recogniser: Recogniser, load: Callable[[str], Session]) -> None:
        self._recogniser, self._load = recogniser, load
        self._made: dict[str, ViewPolicy] = {}
        self._make: dict[str, Callable[[], ViewPolicy]] = {
            "synthesis": self._synthesis,
            "static": Static,
            "random": lambda: RandomWalk(STEP, np.random.default_rng()),
            "rule": RuleBased,
        }

    def get(self, name: str) -> ViewPolicy:
        """The policy of that name.

        Raises:
            ValueError: there is none.
            zoo.ZooError, engine.session.EngineError: its models cannot be loaded.
        """
        if name not in POLICIES:
            raise ValueError(f"policy must be one of {', '.join(POLICIES)}, got '{name}'")
        if name not in self._made:
            self._made[name] = self._make[name]()
        return self._made[name]

    def _synthesis(self) -> ViewPolicy:
        return SynthesisPolicy(RenderedConfidence(FaceMesh(self._load("facemesh")), self._recogniser))
