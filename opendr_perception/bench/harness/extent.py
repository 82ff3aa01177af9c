"""Extent of a benchmark."""

from __future__ import annotations

from enum import Enum
from typing import TypeVar

Value = TypeVar("Value")


class Extent(Enum):
    """Purpose of a run: the figures of the docs, a first idea in a minute, or whether it runs at all."""

    FULL = "full"
    QUICK = "quick"
    SMOKE = "smoke"

    def pick(self, full: Value, quick: Value, smoke: Value) -> Value:
        """Choose what belongs to this extent."""
        return {Extent.FULL: full, Extent.QUICK: quick, Extent.SMOKE: smoke}[self]
