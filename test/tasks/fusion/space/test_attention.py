"""Zones, looking, and coming nearer."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from opendr_perception.tasks.fusion import Mount, PersonLocation, PositionSource, Zone
from opendr_perception.tasks.fusion.joining import join
from opendr_perception.tasks.fusion.space import approach, looks_here, zone_of


@pytest.mark.parametrize(
    ("distance", "zone"),
    [(0.3, Zone.INTIMATE), (1.0, Zone.PERSONAL), (2.0, Zone.SOCIAL), (5.0, Zone.PUBLIC), (math.nan, Zone.UNKNOWN)],
)
def test_zones_are_those_of_hall(distance: float, zone: Zone) -> None:
    assert zone_of(distance) == zone


def test_a_zone_does_not_flicker_at_its_border() -> None:
    assert zone_of(1.23, Zone.PERSONAL) == Zone.PERSONAL
    assert zone_of(1.17, Zone.SOCIAL) == Zone.SOCIAL
    assert zone_of(1.1, Zone.SOCIAL) == Zone.PERSONAL
    assert zone_of(0.44, Zone.PERSONAL) == Zone.PERSONAL
    assert zone_of(1.3, Zone.PERSONAL) == Zone.SOCIAL


def test_who_is_aside_looks_here_when_turned_to_the_camera(stage: Any, lens: Any) -> None:
    actor = stage.Actor(box=(560, 100, 620, 300), face="f")
    [seen] = join(stage.sight(actor))
    ray = math.atan((590 - 320) / 500)
    assert not looks_here(seen.face, lens)
    assert looks_here(replace(seen.face, angles=np.array([-ray, math.atan(-126 / 500), 0])), lens)
    wavering = replace(seen.face, angles=np.array([-ray + math.radians(20), math.atan(-126 / 500), 0]))
    assert not looks_here(wavering, lens)
    assert looks_here(wavering, lens, before=True)
    assert not looks_here(None, lens)


def test_who_comes_has_a_negative_speed(level: Mount) -> None:
    place = PersonLocation(np.array([3.0, 4.0, 1.0]), np.eye(3), np.array([-0.6, -0.8, 0.0]), PositionSource.DEPTH)
    way = approach(place, level)
    assert way.distance == pytest.approx(5)
    assert way.speed == pytest.approx(-1)
    assert math.isnan(approach(PersonLocation.unknown(), level).distance)
    assert math.isnan(approach(place, None).distance)
