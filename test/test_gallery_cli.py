"""opendr-perception gallery, as a user types it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from opendr_perception import zoo
from opendr_perception.gallery_cli import app


@pytest.fixture
def portrait(models: dict[str, zoo.ModelFile], astronaut: np.ndarray, tmp_path: Path) -> Path:
    path = tmp_path / "portrait.png"
    cv2.imwrite(str(path), astronaut)
    return path


def test_what_is_not_taken_in_is_said_and_the_status_tells(portrait: Path, tmp_path: Path) -> None:
    gallery = tmp_path / "gallery"
    for place in ("Ann/phone.heic", "Eileen/huge.png", "loose.jpg", "Team/Bob/a.png"):
        (gallery / place).parent.mkdir(parents=True, exist_ok=True)
        (gallery / place).write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x9c\x40\0\0\x9c\x40\x08\2\0\0\0")
    (gallery / "Eileen" / "a.png").write_bytes(portrait.read_bytes())
    checked = CliRunner().invoke(app, ["check", "--gallery", str(gallery)])
    assert checked.exit_code == 1
    assert "1 people, 1 samples" in checked.stdout
    warnings = [line.removeprefix(f"warning: {gallery}/") for line in checked.stderr.splitlines()]
    assert [warning.split(" is ")[0] for warning in warnings] == [
        *("Ann/phone.heic", "Team/Bob", "loose.jpg", "Eileen/huge.png"),
    ]
    listed = CliRunner().invoke(app, ["list", "--gallery", str(gallery)])
    assert listed.exit_code == 0
    assert len(listed.stderr.splitlines()) == 3


def test_an_image_that_must_be_converted_is_named(tmp_path: Path) -> None:
    (tmp_path / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    added = CliRunner().invoke(app, ["add", "Ann", str(tmp_path / "phone.heic"), "--gallery", str(tmp_path / "g")])
    assert added.exit_code == 1
    assert "phone.heic" in added.stderr
    assert "JPEG" in added.stderr
    assert not (tmp_path / "g").exists()


def test_a_person_is_added_listed_checked_and_removed(portrait: Path, tmp_path: Path) -> None:
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, [*arguments, "--gallery", str(tmp_path / "gallery")])

    added = run("add", "Eileen Collins", str(portrait))
    assert added.exit_code == 0, added.output
    assert "   1  Eileen Collins" in run("list").output
    checked = run("check", "--set-threshold", "0.4")
    assert checked.exit_code == 0
    assert "1 people, 1 samples; threshold 0.4, proposed 0.47" in checked.output
    assert "threshold 0.4" in run("list").output
    assert "1 people, 1 samples" in run("rebuild").output

    for arguments, complaint in [
        (("add", "Eve", str(portrait)), "error: this face is enrolled already, as 'Eileen Collins'"),
        (("add", "a/b", str(portrait)), "cannot be a name"),
        (("add", "Eve", str(tmp_path / "none.png")), "none.png is not an image"),
        (("remove", "Eve"), "error: nobody is enrolled as 'Eve'"),
        (("list", "--embedder", "nothing"), "error: 'nothing' is unknown"),
    ]:
        failed = run(*arguments)
        assert failed.exit_code == 1
        assert complaint in failed.output
        assert "Traceback" not in failed.output

    assert run("remove", "Eileen Collins").exit_code == 0
    assert not list((tmp_path / "gallery").rglob("*.png"))
