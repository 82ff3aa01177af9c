"""Losses have the values that their formulas have in closed form."""

from __future__ import annotations

import math

import pytest
import torch

from opendr_perception.training.emotion.losses import concordance, concordance_loss, diversity, similarity


@pytest.mark.parametrize(
    ("learners", "alike", "expected"),
    [(9, 0.1, 0.774841), (9, 0.5, 0.0195313), (9, 0.9, 8.2e-8), (15, 0.1, 0.549043), (15, 0.5, 4.8828e-4)],
)
def test_equally_similar_learners(learners, alike, expected) -> None:
    """Corners of a simplex are equally far from each other; D = (1 - s)^(L-1) (1 + (L-1) s)."""
    side = math.sqrt(-math.log(alike) / 10 / 2)
    descriptors = side * torch.eye(learners, dtype=torch.float64)[:, None].expand(-1, 4, -1)
    gram = similarity(descriptors)
    assert torch.allclose(gram.diagonal(), torch.ones(learners, dtype=torch.float64))
    assert gram[0, 1].item() == pytest.approx(alike)
    assert diversity(descriptors).item() == pytest.approx(expected, rel=1e-2)


def test_coinciding_learners_have_no_diversity_and_different_ones_all() -> None:
    """For odd numbers too, for which a zero diagonal turns the sign around."""
    for learners in (2, 3, 9):
        assert diversity(torch.ones(learners, 2, 5)).item() == pytest.approx(0, abs=1e-12)
        assert diversity(100 * torch.eye(learners)[:, None]).item() == pytest.approx(1)


def test_the_batch_is_averaged_before_the_determinant() -> None:
    descriptors = torch.rand(3, 6, 4) / 4
    mean = torch.stack([similarity(descriptors[:, i : i + 1]) for i in range(6)]).mean(0)
    assert torch.allclose(similarity(descriptors), mean)
    assert diversity(descriptors).item() == pytest.approx(torch.linalg.det(mean).item())


@pytest.mark.parametrize("learners", [3, 4, 5])
def test_descent_drives_learners_apart(learners) -> None:
    torch.manual_seed(learners)
    free = (torch.rand(learners, 1, 8) / 4).requires_grad_()
    optimiser = torch.optim.SGD([free], 0.01)

    def nearest() -> float:
        return torch.pdist(free[:, 0]).min().item()

    before = nearest()
    for _ in range(300):
        optimiser.zero_grad()
        (-diversity(free)).backward()
        optimiser.step()
    assert nearest() > 1.2 * before
    assert diversity(free).item() > 0.9


def test_concordance() -> None:
    true = torch.randn(200, 2, dtype=torch.float64)
    assert torch.allclose(concordance(true, true), torch.ones(2, dtype=torch.float64))
    assert torch.allclose(concordance(-true + 2 * true.mean(0), true), -torch.ones(2, dtype=torch.float64))
    shift, variance = 0.5, true.var(0, unbiased=False)
    assert torch.allclose(concordance(true + shift, true), 2 * variance / (2 * variance + shift**2))
    assert concordance_loss(true, true).item() == pytest.approx(0, abs=1e-6)


def test_constant_values_have_a_finite_concordance() -> None:
    constant = torch.ones(5, 2, requires_grad=True)
    loss = concordance_loss(constant, torch.ones(5, 2))
    loss.backward()
    assert loss.isfinite() and constant.grad.isfinite().all()
