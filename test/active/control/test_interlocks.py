"""A robot stands as long as anybody says so."""

from __future__ import annotations

import pytest

from opendr_perception.active.control.interlocks import Interlocks


def test_each_guard_releases_only_its_own() -> None:
    interlocks = Interlocks()
    interlocks.engage("one", "because")
    interlocks.engage("other", "why not")
    assert (interlocks.reason, interlocks.of("other")) == ("because", "why not")
    interlocks.release("one")
    interlocks.release("one")
    assert (interlocks.reason, interlocks.of("one")) == ("why not", "")
    interlocks.release("other")
    assert interlocks.reason == ""


def test_nobody_forbids_without_a_reason() -> None:
    with pytest.raises(ValueError, match="must say why"):
        Interlocks().engage("one", "")
