"""Confidence as it is defined, and what a gallery says of embeddings."""

from __future__ import annotations

import math

import numpy as np
import pytest

from opendr_perception.active.perception.recognition import recognise
from opendr_perception.tasks.face.gallery import Gallery
from opendr_perception.tasks.face.identity.decision import USUAL_RIVAL, allowed

ANN, BOB = np.zeros(128, np.float32), np.zeros(128, np.float32)
BOB[0] = 2.0


def gallery() -> Gallery:
    empty = Gallery("a model")
    return empty.with_samples("ann", ["ann/0"], ANN[None]).with_samples("bob", ["bob/0"], BOB[None])


@pytest.mark.parametrize(("thresholds", "confidence"), [(0.0, 1.0), (0.5, 0.5), (1.0, 0.0), (1.5, -0.5)])
def test_confidence_is_one_at_the_sample_zero_at_the_threshold_and_negative_beyond(
    thresholds: float, confidence: float
) -> None:
    people = gallery()
    aside = ANN.copy()
    aside[1] = thresholds * float(allowed(np.array([USUAL_RIVAL]), people.threshold)[0])  # bob is far away
    (found,) = recognise(people, aside[None])
    assert (found.identity, found.confidence) == ("ann", pytest.approx(confidence))
    assert found.accepted == (confidence > 0)
    assert found.distances["ann"] == pytest.approx(np.linalg.norm(aside) / people.threshold, abs=1e-5)
    assert found.confidence_in("ann") == found.confidence
    assert found.confidence_in("bob") < found.confidence
    assert found.confidence_in("cid") == -math.inf


def test_a_stranger_between_two_who_look_alike_is_nobody_to_the_control_either() -> None:
    bea = ANN.copy()
    bea[0] = 0.44
    people = Gallery("a model").with_samples("ann", ["ann/0"], ANN[None]).with_samples("bea", ["bea/0"], bea[None])
    between = ANN.copy()
    between[0], between[1] = 0.2, 0.3
    assert people.distances(between).max() < people.threshold
    (found,) = recognise(people, between[None])
    assert found.identity == "ann"
    assert not found.accepted
    assert max(found.confidences.values()) < 0
    assert max(found.distances.values()) < 1, "distances are those of embeddings: the belief weighs rivals itself"


def test_an_empty_gallery_knows_nobody() -> None:
    (found,) = recognise(Gallery("a model"), ANN[None])
    assert found.identity == ""
    assert math.isnan(found.confidence)
    assert not found.accepted
    assert found.rank == -math.inf
