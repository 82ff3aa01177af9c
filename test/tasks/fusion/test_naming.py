"""Names by faces, and how sure they stay."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendr_perception.tasks.face import Identity
from opendr_perception.tasks.fusion import NameSource
from opendr_perception.tasks.fusion.naming import Naming

ANN, BOB, NOBODY = Identity("Ann", 0.2, 0.6), Identity("Bob", 0.2, 0.9), Identity("", 0.9, -0.5)


def seen(*identities: Identity) -> Naming:
    naming = Naming()
    for time, identity in enumerate(identities):
        naming = naming.recognise(identity, time / 10)
    return naming


def test_one_recognition_is_not_enough() -> None:
    assert seen(ANN).given(0.0, 60)[0] == ""
    assert seen(ANN, ANN).given(0.1, 60) == ("Ann", pytest.approx(0.6), NameSource.FACE)


def test_a_name_that_is_carried_is_never_surer_than_its_face_and_fades() -> None:
    naming = seen(*[ANN] * 5)
    name, confidence, source = naming.given(60.4, 60)
    assert (name, source) == ("Ann", NameSource.APPEARANCE)
    assert confidence == pytest.approx(0.3)
    assert naming.carry(0.5).given(0.4, 60)[1:] == (pytest.approx(0.3), NameSource.APPEARANCE)
    assert naming.given(600, 60)[0] == "", "in the end it is nobody's"


def test_a_few_other_faces_do_not_change_a_name_and_many_do() -> None:
    assert seen(*[ANN] * 6, BOB).given(0.6, 60)[0] == "Ann"
    assert seen(*[ANN] * 3, *[BOB] * 9).given(1.1, 60)[0] == "Bob"


def test_a_face_that_is_nobodys_takes_a_name_away_again() -> None:
    assert seen(ANN, ANN, *[NOBODY] * 6).given(0.8, 60)[0] == ""
    bad_view, foreign = Identity("", 0.5, -0.06), Identity("", 0.9, math.nan)
    assert seen(ANN, ANN, *[bad_view] * 6).given(0.8, 60)[0] == "Ann", "a face just beyond the threshold says little"
    assert seen(ANN, ANN, *[foreign] * 6).given(0.8, 60)[0] == "", "as sure as a distance alone is"
    unknown = Identity("", math.nan, math.nan)
    assert seen(ANN, ANN, *[unknown] * 6).given(0.8, 60)[0] == "Ann", "what is not computed says nothing"


@given(
    st.lists(st.sampled_from([ANN, BOB, NOBODY]), max_size=30),
    st.lists(st.floats(0, 1), max_size=4),
    st.floats(0, 1e4),
)
def test_confidence_is_never_more_than_the_best_evidence(
    identities: list[Identity], links: list[float], later: float
) -> None:
    naming = seen(*identities)
    for link in links:
        naming = naming.carry(link)
    name, confidence, source = naming.given(len(identities) / 10 + later, 60)
    best = max((one.confidence for one in identities if one.name == name != ""), default=0.0)
    assert 0 <= confidence <= best + 1e-9
    assert (name == "") == (source == NameSource.NONE)
