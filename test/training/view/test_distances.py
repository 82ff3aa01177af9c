"""The constants of the belief come back from episodes that were made by them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from opendr_perception.active.perception import ANGLES, FAR, MEASURED, UNKNOWN, belief
from opendr_perception.training.view.distances import (
    PEOPLE,
    VIEWS,
    RecordedEpisodes,
    _look,
    draw,
    fit,
    from_vector,
    log_belief,
    report,
    to_vector,
)
from opendr_perception.training.view.simulate import TableWorld


def made(count: int, random: np.random.Generator) -> RecordedEpisodes:
    """Single views from the front of people who are 0.4 from themselves and 1.2 from others, and of strangers."""
    known = random.random(count) < 0.5
    distances = random.normal(1.2, 0.1, (count, VIEWS, PEOPLE))
    distances[known, 0, 0] = random.normal(0.4, 0.1, known.sum())
    angles, weights = np.zeros((count, VIEWS, len(ANGLES))), np.zeros((count, VIEWS))
    angles[:, :, 0], weights[:, 0] = 1.0, 1.0
    arrays = (
        distances,
        np.full_like(distances, FAR),
        angles,
        np.zeros((count, VIEWS)),
        weights,
        np.ones((count, PEOPLE), bool),
        np.where(known, 0, PEOPLE),
    )
    return RecordedEpisodes(*map(torch.tensor, arrays))


def test_constants_come_back_as_they_went() -> None:
    there = from_vector(to_vector(MEASURED))
    assert there.own == pytest.approx(MEASURED.own)
    assert (there.spread, there.alike, there.agreement) == pytest.approx(
        (MEASURED.spread, MEASURED.alike, MEASURED.agreement)
    )


def test_the_belief_that_is_fitted_is_the_one_that_is_used(views: TableWorld) -> None:
    for seed in range(5):
        episodes = draw(views, 1, np.random.default_rng(seed))
        looks, _ = _look(views, np.random.default_rng(seed))
        used = belief(looks)
        fitted = torch.exp(log_belief(to_vector(MEASURED), episodes))[0].numpy()
        names = list(looks[0].recognition.distances)
        assert fitted[PEOPLE] == pytest.approx(used[UNKNOWN], abs=1e-6)
        assert fitted[: len(names)] == pytest.approx([used[name] for name in names], abs=1e-6)


def test_fitting_makes_the_truth_more_probable_and_keeps_what_nothing_is_said_of() -> None:
    episodes = made(300, np.random.default_rng(0))
    start = replace(MEASURED, own=(0.9, *MEASURED.own[1:]))
    found = fit(episodes, start, alike=0.002)
    assert found.own[0] < 0.8
    assert found.own[1:] == pytest.approx(MEASURED.own[1:], abs=1e-6)
    assert found.alike == pytest.approx(0.002)
    numbers = torch.arange(300)
    before, after = (log_belief(to_vector(c), episodes)[numbers, episodes.truth].mean() for c in (start, found))
    assert after > before
    assert next(report(found, episodes)).startswith("1 views: enrolled named")
