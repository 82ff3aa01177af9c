"""Files of arrays from outside: every kind of damage is one error, and nobody reads them elsewhere."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from opendr_perception.arrays import WRONG, open_arrays, read_array

PACKAGE = Path(__file__).parents[1] / "opendr_perception"


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    path = tmp_path / "whole.npz"
    np.savez_compressed(path, a=np.random.default_rng(0).normal(size=5000), b=np.arange(3))
    return path


def test_arrays_are_read_by_their_names(whole: Path) -> None:
    with open_arrays(whole) as arrays:
        assert arrays["b"].tolist() == [0, 1, 2]


def test_damage_is_one_error(whole: Path, tmp_path: Path) -> None:
    content = whole.read_bytes()
    flipped = bytearray(content)
    flipped[2000:2100] = bytes(100)
    np.save(tmp_path / "single.npy", np.arange(3))
    np.savez(tmp_path / "objects.npz", a=np.array([{}], dtype=object))
    damaged = {
        "cut": content[:3000],
        "flipped": bytes(flipped),
        "empty": b"",
        "noise": np.random.default_rng(0).bytes(999),
        "single": (tmp_path / "single.npy").read_bytes(),
        "objects": (tmp_path / "objects.npz").read_bytes(),
    }
    for name, bad in damaged.items():
        path = tmp_path / f"{name}.npz"
        path.write_bytes(bad)
        with pytest.raises(ValueError, match="array") as caught, open_arrays(path) as arrays:
            _ = arrays["a"]
        assert "allow_pickle=True" not in str(caught.value), name
        assert "unsafely" not in str(caught.value), name


def test_any_damage_is_this_error(whole: Path) -> None:
    content, random = whole.read_bytes(), np.random.default_rng(0)
    kinds: set[str] = set()
    for _ in range(1500):
        damaged = bytearray(content)
        for place in random.choice([*range(60), *range(len(content) - 200, len(content))], 2):
            damaged[place] = random.integers(256)
        try:
            with open_arrays(io.BytesIO(bytes(damaged))) as arrays:
                dict(arrays)
        except ValueError as error:
            kinds.add(str(error))
    assert kinds == {WRONG}, "and nothing else is raised"


def test_errors_of_who_reads_are_their_own(whole: Path) -> None:
    with pytest.raises(RuntimeError, match="mine"), open_arrays(whole):
        raise RuntimeError("mine")
    with pytest.raises(KeyError), open_arrays(whole) as arrays:
        _ = arrays["none"]


def test_a_single_array_is_no_archive(whole: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "single.npy", np.arange(3))
    assert read_array(tmp_path / "single.npy").tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="not a single one"):
        read_array(whole)


def test_the_package_reads_arrays_here_alone() -> None:
    files = [path for path in PACKAGE.rglob("*.py") if "np.load(" in path.read_text(encoding="utf-8")]
    assert files == [PACKAGE / "arrays.py"]
