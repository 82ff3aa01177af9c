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
        (("add", "Eve", str(tmp_path / "none.png")), "not a picture"),
        (("remove", "Eve"), "error: nobody is enrolled as 'Eve'"),
        (("list", "--embedder", "nothing"), "error: 'nothing' is unknown"),
    ]:
        failed = run(*arguments)
        assert failed.exit_code == 1
        assert complaint in failed.output
        assert "Traceback" not in failed.output

    assert run("remove", "Eileen Collins").exit_code == 0
    assert not list((tmp_path / "gallery").rglob("*.png"))
