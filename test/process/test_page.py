"""The page of recordings says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from opendr_perception.process import Request, in_process, process_recordings
from opendr_perception.process.asking import ask
from opendr_perception.process.sinks.table import COLUMNS

PAGE = (Path(__file__).parents[2] / "docs" / "process.md").read_text(encoding="utf-8")
QUESTIONS = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)


def test_every_column_is_explained() -> None:
    assert re.findall(
        r"^\| `(\w+)` \| (.*) \|$", PAGE.partition("| column |")[2].partition("\n\n")[0], re.MULTILINE
    ) == [(name, meaning) for name, (_, meaning) in COLUMNS.items()]


@pytest.fixture(scope="module")
def output(models: object, street_film: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("page") / "out"
    request = Request(("pose_estimation", "action_recognition"), formats=("parquet",))
    process_recordings([str(street_film)], request, output, in_process)
    return output


def test_there_are_three_questions() -> None:
    assert len(QUESTIONS) == 3


@pytest.mark.parametrize("sql", QUESTIONS, ids=["waving", "crowd", "people"])
def test_a_question_of_the_page_is_answered(sql: str, output: Path) -> None:
    if "'wave'" in sql:  # nobody does in this street
        assert ask(output, sql).rows == []
        [first, *_] = ask(output, sql.replace("'wave'", "'walk'").replace(">= 0.5\n", ">= 0.0\n")).rows
        assert first[:2] == ("street", 0)
        return
    assert ask(output, sql).rows
