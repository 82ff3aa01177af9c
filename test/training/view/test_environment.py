"""The environment keeps gymnasium's contract, and its rewards are what moves add to what is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from opendr_perception.active.policies.reinforcement import OPTIONS
from opendr_perception.active.policies.situation import FEATURES
from opendr_perception.training.view.simulate import MoveCosts, TableWorld

gymnasium = pytest.importorskip("gymnasium", reason="pip install --no-deps -r requirements/reinforcement.txt")


def environment(views: TableWorld) -> gymnasium.Env:
    from opendr_perception.training.view.environment import ViewEnvironment

    return ViewEnvironment(views)


@pytest.mark.filterwarnings("ignore:.*render modes.*")
def test_the_contract(views: TableWorld) -> None:
    from gymnasium.utils.env_checker import check_env

    check_env(environment(views))


def test_the_same_seed_gives_the_same_episodes(views: TableWorld) -> None:
    histories = []
    for _ in range(2):
        env = environment(views)
        history = [env.reset(seed=3)[0]]
        for action in (1, 3, 2, 5, 4, 1, 1):
            observation, reward, ended, _, _ = env.step(np.int64(action))
            history += [observation, reward]
            if ended:
                history.append(env.reset()[0])
        histories.append(np.hstack(history))
    assert np.array_equal(*histories)


def test_staying_ends_an_episode_and_costs_nothing(views: TableWorld) -> None:
    env = environment(views)
    for seed in range(10):
        env.reset(seed=seed)
        _, reward, ended, _, _ = env.step(np.int64(0))
        assert (reward, ended) == (0.0, True)


def test_rewards_add_up_to_what_is_known_less_what_it_cost(views: TableWorld) -> None:
    env, random, costs = environment(views), np.random.default_rng(0), MoveCosts()
    gains = []
    for seed in range(60):
        env.reset(seed=seed)
        total, moves, way, ended, before = 0.0, 0, 0.0, False, env.unwrapped.known
        while not ended:
            _, reward, ended, _, info = env.step(np.int64(random.integers(1, len(OPTIONS))))
            total += reward
            moves += info["way"] > 0
            way += info["way"]
        gain = env.unwrapped.known - before
        assert total == pytest.approx(gain - costs.move * moves - costs.metre * way)
        gains.append(gain)
    assert max(gains) > 0.5


def test_learning_goes_on_where_it_was_and_ships_what_it_learned(views: TableWorld, tmp_path: Path) -> None:
    pytest.importorskip("stable_baselines3")
    import torch
    from rich.console import Console

    from opendr_perception.engine.session import Session
    from opendr_perception.training.view.train import ENVIRONMENTS, ROLLOUT, Settings, actor, learner, train
    from opendr_perception.training.view.train_occlusion import write

    settings, console = Settings(steps=2 * ENVIRONMENTS * ROLLOUT), Console(quiet=True)
    model = train(views, settings, tmp_path / "checkpoint.pt", False, console)
    again = train(views, settings, tmp_path / "checkpoint.pt", True, console)
    assert again.num_timesteps == model.num_timesteps == settings.steps
    observations = torch.from_numpy(np.random.default_rng(0).normal(size=(5, FEATURES)).astype(np.float32))
    with torch.no_grad():
        fresh, expected, resumed = (actor(one)(observations) for one in (learner(views, settings), model, again))
    assert not torch.allclose(fresh, expected, atol=1e-3)
    assert torch.equal(resumed, expected)
    write(actor(model), observations[:1], ("observation", "probabilities"), tmp_path / "x.onnx")
    found = Session(tmp_path / "x.onnx", threads=1).run({"observation": observations.numpy()})["probabilities"]
    assert found == pytest.approx(expected.numpy(), abs=1e-5)
    with pytest.raises(ValueError, match="other settings"):
        train(views, Settings(steps=1), tmp_path / "checkpoint.pt", True, console)
