"""Fixtures: the models that the nodes load by default."""

from __future__ import annotations

import pytest

from opendr_perception import zoo


@pytest.fixture(autouse=True)
def fetched(models: dict[str, zoo.ModelFile]) -> None:
    """Every test of this folder finds all models in the cache."""
