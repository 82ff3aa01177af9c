"""The one who is meant, by the ids and names of `people`."""

from __future__ import annotations

from opendr_perception.msg import Face, Person, PersonArray

from opendr_perception.active.surroundings import PersonPosition
from opendr_perception.ros.control.sights import BODY, FACE, FRESH, LocatedFace, Meant


def person(identifier: str, body: str = "", face: str = "", name: str = "", visible: bool = True) -> Person:
    return Person(person_id=identifier, body_id=body, face_id=face, name=name, name_confidence=0.5, visible=visible)


def meant(wanted: str, *people: Person) -> Meant:
    found = Meant()
    found.begin(wanted)
    found.take(PersonArray(people=list(people)), 0.0)
    return found


ANN, BOB = person("p1", "b1", "f1", "Ann"), person("p2", "b2", "f2", "Bob")


def test_somebody_is_meant_by_id_name_face_or_body() -> None:
    for wanted in ("p1", "Ann", "f1"):
        who = meant(wanted, ANN, BOB)
        assert who.owns_face("f1", 1.0)
        assert not who.owns_face("f2", 1.0)
        assert not who.owns_face("", 1.0)
    assert meant("Ann", ANN, BOB).owns_body("b1", 1.0, sought=False)
    assert meant("Ann", ANN, BOB).is_another(BODY, "b2", 1.0)


def test_a_face_that_was_found_leads_to_the_body_of_the_same_person() -> None:
    who = meant("", ANN, BOB)
    assert not who.owns_body("b1", 1.0, sought=False)
    sight = LocatedFace(Face(track_id="f1"), PersonPosition(2.0, 0.0))
    assert who.face_among([sight], None, 1.0) is sight
    assert who.owns_body("b1", 1.0, sought=False)
    assert who.is_another(FACE, "f2", 1.0)


def test_a_person_keeps_being_meant_when_the_name_goes_and_the_tracks_change() -> None:
    who = meant("Ann", ANN, BOB)
    assert who.owns_body("b1", 1.0, sought=False)
    who.take(PersonArray(people=[person("p1", "b9"), BOB]), 1.5)
    assert who.owns_body("b9", 1.5, sought=False)
    who.take(PersonArray(people=[person("p1", "b1", visible=False), person("p2", "b1")]), 2.0)
    assert who.is_another(BODY, "b1", 2.0), "the track has gone over to somebody else"


def test_what_is_old_or_not_clear_is_nobody_s() -> None:
    who = meant("Ann", ANN)
    assert not who.owns_body("b1", FRESH + 1, sought=False)
    assert not meant("Ann", ANN, person("p3", "b3", name="Ann")).owns_body("b1", 1.0, sought=False), "two of this name"
    assert not meant("p1", ANN, person("p4", "b1")).owns_body("b1", 1.0, sought=False), "two have this body"
    assert meant("7").owns_face("7", 1.0), "without people, tracks are what they were"
    assert not meant("7").is_another(FACE, "8", 1.0)


def test_ids_of_faces_tell_nothing_of_bodies() -> None:
    who = meant("7")
    assert who.owns_face("7", 1.0)
    assert not who.owns_body("7", 1.0, sought=False)
    assert who.owns_body("7", 1.0, sought=True), "a body may be asked for"
    who = meant("Ann", person("p1", "x", "y", "Ann"), person("p2", "y", "x", "Bob"))
    assert who.owns_body("x", 1.0, sought=False)
    assert who.is_another(BODY, "y", 1.0)
    assert who.owns_face("y", 1.0)


def test_nobody_who_is_known_to_be_another_is_taken_for_the_person_where_they_were_expected() -> None:
    who, there = meant("Ann", ANN, BOB), PersonPosition(2.0, 0.1)
    assert who.face_among([LocatedFace(Face(track_id="f1"), there)], None, 1.0) is not None
    passing = LocatedFace(Face(track_id="f2"), there)
    assert who.face_among([passing], there, 1.1) is None
    assert who.body_among([there], ["b2"], there, sought=False, now=1.1) == (None, [])
    assert who.body_among([there, PersonPosition(3.0, 0.4)], ["b2", "b1"], there, sought=False, now=1.1) == (None, [1])
    assert who.body_among([there], ["new"], there, sought=False, now=1.1) == (there, []), "a track nobody knows yet"
    assert who.face_among([LocatedFace(Face(track_id="new"), there)], there, 1.1) is not None
