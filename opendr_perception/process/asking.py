"""Questions in SQL about the tables of an output, by duckdb."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from opendr_perception.process.request import ProcessError
from opendr_perception.process.sinks import EXTRA

TABLE = "results"


@dataclass(frozen=True)
class Reply:
    """A table: names of the columns, and rows."""

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]


def ask(folder: Path, sql: str, most: int = 0) -> Reply:
    """Ask the tables of all streams of an output as one, `results`.

    The question sees nothing else: no other file can be read, and none written.

    Args:
        folder: output of `process`.
        sql: the question.
        most: rows that are given at most; 0 for all.

    Raises:
        ProcessError: there is no table, the question cannot be answered, or duckdb is missing.
    """
    try:
        import duckdb
    except ImportError as error:
        raise ProcessError(f"query needs duckdb: {EXTRA}") from error
    files = sorted(str(path) for path in folder.expanduser().glob("*/results.parquet"))
    if not files:
        raise ProcessError(f"{folder} has no tables: process recordings with --format parquet --output {folder}")
    with duckdb.connect() as database:
        try:
            paths = f"[{', '.join(map(_literal, files))}]"
            database.execute(f"CREATE VIEW {TABLE} AS SELECT * FROM read_parquet({paths})")
            database.execute(f"SET allowed_paths = {paths}; SET enable_external_access = false")
            database.execute("SET lock_configuration = true")
            answer = database.execute(sql)
            rows = answer.fetchmany(most) if most else answer.fetchall()
            return Reply([column[0] for column in answer.description or ()], rows)
        except duckdb.Error as error:
            raise ProcessError(f"this cannot be answered: {' '.join(str(error).split())}") from error


def _literal(text: str) -> str:
    """A text in SQL."""
    return "'" + text.replace("'", "''") + "'"
