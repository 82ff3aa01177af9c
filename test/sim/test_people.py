"""The file of people, and the bodies that they are made of."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from morphs import Build, Morphs, find_morphs, to_metres

from opendr_perception.sim.people import STEP, load_people, read_people, write_people

PLAIN = Build(male=1.0, old=0.0, muscle=0.5, weight=0.5, height=0.5, african=0.0, asian=0.0, caucasian=1.0)


def test_people_are_the_same_after_writing_and_reading(tmp_path: Path) -> None:
    written = load_people()[:2]
    write_people(written, tmp_path / "people.npz")
    read = read_people(tmp_path / "people.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["people.npz"]
    for old, new in zip(written, read, strict=True):
        assert (new.name, new.height, new.eyes, new.mouth) == (old.name, old.height, old.eyes, old.mouth)
        assert new.parts.keys() == old.parts.keys()
        for name, part in old.parts.items():
            other = new.parts[name]
            assert np.allclose(other.vertices, part.vertices, atol=STEP)
            assert np.array_equal(other.triangles, part.triangles)
            assert (other.colour, other.shine) == (part.colour, part.shine)
            assert (other.texture is None) == (part.texture is None)
            if part.texture is not None and other.texture is not None:
                assert np.abs(other.texture.astype(int) - part.texture).mean() < 3, "JPEG of a JPEG"


def test_another_file_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    with pytest.raises(ValueError, match="not a file of people"):
        read_people(tmp_path / "other.npz")


@pytest.fixture
def square(tmp_path: Path) -> Morphs:
    """A base mesh of one quad, with one target for young men and one for noses."""
    (tmp_path / "3dobjs").mkdir()
    (tmp_path / "3dobjs" / "base.obj").write_text(
        "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 2\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\ng body\nf 1/1 2/2 3/3 4/4\n"
    )
    (tmp_path / "rigs" / "standard").mkdir(parents=True)
    (tmp_path / "rigs" / "standard" / "weights.default.json").write_text(
        json.dumps({"weights": {"head": [[0, 0.25], [3, 1.0]], "jaw": [[0, 0.5]]}})
    )
    names = [
        "nose/nose-hump-incr",
        "macrodetails/caucasian-male-young",
        "macrodetails/universal-male-young-averagemuscle-averageweight",
    ]
    for number, name in enumerate(names):
        file = tmp_path / "targets" / f"{name}.target.gz"
        file.parent.mkdir(parents=True, exist_ok=True)
        with gzip.open(file, "wt") as target:
            target.write("" if number == 2 else f"{number} 0 .5 0\n")
    return Morphs(tmp_path)


def test_a_body_is_the_base_mesh_and_its_weighted_targets(square: Morphs) -> None:
    plain = square.shape(PLAIN, {})
    assert np.allclose(plain - square.vertices, [[0, 0, 0], [0, 0.5, 0], [0, 0, 0], [0, 0, 0]])
    humped = square.shape(PLAIN, {"nose/nose-hump-incr": 0.4})
    assert np.allclose(humped - plain, [[0, 0.2, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]])
    assert square.target_names("nose") == ["nose/nose-hump-incr"]
    assert np.allclose(square.weights(("head", "jaw")), [0.75, 0, 0, 1])
    assert np.array_equal(square.triangles("body")[0], [[0, 1, 2], [0, 2, 3]])
    assert np.allclose(to_metres(square.vertices)[3], [0.2, 0, 0.1]), "forward, to the left, up"


def test_the_people_are_those_that_the_command_makes() -> None:
    try:
        morphs = find_morphs()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    from make import SEEDS, make_person
    from paint import Canvas

    made, stored = make_person(morphs, Canvas(morphs), 1, SEEDS[1]), load_people()[1]
    assert (made.name, made.height, made.eyes) == (stored.name, stored.height, stored.eyes)
    for name, part in stored.parts.items():
        assert np.allclose(made.parts[name].vertices, part.vertices, atol=STEP)
