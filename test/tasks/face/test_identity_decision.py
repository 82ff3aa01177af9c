"""The threshold follows who else is near: the gallery's people, and kinds of faces."""

from __future__ import annotations

import numpy as np
import pytest

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.tasks.face.enrolment import fingerprint
from opendr_perception.tasks.face.formats import DIMENSIONS
from opendr_perception.tasks.face.gallery import THRESHOLD, Gallery
from opendr_perception.tasks.face.identity.decision import (
    MIDDLE,
    NEARER,
    OF_KIND,
    Compared,
    allowed,
    compare,
    relative,
    thresholds,
    who,
)
from opendr_perception.tasks.face.kinds import kinds_of, nearest_kind


def point(x: float, y: float = 0.0) -> np.ndarray:
    return np.concatenate([[x, y], np.zeros(DIMENSIONS - 2)]).astype(np.float32)


def gallery(model: str = "test", **places: float) -> Gallery:
    made = Gallery(model)
    for name, place in places.items():
        made = made.with_samples(name, [f"{name}/0"], point(place)[None])
    return made


def limits(known: Gallery, face: np.ndarray) -> np.ndarray:
    return thresholds(known, compare(known, [face]), THRESHOLD)


def test_a_gallery_of_one_person_has_the_given_threshold() -> None:
    one = gallery(ann=0.0)
    assert limits(one, point(0.3)) == [THRESHOLD]
    assert who(one, compare(one, [point(THRESHOLD - 0.01)]), THRESHOLD) == 0
    assert who(one, compare(one, [point(THRESHOLD + 0.01)]), THRESHOLD) == -1


def test_nobody_and_nothing_are_decided_without_a_claim() -> None:
    assert who(Gallery("test"), compare(Gallery("test"), [point(0)]), THRESHOLD) == -1
    assert len(relative(gallery(ann=0, bea=1), Compared(), THRESHOLD)) == 0


def test_the_threshold_grows_with_the_rivals_distance_and_no_further() -> None:
    rivals = np.linspace(0.02, 2.0, 100)
    limit = allowed(rivals, THRESHOLD)
    assert (np.diff(limit) >= 0).all()
    assert (limit <= NEARER * rivals + 1e-9).all()
    assert limit.max() == pytest.approx(THRESHOLD), "nobody is known from farther than without rivals"


def test_nobody_is_known_beyond_the_given_threshold_however_far_the_others_are() -> None:
    far_apart = gallery(ann=0.0, bob=1.0)
    assert who(far_apart, compare(far_apart, [point(0.0, THRESHOLD - 0.05)]), THRESHOLD) == 0
    assert who(far_apart, compare(far_apart, [point(0.0, THRESHOLD + 0.05)]), THRESHOLD) == -1


def test_who_looks_like_two_enrolled_people_is_neither_though_near_enough_to_both() -> None:
    alike = gallery(ann=0.0, bea=0.42)
    between = point(0.2, 0.25)
    assert alike.distances(between).max() < THRESHOLD
    assert who(alike, compare(alike, [between]), THRESHOLD) == -1


def test_a_look_alike_of_an_enrolled_person_lowers_the_threshold_wherever_the_face_is() -> None:
    beside = point(0.0, 0.4)
    apart, alike = gallery(ann=0.0, bob=1.0), gallery(ann=0.0, bea=-0.42)
    assert who(apart, compare(apart, [beside]), THRESHOLD) == 0
    assert who(alike, compare(alike, [beside]), THRESHOLD) == -1


def test_only_the_nearest_person_can_be_meant() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        known = gallery(**{name: float(rng.normal(0, 0.4)) for name in "abcde"})
        face = compare(known, [point(*rng.normal(0, 0.3, 2))])
        claims = np.flatnonzero(relative(known, face, THRESHOLD) < 1)
        assert set(claims) <= {int(np.argmin(face.distances))}


def test_one_bad_view_of_three_decides_nothing() -> None:
    known = gallery(ann=0.0, bob=1.0)
    assert who(known, compare(known, [point(0), point(0.1), point(1.0)]), THRESHOLD) == 0


def test_separations_are_distances_to_the_nearest_other_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opendr_perception.tasks.face.gallery.TOGETHER", 2)
    known = gallery(ann=0.0, bea=0.4).with_samples("cem", ["cem/0", "cem/1"], np.stack([point(3.0), point(0.9)]))
    np.testing.assert_allclose(known.separations, [0.4, 0.4, 0.5], atol=1e-4)
    assert gallery(ann=0.0).separations == [np.inf]


def test_common_faces_must_be_nearer_than_they_are_to_their_kind(models: dict[str, zoo.ModelFile]) -> None:
    model = fingerprint("face-embedding", Session(models["face-embedding"].path, threads=1))
    means = kinds_of(model)
    assert means is not None, "the means must belong to the embedder that the package loads"
    assert means.shape[1] == DIMENSIONS
    aside = np.zeros(DIMENSIONS, np.float32)
    aside[np.argmin(np.abs(means).sum(0))] = 0.3
    known = Gallery(model).with_samples("ann", ["ann/0"], (means[0] + aside)[None])
    own = float(nearest_kind(model, known.embeddings)[0])
    assert own <= 0.3 + 1e-3
    [limit] = limits(known, means[0] + aside)
    assert limit == pytest.approx(OF_KIND * own, abs=1e-3)


def test_of_another_embedder_no_kinds_are_known() -> None:
    assert kinds_of("theirs 0123456789abcdef") is None
    assert np.isinf(nearest_kind("theirs 0123456789abcdef", point(0)[None])).all()


def test_what_is_wrong_about_single_views_cancels_out() -> None:
    known, rng = gallery(ann=0.0, bea=1.0), np.random.default_rng(0)
    views = [point(0.1) + rng.normal(0, 0.5 / DIMENSIONS**0.5, DIMENSIONS).astype(np.float32) for _ in range(5)]
    assert {who(known, compare(known, [view]), THRESHOLD) for view in views} == {-1}
    assert who(known, compare(known, views), THRESHOLD) == 0


def test_a_bad_view_does_not_move_what_several_say() -> None:
    known = gallery(ann=0.0, bea=1.0)
    assert who(known, compare(known, [point(0.1), point(5.0), point(0.1)]), THRESHOLD) == 0
    assert who(known, compare(known, [point(5.0), point(0.1), point(5.0)]), THRESHOLD) == -1


def test_several_views_that_agree_count_as_no_nearer_than_one() -> None:
    known = gallery(ann=0.0)
    one, several = compare(known, [point(0.3)]), compare(known, [point(0.3)] * 3)
    assert several.distances == pytest.approx(MIDDLE * one.distances)
    assert MIDDLE >= 1
