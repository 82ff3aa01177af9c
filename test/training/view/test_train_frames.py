"""The policy of images as published can be trained by its command, for a few moves, and what it writes decides."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from opendr_perception.engine.session import Session
from opendr_perception.sim.people import load_people, write_people
from opendr_perception.sim.rendering import SimulatorError, load_mujoco

pytest.importorskip("stable_baselines3", reason="pip install --no-deps -r requirements/reinforcement.txt")


@pytest.mark.slow
def test_sixty_four_moves_write_a_network_that_chooses(tmp_path: Path) -> None:
    from opendr_perception.training.view.train_frames import main

    try:
        load_mujoco()
    except SimulatorError as error:
        pytest.skip(str(error))
    people, output = tmp_path / "people.npz", tmp_path / "frame-policy.onnx"
    write_people(load_people()[:2], people)
    main(people, output, steps=64, rollout=64)
    network = Session(output, threads=1)
    (probabilities,) = network.run({"frame": np.zeros((2, 300, 400, 3), np.uint8)}).values()
    assert probabilities.shape == (2, 5)
    assert np.allclose(probabilities.sum(1), 1.0, atol=1e-5)
    assert output.with_suffix(".pt").exists(), "it can be resumed"
