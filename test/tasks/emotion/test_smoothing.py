"""Expressions over time: averages, the temporal network, and whose state is whose."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from opendr_perception.engine.export import export
from opendr_perception.engine.session import EngineError, Session
from opendr_perception.networks.emotion.nac_tcn import NacTcn
from opendr_perception.tasks.emotion import evidence as affect
from opendr_perception.tasks.emotion.expression import Expressions
from opendr_perception.tasks.emotion.smoothing import (
    SETTLED,
    TIME_CONSTANT,
    Exponential,
    Smoothing,
    Temporal,
    Unsmoothed,
)

LABELS = ("neutral", "happy", "sad")
FIELD = 5


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    network = NacTcn(len(LABELS) + 1, (8,), 3, outputs=len(LABELS) + 2, dropout=0.0).eval()
    path = tmp_path_factory.mktemp("model") / "tiny.onnx"
    export(network, path, metadata={"labels": json.dumps(LABELS), "evidence_version": str(affect.VERSION)})
    return path


def frames(count: int, faces: int = 1, seed: int = 0) -> list[Expressions]:
    random = np.random.default_rng(seed)
    return [
        Expressions(random.dirichlet(np.ones(len(LABELS)), faces), random.uniform(-1, 1, (faces, 2)))
        for _ in range(count)
    ]


def test_exponential_smoothing_takes_a_change_over_after_a_tenth_of_a_second_at_any_rate() -> None:
    for rate in (10, 30, 100):
        smoothing = Exponential()
        before, after = (
            Expressions(np.array([probabilities]), np.zeros((1, 2))) for probabilities in ([1.0, 0, 0], [0, 1.0, 0])
        )
        for _ in range(rate):
            smoothing.step(["face"], before, np.array([1 / rate]))
        lag = 1
        while smoothing.step(["face"], after, np.array([1 / rate])).probabilities[0].argmax() == 0:
            lag += 1
        assert lag == pytest.approx(TIME_CONSTANT * np.log(2) * rate, abs=1)


def test_exponential_smoothing_begins_with_the_first_frame_and_settles() -> None:
    smoothing = Exponential()
    sequence = frames(20)
    first = smoothing.step(["face"], sequence[0], np.array([1 / 30]))
    np.testing.assert_allclose(first.probabilities, sequence[0].probabilities)
    answers = [smoothing.step(["face"], frame, np.array([1 / 30])) for frame in sequence[1:]]
    assert [int(answer.frames[0]) for answer in answers] == list(range(2, 21))
    assert not answers[0].warm[0]
    assert answers[-1].warm[0]
    assert SETTLED * TIME_CONSTANT < 19 / 30
    assert answers[-1].probabilities.sum() == pytest.approx(1)


def test_the_network_answers_with_probabilities_and_affect_and_tells_when_it_is_warm(model: Path) -> None:
    temporal = Temporal(Session(model))
    assert temporal.labels == LABELS
    answers = [temporal.step(["face"], frame, np.array([1 / 30])) for frame in frames(12)]
    assert [int(answer.frames[0]) for answer in answers] == list(range(1, 13))
    assert [bool(answer.warm[0]) for answer in answers] == [count >= FIELD for count in range(1, 13)]
    for answer in answers:
        assert answer.probabilities.sum() == pytest.approx(1)
        assert np.abs(answer.affect).max() <= 1


def test_steps_equal_the_whole_sequence(model: Path) -> None:
    torch.manual_seed(0)
    network = NacTcn(len(LABELS) + 1, (8,), 3, outputs=len(LABELS) + 2, dropout=0.0).eval()
    sequence = frames(30)
    evidence = affect.evidence(np.concatenate([f.probabilities for f in sequence]), np.full(30, 1 / 30))
    with torch.no_grad():
        expected = network(torch.from_numpy(evidence.T[None]))[0].T.numpy()
    temporal = Temporal(Session(model))
    answers = [temporal.step(["face"], frame, np.array([1 / 30])) for frame in sequence]
    np.testing.assert_allclose(np.concatenate([a.affect for a in answers]), expected[:, len(LABELS) :], atol=1e-5)


@pytest.mark.parametrize("kind", ["temporal", "exponential", "none"])
def test_two_faces_that_come_and_go_do_not_mix(kind: str, model: Path) -> None:
    def new() -> Smoothing:
        return {"temporal": lambda: Temporal(Session(model)), "exponential": Exponential, "none": Unsmoothed}[kind]()

    both, sequence = new(), frames(20, faces=2)
    together = [both.step(["a", "b"], frame, np.array([0.03, 0.03])) for frame in sequence]
    alone = new()
    for frame, expected in zip(sequence, together, strict=True):
        only = Expressions(frame.probabilities[1:], frame.affect[1:])
        answer = alone.step(["b"], only, np.array([0.03]))
        np.testing.assert_allclose(answer.probabilities[0], expected.probabilities[1], atol=1e-6)
    both.release("b")
    anew = both.step(["b"], only, np.array([0.03]))
    assert anew.frames[0] == 1
    both.release("somebody who never was")


def test_the_evidence_of_no_knowledge_is_nothing_but_the_clock() -> None:
    evidence = affect.evidence(np.full((2, 7), 1 / 7), np.array([affect.NOMINAL, 2 * affect.NOMINAL]))
    np.testing.assert_allclose(evidence[:, :7], 0, atol=1e-6)
    assert evidence[0, 7] == 0
    assert evidence[1, 7] > 0
    assert np.isfinite(affect.evidence(np.eye(7), np.full(7, 1e9))).all()


def test_a_model_for_other_evidence_is_refused(tmp_path: Path) -> None:
    network = NacTcn(4, (8,), 3, outputs=5, dropout=0.0).eval()
    export(network, tmp_path / "old.onnx", metadata={"labels": json.dumps(LABELS), "evidence_version": "0"})
    with pytest.raises(EngineError, match="evidence of version 0"):
        Temporal(Session(tmp_path / "old.onnx"))
