"""A temperature makes scores mean what they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from opendr_perception.networks.action.tcn import ActionTcn
from opendr_perception.training.action import calibration
from opendr_perception.training.action.calibration import apply_temperature, temperature_of


def test_the_temperature_of_overconfident_answers_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(20000, 5, generator=generator)
    labels = torch.multinomial(logits.softmax(1), 1, generator=generator)[:, 0]
    monkeypatch.setattr(calibration, "_answers", lambda network, path: (2.0 * logits, labels))
    network = ActionTcn(5, 4, (1,))
    assert temperature_of(network, tmp_path, ["simulation", "kard"]) == pytest.approx(2.0, rel=0.06)


def test_a_temperature_divides_logits() -> None:
    torch.manual_seed(0)
    network = ActionTcn(5, 4, (1,)).eval()
    clip = torch.rand(1, 5, 6, 17, 1)
    with torch.no_grad():
        before = network(clip)
        apply_temperature(network, 2.0)
        np.testing.assert_allclose(network(clip), before / 2, rtol=1e-5, atol=1e-6)
