"""Verification of covered faces: what is painted, where it goes, and what is counted."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception.active.perception.observation import FaceObservation
from opendr_perception.active.policies.occlusion import NONE, SIDES, OcclusionNetworks
from opendr_perception.bench.view.verification import (
    COVERS,
    EXITS,
    STAGES,
    Clearer,
    PaintedThing,
    UncoveredFace,
    draw_pairs,
    right_pairs,
    verify,
)
from opendr_perception.tasks.face.embedding import FaceEmbedder

BOX = np.array([40.0, 40, 140, 140])
LANDMARKS = np.array([[70, 75], [110, 75], [90, 95], [90, 115], [50, 80], [130, 80]], float)
FACE = UncoveredFace(np.full((180, 180, 3), 200, np.uint8), BOX, LANDMARKS, "ann")


def covered(thing: PaintedThing, moved: tuple[float, float] = (0, 0)) -> float:
    """Share of the box of FACE that is hidden by something black."""
    black = PaintedThing(np.zeros_like(FACE.pixels), thing.low, thing.high)
    return float(np.mean(black.paint(FACE, np.array(moved))[40:140, 40:140] == 0))


@pytest.mark.parametrize("cover", COVERS)
def test_as_much_is_covered_as_is_said_and_nothing_after_the_whole_way(cover: str) -> None:
    random = np.random.default_rng(3)
    for _ in range(8):
        thing = PaintedThing.draw(random, cover, FACE.pixels.shape)
        assert 0.19 <= covered(thing) <= 0.61
        assert cover == COVERS[0] or covered(thing) == pytest.approx(0.6, abs=0.02)
        for side, exit_ in EXITS.items():
            x, y = exit_
            way = thing.way(side)
            assert covered(thing, (way * x, way * y)) <= 0.01, "gone"
            assert covered(thing, (0.8 * way * x, 0.8 * way * y)) > 0.02, "not before"


class Oracle(OcclusionNetworks):
    """Sees by colour what is black, and knows the rest of the way."""

    def __init__(self) -> None:
        self.asked = 0

    def direction(self, view: FaceObservation) -> np.ndarray:
        self.asked += 1
        hidden = (view.image.pixels[40:140, 40:140] == 0).all(axis=2)
        return np.eye(len(SIDES))[SIDES.index("left") if hidden.any() else NONE]

    def ratio(self, before: FaceObservation, after: FaceObservation) -> float:
        edges = [int((view.image.pixels[90, 40:140] == 0).all(axis=1).sum()) for view in (before, after)]
        return edges[1] / max(edges[0] - edges[1], 1)


class Darkness(FaceEmbedder):
    """Points by how dark crops are."""

    def __init__(self) -> None: ...

    def __call__(self, crops: object) -> np.ndarray:
        return np.array([[np.mean(np.asarray(crop) == 0)] for crop in crops])  # type: ignore[attr-defined]


def test_two_moves_do_what_ten_steps_do() -> None:
    thing = PaintedThing(np.zeros_like(FACE.pixels), np.array([-0.3, -0.3]), np.array([0.5, 1.3]))
    seen = Clearer(Oracle(), Darkness()).embeddings(FACE, thing, np.random.default_rng(0))
    assert tuple(seen) == STAGES
    left = [float(seen[stage][0]) for stage in STAGES]
    assert left[0] > left[1] > left[2] > left[3] > left[4]
    assert left[5] <= left[4] + 0.02


def test_what_is_not_covered_is_left_alone() -> None:
    far = PaintedThing(np.zeros_like(FACE.pixels), np.array([1.1, 0.0]), np.array([1.3, 1.0]))
    oracle = Oracle()
    seen = Clearer(oracle, Darkness()).embeddings(FACE, far, np.random.default_rng(0))
    assert oracle.asked == 2
    assert len({float(embedding[0]) for embedding in seen.values()}) == 1


def test_pairs_are_half_of_one_person() -> None:
    people = ["ann", "ann", "ben", "ben", "cai"]
    pairs = draw_pairs(people, 20, np.random.default_rng(0))
    assert [people[a] == people[b] for a, b in pairs] == [True, False] * 10
    assert all(a != b for a, b in pairs)
    for alone in (["ann", "ann"], ["ann", "ben"]):
        with pytest.raises(ValueError, match="pairs need two people"):
            draw_pairs(alone, 2, np.random.default_rng(0))


def test_the_threshold_of_a_pair_comes_from_other_folds() -> None:
    same = np.arange(40) % 2 == 0
    assert right_pairs(np.where(same, 0.3, 0.9), same) == 40
    distances = np.random.default_rng(0).random(40)
    assert 8 <= right_pairs(distances, same) <= 32, "chance stays chance"


def test_figures_are_of_all_covers_and_stages() -> None:
    bright = [UncoveredFace(FACE.pixels, BOX, LANDMARKS, name) for name in ("ann", "ann", "ben", "ben")]
    found = list(verify(Clearer(Oracle(), Darkness()), bright, 4, "faces"))
    assert len(found) == 1 + len(COVERS) * len(STAGES)
    assert all(0 <= figure.ours <= 100 for figure in found)
