"""Looking and moving as an environment of gymnasium, for learning by reinforcement."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np

from opendr_perception.active.identification import Goal
from opendr_perception.active.policy import View
from opendr_perception.active.reinforcement import FEATURES, MIRRORED_OPTIONS, OPTIONS, mirror, observe
from opendr_perception.training.view_episode import GOAL, Costs, Noise, TableExplorer, TableWorld, draw_episode, worth

CONTENT = 0.3, 0.6
"""Confidences with which the robot is content: drawn for each episode, so that the policy suits all of them."""
MOVES = 3, 6
"""And the number of moves."""


class ViewEnvironment(gymnasium.Env[np.ndarray, np.int64]):
    """One person, of whom the robot wants to know who it is.

    The rules are those of `identify`: an episode ends when the robot stays, is content, has made all its moves, loses
    sight of the person, or is stopped. Every other episode is seen in a mirror.

    Args:
        world: what can be seen.
        noise: of what is perceived.
        costs: of moving.
    """

    def __init__(self, world: TableWorld, noise: Noise | None = None, costs: Costs | None = None) -> None:
        self.observation_space = gymnasium.spaces.Box(-4.0, 4.0, (FEATURES,), np.float32)
        self.action_space = gymnasium.spaces.Discrete(len(OPTIONS))
        self._world, self._noise, self._costs = world, noise or Noise(), costs or Costs()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin with a first view that is not good enough."""
        super().reset(seed=seed)
        random = self.np_random
        self._mirrored = bool(random.random() < 0.5)
        self._goal: Goal = replace(
            GOAL, confidence=float(random.uniform(*CONTENT)), max_moves=int(random.integers(MOVES[0], MOVES[1] + 1))
        )
        while True:
            self._explorer: TableExplorer = draw_episode(self._world, random, self._noise)
            first = self._explorer.look()
            if first is not None and first.recognition.confidence <= self._goal.confidence:
                break
        self._views: list[View] = [first]
        return self._observation(), {}

    def step(self, action: np.int64) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Make a move; the reward is what it adds to what is known, less what it costs."""
        before = self._worth()
        way = self._explorer.way
        ended = self._act(int(MIRRORED_OPTIONS[action] if self._mirrored else action))
        way = self._explorer.way - way
        reward = self._worth() - before - (self._costs.move + self._costs.metre * way if way else 0.0)
        return self._observation(), float(reward), ended, False, {}

    def _act(self, option: int) -> bool:
        """Whether the episode ends with this."""
        now, goal = self._views[-1], self._goal
        move = OPTIONS[option].move(now.distance)
        if move is None or abs(now.pan + move.pan) > goal.max_pan or self._explorer.way > goal.max_travel:
            return True
        if self._explorer.move(move):
            return True
        view = self._explorer.look()
        if view is None:
            return True
        self._views.append(view)
        return view.recognition.confidence > goal.confidence or len(self._views) > goal.max_moves

    def _worth(self) -> float:
        return worth(self._views, self._explorer.name, self._goal.confidence)

    def _observation(self) -> np.ndarray:
        observation = observe(self._views)
        return mirror(observation) if self._mirrored else observation
