"""Learn where to look from by trial and error: `python -m opendr_perception.training.view.train TABLES`.

TABLES is what `training.view.data` has written. Proximal policy optimisation [Schulman 2017] of stable-baselines3,
which requirements/reinforcement.txt pins. A run that was interrupted goes on with `--resume`, in other episodes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import gymnasium
import torch
import typer
from rich.console import Console
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import DummyVecEnv
from torch import nn

from opendr_perception.active.policies import FEATURES
from opendr_perception.training.common.checkpoint import read_checkpoint, write_checkpoint
from opendr_perception.training.common.command import Resume, Seed, run_command
from opendr_perception.training.view.environment import ViewEnvironment
from opendr_perception.training.view.evaluate import show
from opendr_perception.training.view.simulate import TableWorld
from opendr_perception.training.view.train_occlusion import write

ENVIRONMENTS = 16
"""Episodes at a time."""
ROLLOUT = 128
"""Steps of each between two updates."""
SHOWN = 5
"""Updates between two lines of progress, and two checkpoints."""


@dataclass(frozen=True)
class Settings:
    """Settings that decide the outcome of a training."""

    steps: int = 120_000
    seed: int = 1
    rate: float = 1e-3
    discount: float = 0.98
    entropy: float = 0.01
    width: int = 64


def learner(world: TableWorld, settings: Settings) -> PPO:
    """Learner before the training."""
    environments: list[Callable[[], gymnasium.Env]] = [lambda: ViewEnvironment(world)] * ENVIRONMENTS
    return PPO(
        "MlpPolicy",
        DummyVecEnv(environments),
        learning_rate=lambda left: settings.rate * left,
        n_steps=ROLLOUT,
        batch_size=512,
        n_epochs=6,
        gamma=settings.discount,
        ent_coef=settings.entropy,
        policy_kwargs={"net_arch": [settings.width, settings.width]},
        seed=settings.seed,
        device="cpu",
    )


class ProgressCallback(BaseCallback):
    """Says how far it is, and keeps checkpoints.

    Args:
        settings: of the training.
        checkpoint: the file.
        console: to print to.
    """

    def __init__(self, settings: Settings, checkpoint: Path, console: Console) -> None:
        super().__init__()
        self._settings, self._checkpoint, self._console = settings, checkpoint, console
        self._updates, self._begun = 0, time.monotonic()

    def _on_training_start(self) -> None:
        self._first = self.num_timesteps

    def _on_step(self) -> bool:
        return True

    def _on_rollout_start(self) -> None:
        if self._updates and self._updates % SHOWN == 0:
            self._save()

    def _on_training_end(self) -> None:
        self._save()

    def _on_rollout_end(self) -> None:
        self._updates += 1
        if self._updates % SHOWN:
            return
        done, steps = self.num_timesteps, self._settings.steps
        spent = (time.monotonic() - self._begun) / 60
        left = spent / (done - self._first) * max(steps - done, 0)
        assert isinstance(self.model, PPO)
        buffer = self.model.rollout_buffer
        worth = buffer.rewards.sum() / max(buffer.episode_starts.sum(), 1)
        self._console.print(f"step {done}/{steps}  an episode is worth {worth:.3f}  {spent:.1f} min, {left:.1f} to go")

    def _save(self) -> None:
        """Save at a moment when the network has learned from all steps that are counted."""
        policy, settings = self.model.policy, asdict(self._settings)
        write_checkpoint(self._checkpoint, settings, self.num_timesteps, network=policy, optimizer=policy.optimizer)


def train(world: TableWorld, settings: Settings, checkpoint: Path, resume: bool, console: Console) -> PPO:
    """Learn, from the beginning or from the checkpoint.

    Raises:
        ValueError: the checkpoint belongs to another training.
    """
    model = learner(world, settings)
    if resume and checkpoint.exists():
        state = read_checkpoint(checkpoint, asdict(settings))
        model.policy.load_state_dict(state["network"])
        model.policy.optimizer.load_state_dict(state["optimizer"])
        model.num_timesteps = state["step"]
        model.set_random_seed(settings.seed + model.num_timesteps)
        console.print(f"going on after {model.num_timesteps} steps")
    left = settings.steps - model.num_timesteps
    return model.learn(left, ProgressCallback(settings, checkpoint, console), reset_num_timesteps=False)


def actor(model: PPO) -> nn.Module:
    """Actor network: observations (N, 27) to probabilities (N, 7)."""
    policy = model.policy
    return nn.Sequential(policy.mlp_extractor.policy_net, policy.action_net, nn.Softmax(1)).eval()


def main(
    tables: Annotated[Path, typer.Argument(help="What opendr_perception.training.view.data has written.")],
    output: Annotated[Path, typer.Option(help="The .onnx file to write.")] = Path("build/view-policy/view-policy.onnx"),
    steps: Annotated[int, typer.Option(help="Moves to learn from.")] = Settings.steps,
    seed: Seed = Settings.seed,
    resume: Resume = False,
    episodes: Annotated[int, typer.Option(help="In the evaluation.")] = 1000,
) -> None:
    """Learn, write the network, and compare it with other policies on people whom it has not seen."""
    torch.set_num_threads(1)
    console = Console()
    settings = Settings(steps=steps, seed=seed)
    model = train(TableWorld.read(tables / "train"), settings, output.with_name("checkpoint.pt"), resume, console)
    write(actor(model), torch.zeros(1, FEATURES), ("observation", "probabilities"), output)
    show(TableWorld.read(tables / "test"), output, episodes, console)


if __name__ == "__main__":
    run_command(main)
