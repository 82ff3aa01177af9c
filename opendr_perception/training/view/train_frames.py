"""Learn the policy of [Tosidis 2022] from the camera's image.

`python -m opendr_perception.training.view.train_frames`

It is here as published, and takes as published ten million steps, of which the simulator makes a few in a second on a
CPU. What the package comes with is learned by `view_policy`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import gymnasium
import numpy as np
import torch
import typer
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from torch import nn

from opendr_perception.active.perception import Recognition
from opendr_perception.active.policies import FRAME, FRAME_OPTIONS
from opendr_perception.networks.view.frame_policy import FEATURES, FrameNetwork, FrameTrunk
from opendr_perception.sim.people import PersonModel
from opendr_perception.sim.scene import Pose, Scene, Standing, seen_from
from opendr_perception.sim.world import SimulatedCamera, World
from opendr_perception.tasks.face import THRESHOLD
from opendr_perception.training.common.checkpoint import read_checkpoint, write_checkpoint
from opendr_perception.training.common.command import Resume, Seed, run_command
from opendr_perception.training.view.data import Observer, training_people
from opendr_perception.training.view.simulate import name_of, paper_reward
from opendr_perception.training.view.train_occlusion import write

CAMERA = SimulatedCamera(FRAME[1], FRAME[0], 1.2, above=1.55)
STEPS = 10_000_000
EPISODE = 1000
RATE = 3e-4
DISCOUNT = 0.99
NEAREST, FARTHEST = 0.5, 8.0
"""m. The publication begins at up to 20 m, where nobody is recognised; it must be worked up to."""


class FrameEnvironment(gymnasium.Env[np.ndarray, np.int64]):
    """One person in a room, seen by the robot from anywhere around.

    The reward is the confidence where the name is right, in every step [Tosidis 2022, eq. 3], times 1 - discount, so
    that what an episode is worth stays where the critic's tanh can reach it.

    Args:
        people: all of them enrolled from the front.
    """

    def __init__(self, people: Sequence[PersonModel]) -> None:
        self.observation_space = gymnasium.spaces.Box(0, 255, (*FRAME, 3), np.uint8)
        self.action_space = gymnasium.spaces.Discrete(len(FRAME_OPTIONS))
        self._people, self._world, self._observer = people, World(camera=CAMERA, people=people), Observer(people)
        self._gallery = [self._observer.enrol(number) for number in range(len(people))]

    def reset(
        self, *, seed: int | None = None, options: dict[str, object] | None = None
    ) -> tuple[np.ndarray, dict[str, object]]:
        """Somebody, somewhere."""
        super().reset(seed=seed)
        self._number = int(self.np_random.integers(len(self._people)))
        self._away = float(self.np_random.uniform(0.8, FARTHEST))
        self._pan = float(self.np_random.uniform(-math.pi, math.pi))
        self._aside, self._steps = float(self.np_random.normal(0, math.radians(5))), 0
        scene = Scene((Standing(self._people[self._number].name, Pose()),))
        self._world.reset(scene, render=False)
        self._observer.enter(scene)
        return self._frame(), {}

    def step(self, action: np.int64) -> tuple[np.ndarray, float, bool, bool, dict[str, object]]:
        """Make a move, if it does not lead too near, and look."""
        option = FRAME_OPTIONS[int(action)]
        self._away = min(max(self._away - option.advance, NEAREST), FARTHEST)
        self._pan += option.pan
        self._aside = 0.0 if option.pan else self._aside
        self._steps += 1
        reward = (1 - DISCOUNT) * self._confidence()
        return self._frame(), reward, False, self._steps >= EPISODE, {}

    def _frame(self) -> np.ndarray:
        self._world.place_robot(seen_from(Pose(), self._away, self._pan, self._aside))
        image = self._world.observe().image
        assert image is not None
        return np.ascontiguousarray(image)

    def _confidence(self) -> float:
        robot = seen_from(Pose(), self._away, self._pan, self._aside)
        embedding = self._observer.embedding(self._number, robot, self._away)
        if embedding is None:
            return 0.0
        apart = [float(np.linalg.norm(samples - embedding, axis=1).min(initial=9.0)) for samples in self._gallery]
        nearest = int(np.argmin(apart))
        return paper_reward(Recognition(name_of(nearest), 1 - apart[nearest] / THRESHOLD), name_of(self._number))


class _Extractor(BaseFeaturesExtractor):
    """The trunk, as stable-baselines3 wants it."""

    def __init__(self, space: gymnasium.spaces.Box) -> None:
        super().__init__(space, FEATURES)
        self.trunk = FrameTrunk()

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.trunk(frames)
        return features


class _Policy(ActorCriticPolicy):
    """With tanh after the critic."""

    def _build(self, schedule: Callable[[float], float]) -> None:
        super()._build(schedule)
        self.add_module("value_net", nn.Sequential(self.get_submodule("value_net"), nn.Tanh()))


class _Progress(BaseCallback):
    """Keeps a checkpoint of every rollout, and says how far it is."""

    def __init__(self, settings: Mapping[str, object], checkpoint: Path) -> None:
        super().__init__()
        self._settings, self._checkpoint, self._begun = settings, checkpoint, time.monotonic()

    def _on_step(self) -> bool:
        return True

    def _on_rollout_end(self) -> None:
        policy = self.model.policy
        steps = self.num_timesteps
        write_checkpoint(self._checkpoint, self._settings, steps, network=policy, optimizer=policy.optimizer)
        minutes = (time.monotonic() - self._begun) / 60
        print(f"step {self.num_timesteps}/{self._settings['steps']}  {minutes:.1f} min", flush=True)


def network_of(model: PPO) -> FrameNetwork:
    """The network that was trained."""
    network = FrameNetwork()
    extractor = model.policy.features_extractor
    assert isinstance(extractor, _Extractor)
    network.trunk.load_state_dict(extractor.trunk.state_dict())
    network.actor.load_state_dict(model.policy.action_net.state_dict())
    network.critic.load_state_dict(model.policy.value_net.state_dict())
    return network.eval()


def main(
    people: Annotated[Path, typer.Argument(help="A file of people: tools/people/make.py makes it.")],
    output: Annotated[Path, typer.Option(help="The .onnx file to write.")] = Path("build/frame-policy.onnx"),
    steps: Annotated[int, typer.Option(help="Moves to learn from.")] = STEPS,
    rollout: Annotated[int, typer.Option(help="Moves between two updates, kept in memory: 0.4 MB each.")] = 2048,
    seed: Seed = 1,
    resume: Resume = False,
) -> None:
    """Learn, and write the network."""
    environment = FrameEnvironment(training_people(people))
    kwargs = {"features_extractor_class": _Extractor, "net_arch": []}
    model = PPO(_Policy, environment, RATE, rollout, gamma=DISCOUNT, policy_kwargs=kwargs, seed=seed, device="auto")
    settings, checkpoint = {"steps": steps, "seed": seed}, output.with_suffix(".pt")
    if resume and checkpoint.exists():
        state = read_checkpoint(checkpoint, settings)
        model.policy.load_state_dict(state["network"])
        model.policy.optimizer.load_state_dict(state["optimizer"])
        model.num_timesteps = state["step"]
    model.learn(steps - model.num_timesteps, _Progress(settings, checkpoint), reset_num_timesteps=False)
    example = torch.zeros(1, *FRAME, 3, dtype=torch.uint8)
    write(network_of(model).cpu(), example, ("frame", "probabilities"), output)


if __name__ == "__main__":
    run_command(main)
