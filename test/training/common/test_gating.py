"""Gates of new labels over a network that stays as it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from opendr_perception.networks.gates import Gates
from opendr_perception.training.common.gating import GatePlan, beside, keep, known_features, learned_gate, with_labels


def test_gates_leave_the_probabilities_of_one_whole_and_known_labels_in_proportion() -> None:
    torch.manual_seed(0)
    gates = Gates(6, (2, 1))
    known, features = torch.randn(5, 3), torch.randn(5, 6)
    found = gates(known, features).exp()
    assert found.shape == (5, 3 + 2 + 1)
    torch.testing.assert_close(found.sum(1), torch.ones(5))
    torch.testing.assert_close(found[:, :3] / found[:, :3].sum(1, keepdim=True), known.softmax(1))
    over_time = gates(known[..., None], features[..., None])[..., 0]
    torch.testing.assert_close(over_time.exp(), found)


def test_a_gate_keeps_out_what_is_remembered() -> None:
    rng = np.random.default_rng(0)
    old = rng.normal(0, 0.3, (60, 4)).astype(np.float32) + np.repeat(np.eye(4, dtype=np.float32)[:2] * 3, 30, 0)
    new = torch.from_numpy(rng.normal(0, 0.3, (8, 4)).astype(np.float32)) + 3 * torch.eye(4)[2]
    known = known_features(old, np.repeat([0, 1], 30))
    gate = learned_gate(new, torch.ones(8, dtype=torch.long), known, GatePlan())
    with torch.no_grad():
        said = gate(torch.cat([torch.from_numpy(old), new])).argmax(1)
    assert (said[:60] > 0).float().mean() < 0.1  # as many as it may take
    assert said[60:].all()
    more = with_labels(known, new, torch.ones(8, dtype=torch.long))
    assert more is not None
    np.testing.assert_allclose(more.means[2], new.mean(0), atol=1e-6)
    assert with_labels(None, new, torch.ones(8, dtype=torch.long)) is None


def test_as_much_of_what_is_remembered_as_is_allowed_is_taken_for_something_new() -> None:
    rng = np.random.default_rng(0)
    known = known_features(rng.normal(0, 1, (200, 4)).astype(np.float32), np.zeros(200, np.int64))
    new = torch.from_numpy(rng.normal(0, 1, (30, 4)).astype(np.float32)) + 1.5 * torch.eye(4)[0]
    found = []
    for taken in (0.02, 0.2):
        gate = learned_gate(new, torch.ones(30, dtype=torch.long), known, GatePlan(taken))
        with torch.no_grad():
            lost, seen = ((gate(some).argmax(1) == 1).float().mean().item() for some in (known.draw(4000, 9), new))
        assert lost == pytest.approx(taken, abs=0.03)
        found.append(seen)
    assert found[1] > found[0] + 0.2


def test_a_memory_lies_beside_its_model(tmp_path: Path) -> None:
    model = tmp_path / "lab.onnx"
    assert beside(model) is None
    known = known_features(np.random.default_rng(0).normal(size=(30, 5)).astype(np.float32), np.repeat([0, 1, 2], 10))
    keep(tmp_path / "lab.known", known)
    read = beside(model)
    assert read is not None
    np.testing.assert_allclose(read.means, known.means, atol=2e-3)
    drawn = read.draw(4000, 1).numpy()
    np.testing.assert_allclose(drawn.mean(0), known.means.mean(0), atol=0.08)
    (tmp_path / "lab.known").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="no memory"):
        beside(model)
