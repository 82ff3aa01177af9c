"""Training the temporal network of emotions: simulated faces, losses, checkpoints."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from opendr_perception.engine.session import Session
from opendr_perception.networks.emotion.temporal import AffectNetwork
from opendr_perception.tasks.emotion.expression import EXPRESSIONS, Expressions
from opendr_perception.tasks.emotion.smoothing import Temporal
from opendr_perception.training.emotion.temporal.evaluate import changes, evaluate, motion
from opendr_perception.training.emotion.temporal.export import export_affect
from opendr_perception.training.emotion.temporal.noise import ExpressionNoise, read_noise
from opendr_perception.training.emotion.temporal.simulate import SimulatedTrack, simulate
from opendr_perception.training.emotion.temporal.train import Settings, Trainer, batch_of, loss_of, main

TINY = Settings(steps=4, batch=2, frames=40, width=4)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def noise() -> ExpressionNoise:
    return read_noise()


def scenes(noise: ExpressionNoise, count: int = 30, length: int = 200) -> list[SimulatedTrack]:
    return [simulate(np.random.default_rng((5, k)), noise, length) for k in range(count)]


def test_the_measured_noise_is_that_of_a_network_that_is_right_most_of_the_time(noise: ExpressionNoise) -> None:
    assert 0 < noise.calm < noise.restless
    assert 0 < noise.correlation < 1
    assert noise.glitches * noise.glitch_length < 0.5
    assert len(noise.views) == 5


def test_a_scene_has_mixtures_stamps_and_affect(noise: ExpressionNoise) -> None:
    for scene in scenes(noise, 5):
        assert (np.diff(scene.stamps) > 0).all()
        for mixtures in (scene.seen, scene.shown, scene.now):
            assert mixtures.min() >= 0
            np.testing.assert_allclose(mixtures.sum(1), 1, atol=1e-6)
        assert scene.affect.shape == (200, 2)
        assert np.abs(scene.affect).max() <= 1


def test_without_noise_single_frames_are_right_and_with_more_noise_more_often_wrong(noise: ExpressionNoise) -> None:
    def errors(some: ExpressionNoise) -> float:
        wrong = [scene.seen.argmax(1) != scene.now.argmax(1) for scene in scenes(some)]
        return float(np.concatenate(wrong).mean())

    silent = replace(noise, calm=0.0, restless=0.0, glitches=0.0)
    assert errors(silent) < 0.02
    assert errors(silent) < errors(noise) < errors(replace(noise, restless=4 * noise.restless, glitches=10.0))


def test_a_scene_depends_on_its_seed_alone(noise: ExpressionNoise) -> None:
    one, again, other = (simulate(np.random.default_rng(seed), noise, 50) for seed in (3, 3, 4))
    assert np.array_equal(one.seen, again.seen)
    assert not np.array_equal(one.seen, other.seen)


def test_restlessness_costs_where_nothing_changes() -> None:
    shown = torch.zeros(1, 7, 60)
    shown[:, 0] = 1
    values = torch.zeros(1, 2, 60)
    steady = torch.cat([torch.full((1, 7, 60), -3.0), torch.full((1, 2, 60), 0.1)], 1)
    steady[:, 0] = -0.1
    moving = steady.clone()
    moving[:, 7:, ::2] = -0.1
    costs = [loss_of(answer, shown, values, calmness=5.0, haste=1.0).item() for answer in (steady, moving)]
    assert costs[1] > costs[0] + 1


def test_a_resumed_training_ends_where_an_uninterrupted_one_does(tmp_path: Path, noise: ExpressionNoise) -> None:
    whole = Trainer(TINY, noise, tmp_path / "whole.pt")
    losses = [loss for _, loss in whole.run()]
    first = Trainer(TINY, noise, tmp_path / "parts.pt")
    for step, _ in first.run():
        if step == 2:
            first.save()
            break
    second = Trainer(TINY, noise, tmp_path / "parts.pt")
    second.resume()
    assert [loss for _, loss in second.run()] == losses[2:]
    for a, b in zip(whole.network.state_dict().values(), second.network.state_dict().values(), strict=True):
        assert torch.equal(a, b)


def test_a_checkpoint_of_other_settings_is_refused(tmp_path: Path, noise: ExpressionNoise) -> None:
    trainer = Trainer(TINY, noise, tmp_path / "checkpoint.pt")
    trainer.save()
    with pytest.raises(ValueError, match="other settings"):
        Trainer(replace(TINY, steps=9), noise, trainer.checkpoint).resume()


def test_what_is_shipped_answers_as_what_was_trained(tmp_path: Path, noise: ExpressionNoise) -> None:
    torch.manual_seed(0)
    network = AffectNetwork(len(EXPRESSIONS), 4).eval()
    scene = simulate(np.random.default_rng(0), noise, 30)
    with torch.no_grad():
        expected = network(batch_of([scene])[0])[0].T.numpy()
    export_affect(network, tmp_path / "model.onnx", EXPRESSIONS)
    temporal = Temporal(Session(tmp_path / "model.onnx"))
    assert temporal.labels == EXPRESSIONS
    intervals = np.diff(scene.stamps, prepend=scene.stamps[0] - 1 / 30)
    for row, (probabilities, interval) in enumerate(zip(scene.seen, intervals, strict=True)):
        answer = temporal.step(["face"], Expressions(probabilities[None], np.zeros((1, 2))), np.array([interval]))
        np.testing.assert_allclose(answer.probabilities[0], np.exp(expected[row, :7]), atol=1e-5)
        np.testing.assert_allclose(answer.affect[0], expected[row, 7:], atol=1e-5)


def test_the_command_writes_weights_a_card_and_a_model_and_goes_on(tmp_path: Path) -> None:
    main(steps=1, output=tmp_path, trials=1)
    first = (tmp_path / "emotion-nactcn.npz").read_bytes()
    card = yaml.safe_load((tmp_path / "emotion-nactcn.yaml").read_text())
    assert card["labels"] == list(EXPRESSIONS)
    assert card["noise"] == asdict(read_noise())
    assert Temporal(Session(tmp_path / "emotion-nactcn.onnx")).labels == EXPRESSIONS
    main(steps=1, output=tmp_path, trials=1, resume=True)
    assert (tmp_path / "emotion-nactcn.npz").read_bytes() == first


def test_the_figures_of_an_evaluation_are_of_the_same_faces(noise: ExpressionNoise) -> None:
    network = AffectNetwork(len(EXPRESSIONS), 4).eval()
    figures = evaluate(network, noise, trials=3, length=60)
    single, temporal = figures["single frames"], figures["temporal"]
    assert single.keys() == temporal.keys()
    assert single["true changes per minute"] == temporal["true changes per minute"]
    assert single["right labels"] > 0.5
    assert yaml.safe_load(yaml.safe_dump(figures)) == evaluate(network, noise, trials=3, length=60)


def test_changes_and_motion_are_counted() -> None:
    assert changes(np.eye(3)[[0, 0, 1, 1, 2, 0]]) == 3
    assert motion(np.array([[0.0, 0.0], [0.5, 0.0], [0.5, -1.0]])) == pytest.approx(1.5)
