"""Readers of sets of skeletons."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from opendr_perception.evaluate.action.sets import JHMDB, KARD, MSR, READERS, UTD, recordings_in
from opendr_perception.evaluate.report import DatasetError
from opendr_perception.tasks.action.skeleton import BONE_LENGTHS, BONES

DATA = Path(os.environ.get("OPENDR_DATA", "../shared/data")) / "skeletons"


def test_utd_mhad_is_read_the_right_way_round(tmp_path: Path, write_utd: Callable[..., Path]) -> None:
    down, clap = recordings_in(write_utd(tmp_path / "utd_mhad.npz"))
    assert (down.action, down.subject, down.part) == ("sit down", "1", "train")
    assert (clap.action, clap.subject, clap.part) == ("clap", "3", "test")
    place = down.image[0]
    assert place[5, 0] > place[6, 0]  # who faces the camera has the left shoulder on the right of the image
    assert place[0, 1] < place[5, 1] < place[11, 1] < place[15, 1]  # y is down
    assert place[11:13, 0].mean() == pytest.approx(320, abs=1)
    assert down.world is not None
    assert down.world[0, 0, 0] < down.world[0, 3, 0]  # the nose is nearer to the camera than the ear
    assert down.world[..., 1].min() == pytest.approx(0.08, abs=0.01)
    assert 15 <= down.begin <= 22


def test_a_set_of_the_users_own_is_read(tmp_path: Path, write_own: Callable[..., Path]) -> None:
    first, second, *_ = recordings_in(write_own(tmp_path / "mine.npz"))
    assert (first.action, second.action, first.part, first.rate) == ("wave", "unknown", "test", 20.0)
    assert first.seen.all()


@pytest.mark.parametrize("content", [b"", b"no archive"])
def test_what_is_no_set_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "kard.npz"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"kard\.npz cannot be read") as caught:
        [*recordings_in(path)]
    assert "\n" not in str(caught.value)


def test_a_set_without_what_it_needs_says_what_is_missing(tmp_path: Path) -> None:
    np.savez(tmp_path / "mine.npz", keypoints=np.zeros((3, 17, 3)), length=[3])
    with pytest.raises(DatasetError, match="has no action, rate, subject"):
        [*recordings_in(tmp_path / "mine.npz")]
    with pytest.raises(DatasetError, match="known sets are utd_mhad"):
        [*recordings_in(tmp_path / "nothing.npz")]


@pytest.mark.parametrize("name", READERS)
def test_the_sets_show_whole_people_whose_parts_do_not_mix(name: str) -> None:
    path = DATA / f"{name}.npz"
    if not path.is_file():
        pytest.skip(f"{path} is not here; OPENDR_DATA names the folder of data")
    recordings = [*recordings_in(path)]
    parts: dict[str, set[str]] = {}
    for one in recordings:
        parts.setdefault(one.subject, set()).add(one.part)
        assert 0 <= one.begin < one.end <= len(one)
    assert all(len(several) == 1 for several in parts.values())
    known = {name for table in (UTD, MSR, KARD, JHMDB) for value in table.values() for name in np.atleast_1d(value)}
    assert {one.action for one in recordings} <= known | {"unknown", "stand"}
    assert Counter(one.part for one in recordings)["train"] > 100
    ratios = []
    for one in recordings[::20]:
        ends = one.image[:, BONES]
        lengths = np.linalg.norm(ends[:, :, 1] - ends[:, :, 0], axis=-1) / BONE_LENGTHS
        lengths = lengths[one.seen[:, BONES].all((1, 2))]
        ratios += (lengths.max(1) / np.median(lengths, 1)).tolist()
    assert 1.0 < np.median(ratios) < 3.0  # limbs are in proportion: the joints are not mixed up
