"""The policies by name, with the models that they need."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property

import numpy as np

from opendr_perception.active.perception import FaceMesh, FaceObservation, Recogniser
from opendr_perception.active.policies.auto import AutoPolicy
from opendr_perception.active.policies.base import ViewPolicy
from opendr_perception.active.policies.baselines import RandomWalk, RuleBased, Static
from opendr_perception.active.policies.front import FrontFinder
from opendr_perception.active.policies.occlusion import OcclusionNetworks, OcclusionPolicy, OcclusionSettings
from opendr_perception.active.policies.ranging import Ranging
from opendr_perception.active.policies.reinforcement import FramePolicy, ReinforcementPolicy
from opendr_perception.active.policies.synthesis import RenderedConfidence, SynthesisPolicy, SynthesisSettings
from opendr_perception.engine.session import Session
from opendr_perception.tasks.face import OWN, Alignment

POLICIES = ("synthesis", "occlusion", "reinforcement", "auto", "static", "random", "rule")
"""Names of the policies."""
STEP = math.radians(15)
"""Of policies that go around the person."""
LEARNED = "view-policy"
"""The policy learned by reinforcement that comes with this package."""


class Policies:
    """Makes policies, and keeps those that were made; each is used for one person at a time.

    Args:
        recogniser: of faces, real and rendered ones.
        load: opens a model of the zoo.
        paper_constants: take the constants of the publications instead of this package's own.
        learned: the model of the policy that was learned by reinforcement, '' for the one of this package.
        alignment: of the faces that the recogniser takes.
        flies: the robot goes up and down too.
    """

    def __init__(
        self,
        recogniser: Recogniser,
        load: Callable[[str], Session],
        paper_constants: bool = False,
        learned: str = "",
        alignment: Alignment = OWN,
        flies: bool = False,
    ) -> None:
        self._recogniser, self._load, self._paper_constants, self._learned = recogniser, load, paper_constants, learned
        self._alignment, self._flies = alignment, flies
        self._made: dict[str, ViewPolicy] = {}
        self._make: dict[str, Callable[[], ViewPolicy]] = {
            "synthesis": self._synthesis,
            "occlusion": self._occlusion,
            "reinforcement": self._reinforcement,
            "auto": lambda: Ranging(AutoPolicy(self._occlusion(), FrontFinder(self.mesh), flies=self._flies)),
            "static": Static,
            "random": lambda: RandomWalk(STEP, np.random.default_rng()),
            "rule": RuleBased,
        }

    @cached_property
    def mesh(self) -> FaceMesh:
        """Fits heads.

        Raises:
            zoo.ZooError, engine.session.EngineError: its model cannot be loaded.
        """
        return FaceMesh(self._load("facemesh"))

    def examine(self, view: FaceObservation) -> FaceObservation:
        """A view with its head fitted, which tells whether it shows a face at all."""
        return replace(view, head=self.mesh.fit(view.image, view.box, view.landmarks))

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
        """As published [Kakaletsis 2022], a rendering's confidence is compared as it is, and any gain is enough."""
        predict = RenderedConfidence(
            self.mesh, self._recogniser, calibrated=not self._paper_constants, alignment=self._alignment
        )
        return SynthesisPolicy(predict, SynthesisSettings(min_gain=0.0) if self._paper_constants else None)

    def _occlusion(self) -> ViewPolicy:
        """As published [Dimaridou 2022], there are two moves, the second at most as long as the first."""
        models = ("face-features", "occlusion-direction", "occlusion-ratio")
        networks = OcclusionNetworks(*map(self._load, models))
        settings = OcclusionSettings(largest_ratio=1.0, rounds=1) if self._paper_constants else None
        return OcclusionPolicy(networks, settings, self._flies)

    def _reinforcement(self) -> ViewPolicy:
        """As published [Tosidis 2022], it sees the camera's image; such a network does not come with this package."""
        if not self._paper_constants:
            return Ranging(ReinforcementPolicy(self._load(self._learned or LEARNED)))
        if not self._learned:
            raise ValueError(
                "reinforcement as published needs your own network: see opendr_perception.training.view.train_frames"
            )
        return FramePolicy(self._load(self._learned))
