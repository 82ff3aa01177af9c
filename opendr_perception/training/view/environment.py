"""Looking and moving as an environment of gymnasium, for learning by reinforcement."""

from __future__ import annotations

from dataclasses import replace

import gymnasium
import numpy as np

from opendr_perception.active.control import IN_THE_WAY, Move
from opendr_perception.active.policies import FEATURES, OPTIONS, Situation, observe
from opendr_perception.training.view.data import PAN_STEP
from opendr_perception.training.view.mirror import MIRRORED_OPTIONS, mirror
from opendr_perception.training.view.simulate import GOAL, MoveCosts, TableWorld, ViewNoise, draw_episode

CONTENT = 0.3, 0.6
"""Confidences with which the robot is content: drawn for each episode, so that the policy suits all of them."""
MOVES = 3, 6
"""And the number of moves."""


class ViewEnvironment(gymnasium.Env[np.ndarray, np.int64]):
    """One person, of whom the robot wants to know who it is.

    The rules are those of `identify`: an episode ends when the robot stays, is content, has made all its moves, or may
    not go farther. Every other episode is seen in a mirror.

    Args:
        world: what can be seen.
        noise: of what is perceived.
        costs: of moving.
    """

    def __init__(self, world: TableWorld, noise: ViewNoise | None = None, costs: MoveCosts | None = None) -> None:
        self.observation_space = gymnasium.spaces.Box(-4.0, 4.0, (FEATURES,), np.float32)
        self.action_space = gymnasium.spaces.Discrete(len(OPTIONS))
        self._world, self._noise, self._costs = world, noise or ViewNoise(), costs or MoveCosts()

    def reset(
        self, *, seed: int | None = None, options: dict[str, object] | None = None
    ) -> tuple[np.ndarray, dict[str, object]]:
        """Begin where something is to be decided."""
        super().reset(seed=seed)
        random = self.np_random
        self._mirrored = bool(random.random() < 0.5)
        confidence, moves = float(random.uniform(*CONTENT)), int(random.integers(MOVES[0], MOVES[1] + 1))
        self._goal = replace(GOAL, confidence=confidence, max_moves=moves)
        while True:
            self._explorer = draw_episode(self._world, random, self._noise)
            self._situation = Situation().after(self._explorer.look())
            if not self._content:
                return self._observation(), {}

    def step(self, action: np.int64) -> tuple[np.ndarray, float, bool, bool, dict[str, object]]:
        """Make a move; the reward is what it adds to the probability of the right name, less what it costs."""
        before, way = self.known, self._explorer.travelled
        ended = self._act(int(MIRRORED_OPTIONS[action] if self._mirrored else action))
        way = self._explorer.travelled - way
        reward = self.known - before - (self._costs.move + self._costs.metre * way if way else 0.0)
        return self._observation(), float(reward), ended, False, {"way": way}

    @property
    def known(self) -> float:
        """The probability, by all views, of what is right to say."""
        return self._situation.belief.get(self._explorer.name, 0.0)

    @property
    def _content(self) -> bool:
        situation = self._situation
        return situation.found and situation.views[-1].recognition.confidence > self._goal.confidence

    def _act(self, option: int) -> bool:
        """Do an action; true if the episode ends with it."""
        here, goal = self._situation.places[-1], self._goal
        move = OPTIONS[option].move(here.distance)
        if move is not None and move.pan:
            turn = min(max(here.pan + move.pan, -goal.max_pan), goal.max_pan) - here.pan
            move = Move(pan=turn) if abs(turn) > PAN_STEP / 2 else None
        if move is None or self._explorer.travelled > goal.max_travel:
            return True
        problem = self._explorer.move(move)
        if problem not in ("", IN_THE_WAY):
            return True
        self._situation = self._situation.after(self._explorer.look(), bool(problem))
        return self._content or len(self._situation.places) > goal.max_moves

    def _observation(self) -> np.ndarray:
        observation = observe(self._situation)
        return mirror(observation) if self._mirrored else observation
