"""View policies: where to look from next."""

from opendr_perception.active.policies.auto import AutoPolicy
from opendr_perception.active.policies.base import Decision, Persistent, ViewPolicy
from opendr_perception.active.policies.baselines import RandomWalk, RuleBased, Static
from opendr_perception.active.policies.expectation import (
    ACTIONS,
    AROUND,
    EXPRESSIONS,
    POSES,
    ExpectedGain,
    Lacking,
    lacking,
    lacking_of_action,
    lacking_of_expression,
)
from opendr_perception.active.policies.front import FrontFinder
from opendr_perception.active.policies.occlusion import (
    LARGEST_RATIO,
    NONE,
    SIDES,
    OcclusionNetworks,
    OcclusionPolicy,
    comparable,
)
from opendr_perception.active.policies.ranging import Ranging
from opendr_perception.active.policies.registry import POLICIES, STEP, Policies
from opendr_perception.active.policies.reinforcement import FRAME, FRAME_OPTIONS, OPTIONS, ReinforcementPolicy
from opendr_perception.active.policies.situation import FEATURES, LANDMARKS, NUMBERS, Situation, observe
from opendr_perception.active.policies.synthesis import RenderedConfidence, SynthesisPolicy
from opendr_perception.active.policies.watching import Watching

__all__ = [
    "ACTIONS",
    "AROUND",
    "EXPRESSIONS",
    "FEATURES",
    "FRAME",
    "FRAME_OPTIONS",
    "LANDMARKS",
    "LARGEST_RATIO",
    "NONE",
    "NUMBERS",
    "OPTIONS",
    "POLICIES",
    "POSES",
    "SIDES",
    "STEP",
    "AutoPolicy",
    "Decision",
    "ExpectedGain",
    "FrontFinder",
    "Lacking",
    "OcclusionNetworks",
    "OcclusionPolicy",
    "Persistent",
    "Policies",
    "RandomWalk",
    "Ranging",
    "ReinforcementPolicy",
    "RenderedConfidence",
    "RuleBased",
    "Situation",
    "Static",
    "SynthesisPolicy",
    "ViewPolicy",
    "Watching",
    "comparable",
    "lacking",
    "lacking_of_action",
    "lacking_of_expression",
    "observe",
]
