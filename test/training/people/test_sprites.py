"""The rendered people of the package, where its source tree is and where it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from opendr_perception.training.people.sprites import HELD_OUT_PEOPLE, load_sprites


def test_those_of_the_package_lie_in_its_source_tree() -> None:
    sprites = load_sprites(HELD_OUT_PEOPLE)
    assert len({sprite.body for sprite in sprites}) == 6
    assert all(sprite.pixels.shape[:2] == sprite.opacity.shape for sprite in sprites)


def test_an_installation_without_them_says_where_they_are(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="in its source tree, not installed"):
        load_sprites(tmp_path / "held_out_people.npz")
