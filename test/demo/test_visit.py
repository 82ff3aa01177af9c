"""The table static vs active."""

from __future__ import annotations

import io
import json
import math

from rich.console import Console

from opendr_perception.demo.visit import Answer, Visit, show, summary


def visit(first: Answer, last: Answer, enrolled: bool = True) -> Visit:
    return Visit("ann", enrolled, first, last, moves=2, way=0.7512, seconds=6.0, message="recognised")


def test_an_answer_is_right_if_it_is_the_name_or_none_for_a_stranger() -> None:
    ann, bob, nobody, unseen = Answer("ann", 0.4), Answer("bob", 0.1), Answer("", -0.2), Answer()
    known, stranger = visit(nobody, ann), visit(nobody, ann, enrolled=False)
    assert [known.right(answer) for answer in (ann, bob, nobody, unseen)] == [True, False, False, False]
    assert [stranger.right(answer) for answer in (ann, bob, nobody, unseen)] == [False, False, True, False]


def test_the_summary_counts_what_is_right_and_can_be_written() -> None:
    visits = (visit(Answer("", -0.2), Answer("ann", 0.4)), visit(Answer(), Answer("bob", 0.1)))
    total = json.loads(json.dumps(summary(visits), allow_nan=False))
    assert (total["right_static"], total["right_active"], total["moves"], total["way"]) == (0, 1, 4, 1.502)
    assert total["people"][1]["first"] == {"identity": "", "confidence": None, "right": False}
    assert total["people"][0]["last"] == {"identity": "ann", "confidence": 0.4, "right": True}


def test_the_table_fits_into_an_ordinary_terminal() -> None:
    name = "person_11"
    longest = Visit(name, False, Answer(name, -0.25), Answer(name, math.pi), 4, 12.0, 25.0, "")
    console = Console(width=80, record=True, file=io.StringIO())
    show([longest, longest], console)
    text = console.export_text()
    assert "…" not in text
    assert "person_11 (+3.14)" in text
