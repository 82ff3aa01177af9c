"""Every card of the package's own weights says what somebody must know before they rely on them."""

from __future__ import annotations

from pathlib import Path

import pytest

from opendr_perception.zoo import load_manifest
from opendr_perception.zoo.manifest import OwnEntry

CARDS = Path(__file__).parents[2] / "opendr_perception" / "zoo" / "weights"
OWN = [entry.name for entry in load_manifest().entries.values() if isinstance(entry, OwnEntry)]


@pytest.mark.parametrize("name", OWN)
def test_a_card_says_who_is_in_the_data_and_what_it_is_not_for(name: str) -> None:
    card = (CARDS / f"{name}.md").read_text()
    limits = card[card.index("## Limits") :]
    assert "**Who is in the data:**" in limits and "**Not for**" in limits
