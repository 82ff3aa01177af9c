"""Report of an evaluation: figures with their intervals, as a table and as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from opendr_perception.evaluate.measures import reliability


class DatasetError(RuntimeError):
    """The data cannot be used; the text names them and says why, in one line."""


@dataclass(frozen=True)
class Measurement:
    """One figure.

    Attributes:
        name: What was measured.
        value: NaN if it could not be.
        interval: 95 %, if there is one.
        unit: '' for shares.
    """

    name: str
    value: float
    interval: tuple[float, float] | None = None
    unit: str = ""


@dataclass
class Report:
    """The figures of one capability on one set.

    Attributes:
        title: What was measured.
        figures: One by one.
        tables: Shares by name, by the table's name.
        confusion: Of each thing that was shown, the share that each name was given; empty where that says nothing.
        answers: Scores (n,) of answers and whether they were right (n,), if these are told apart.
        chances: Scores (n,) by which something is told from others, and whether it was that (n,), by its name.
    """

    title: str
    figures: list[Measurement] = field(default_factory=list)
    tables: dict[str, dict[str, float]] = field(default_factory=dict)
    confusion: dict[str, dict[str, float]] = field(default_factory=dict)
    answers: tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]] | None = None
    chances: dict[str, tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]] = field(default_factory=dict)

    def add(self, name: str, value: float, interval: tuple[float, float] | None = None, unit: str = "") -> None:
        """Add a figure."""
        self.figures.append(Measurement(name, value, interval, unit))

    def count(self, name: str, value: int) -> None:
        """Add a number of things."""
        self.figures.append(Measurement(name, value, unit="things"))

    def table(self, name: str, rows: Mapping[str, float]) -> None:
        """Add shares by name."""
        self.tables[name] = dict(rows)

    def confused(self, shown: Sequence[str], named: npt.NDArray[np.int64], names: Sequence[str]) -> None:
        """Note what things were called.

        Args:
            shown: of each thing, what it was.
            named: (n,) place in `names` of what it was called.
            names: all that can be said.
        """
        for label in sorted(set(shown)):
            these = named[np.array([each == label for each in shown])]
            shares = np.bincount(these, minlength=len(names)) / len(these)
            self.confusion[label] = dict(zip(names, shares.tolist(), strict=True))

    def as_dict(self) -> dict[str, object]:
        """For JSON: what is not finite becomes null."""
        bins = [] if self.answers is None else reliability(*self.answers)
        more: dict[str, object] = {"confusion": _rows(self.confusion)} if self.confusion else {}
        if bins:
            more["reliability"] = [
                {"answers": count, "score": _finite(score), "right": _finite(right)} for count, score, right in bins
            ]
        return {
            "title": self.title,
            "figures": [
                {
                    "name": figure.name,
                    "value": _finite(figure.value),
                    "interval": None if figure.interval is None else [_finite(end) for end in figure.interval],
                    "unit": figure.unit,
                }
                for figure in self.figures
            ],
            "tables": _rows(self.tables),
            **more,
        }

    def show(self, console: Console) -> None:
        """Print it."""
        table = Table("figure", "value", "95 % interval", title=self.title)
        for figure in self.figures:
            interval = (
                "" if figure.interval is None else " to ".join(_text(end, figure.unit) for end in figure.interval)
            )
            table.add_row(figure.name, _text(figure.value, figure.unit), interval)
        for name, rows in self.tables.items():
            table.add_section()
            table.add_row(name, "", "")
            for row, value in rows.items():
                table.add_row(f"  {row}", _text(value, ""), "")
        console.print(table)


def _rows(tables: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float | None]]:
    return {name: {row: _finite(value) for row, value in rows.items()} for name, rows in tables.items()}


def _finite(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None


def _text(value: float, unit: str) -> str:
    if not math.isfinite(value):
        return "never" if value == math.inf else "-"
    return f"{value:.0f}" if unit == "things" else f"{value:.2f} {unit}" if unit else f"{value:.3f}"
