"""Commands of trainings say in one line what is wrong with data, files and settings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

import opendr_perception.training
from opendr_perception.evaluate.report import DatasetError
from opendr_perception.training.common.command import application

MODULES = sorted(Path(opendr_perception.training.__file__).parent.rglob("*.py"))


def failing(error: Exception) -> typer.Typer:
    def main(number: Annotated[int, typer.Argument(help="Of what.")] = 1) -> None:
        raise error

    return application(main)


@pytest.mark.parametrize(
    "error", [ValueError("no faces\n  in a.npz"), DatasetError("no faces in a.npz"), OSError("no faces in a.npz")]
)
def test_an_error_is_one_line(error: Exception) -> None:
    result = CliRunner().invoke(failing(error), [])
    assert (result.exit_code, result.stderr) == (1, "error: no faces in a.npz\n")


def test_a_mistake_in_the_code_keeps_its_trace() -> None:
    assert isinstance(CliRunner().invoke(failing(AttributeError("width")), []).exception, AttributeError)


def test_options_are_those_of_the_command() -> None:
    assert CliRunner().invoke(failing(ValueError()), ["many"]).exit_code == 2


def test_every_training_is_such_a_command() -> None:
    ends = {path: path.read_text().rpartition('if __name__ == "__main__":') for path in MODULES}
    commands = {path: end for path, (_, found, end) in ends.items() if found and "typer" in path.read_text()}
    assert len(commands) > 10
    assert not {path for path, end in commands.items() if not re.fullmatch(r"\s+run_command\(\w+\)\s+", end)}
