"""The simulated world keeps gymnasium's contract, and rewards what shows a face better."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from opendr_perception.sim.rendering import SimulatorError, load_mujoco

gymnasium = pytest.importorskip("gymnasium", reason="pip install --no-deps -r requirements/reinforcement.txt")
from opendr_perception.training.view.world import WorldConfig, default_config  # noqa: E402 - it needs gymnasium

MADE = "opendr_perception.training.view.world:opendr_perception/People-v0"
SMALL = WorldConfig(people=2, width=64, height=48, seconds=4.0)


@pytest.fixture(scope="module")
def env() -> Iterator[Any]:
    try:
        load_mujoco()
    except SimulatorError as error:
        pytest.skip(str(error))
    made = gymnasium.make(MADE, config=SMALL, render_mode="rgb_array")
    yield made
    made.close()


def test_the_registered_id_keeps_the_contract(env: Any) -> None:
    from gymnasium.utils.env_checker import check_env

    check_env(env.unwrapped, skip_render_check=True)
    assert env.spec.id == "opendr_perception/People-v0"


def test_the_same_seed_gives_the_same_episode_which_ends_in_time(env: Any) -> None:
    histories = []
    for _ in range(2):
        image, info = env.reset(seed=4)
        history, over, steps = [image.mean(), info["seen"]], False, 0
        while not over:
            image, reward, ended, late, info = env.step(np.array([0.2, 1.0, -0.5], np.float32))
            history += [image.mean(), reward, info["seen"]]
            over, steps = ended or late, steps + 1
        assert steps <= SMALL.seconds * SMALL.rate
        assert env.render().shape == (48, 64, 3)
        histories.append(history)
    assert histories[0] == histories[1]


def test_rewards_are_what_is_seen_better_less_the_way(env: Any) -> None:
    _, info = env.reset(seed=11)
    first, total = info["seen"], 0.0
    for _ in range(10):
        _, reward, ended, _, info = env.step(np.array([0.0, 1.0, 0.4], np.float32))
        total += reward
        assert not ended
    assert total == pytest.approx(info["seen"] - first, abs=SMALL.metre * 0.25 * 2 + 1e-6)
    _, reward, _, _, _ = env.step(np.array([np.inf, -5.0, 0.0], np.float32))
    assert np.isfinite(reward), "actions are clipped"


@pytest.mark.parametrize(
    "wrong",
    [{"robot": "legs"}, {"people": 0}, {"width": 8}, {"rate": 0.0}, {"farthest": 9.0}, {"seconds": float("nan")}],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must be|images have"):
        WorldConfig(**wrong)
    assert default_config() == WorldConfig()
