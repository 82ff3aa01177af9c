"""A look is learned, and a name is said, only where nobody else is as likely."""

from __future__ import annotations

import math
from itertools import count

import numpy as np
import pytest

from opendr_perception.tasks.fusion.clothes import Look, Wardrobe
from opendr_perception.tasks.fusion.doubting import may_be_another, surely_worn
from opendr_perception.tasks.fusion.following import CameraMemory, Followed
from opendr_perception.tasks.fusion.known import Everybody, KnownPerson

NOW = 10.0


def look(degrees: float) -> Look:
    """Looks whose likeness is the cosine between them."""
    angle = math.radians(degrees)
    return np.array([math.cos(angle), math.sin(angle)], np.float32)


@pytest.fixture
def everybody() -> Everybody:
    """Two people in clothes that are alike by 0.5."""
    two = Everybody(str(number) for number in count(1))
    for degrees in (0, 60):
        two.welcome(1.0, NOW).wardrobe = Wardrobe((look(degrees),))
    return two


def known(everybody: Everybody, number: int) -> KnownPerson:
    person = everybody.get(str(number))
    assert person is not None
    return person


def camera(*present: str) -> CameraMemory:
    """A camera that sees somebody now, in undoubted tracks of their own."""
    tracks = {f"b{name}": Followed(1.0, NOW, np.zeros(4), person=name) for name in present}
    return CameraMemory(tracks)


@pytest.mark.parametrize(
    ("seen", "present", "learned"),
    [(20, (), True), (29, (), False), (29, ("2",), True), (70, ("2",), False)],
    ids=["clearly theirs", "as well of another one", "the other one is elsewhere", "of nobody"],
)
def test_a_look_is_learned_where_it_is_of_nobody_else(
    everybody: Everybody, seen: float, present: tuple[str, ...], learned: bool
) -> None:
    assert surely_worn(known(everybody, 1), look(seen), camera(*present), everybody, NOW) is learned


@pytest.mark.parametrize(
    ("seen", "shown", "present", "doubted"),
    [
        (20, 0.0, (), False),
        (40, 0.0, (), True),
        (40, 0.0, ("2",), False),
        (None, 0.2, (), False),
        (None, 1.0, (), True),
        (None, 1.0, ("2",), False),
    ],
)
def test_a_name_is_doubted_where_another_one_may_be_seen(
    everybody: Everybody, seen: float | None, shown: float, present: tuple[str, ...], doubted: bool
) -> None:
    followed = Followed(1.0, NOW, np.zeros(4), person="1", last=look(0), shown=NOW - shown)
    now = None if seen is None else look(seen)
    assert may_be_another(known(everybody, 1), followed, now, camera(*present), everybody, NOW) is doubted


@pytest.mark.parametrize(
    ("seen", "left", "doubted"), [(10, True, False), (50, True, True), (50, False, True), (-70, True, True)]
)
def test_a_name_needs_the_clothes_that_were_seen_with_the_face(
    everybody: Everybody, seen: float, left: bool, doubted: bool
) -> None:
    one, other = known(everybody, 1), known(everybody, 2)
    one.wardrobe = Wardrobe((look(0), look(60), look(-70)))  # the id has stood for two people
    one.portrait, other.portrait = Wardrobe((look(0),)), Wardrobe((look(60),))
    other.left = left
    followed = Followed(1.0, NOW, np.zeros(4), person="1", last=look(seen), shown=NOW)
    assert may_be_another(one, followed, look(seen), camera("1", "2"), everybody, NOW) is doubted


def test_alone_nobody_is_doubted(everybody: Everybody) -> None:
    known(everybody, 2).left = True
    followed = Followed(1.0, NOW, np.zeros(4), person="1")
    assert not may_be_another(known(everybody, 1), followed, None, camera(), everybody, NOW)
