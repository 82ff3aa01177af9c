"""Report of an evaluation: figures with their intervals, as a table and as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table


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
    """The figures of one capability on one set."""

    title: str
    figures: list[Measurement] = field(default_factory=list)
    tables: dict[str, dict[str, float]] = field(default_factory=dict)

    def add(self, name: str, value: float, interval: tuple[float, float] | None = None, unit: str = "") -> None:
        """Add a figure."""
        self.figures.append(Measurement(name, value, interval, unit))

    def count(self, name: str, value: int) -> None:
        """Add a number of things."""
        self.figures.append(Measurement(name, value, unit="things"))

    def table(self, name: str, rows: Mapping[str, float]) -> None:
        """Add shares by name."""
        self.tables[name] = dict(rows)

    def as_dict(self) -> dict[str, Any]:
        """For JSON: what is not finite becomes null."""
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
            "tables": {name: {row: _finite(v) for row, v in rows.items()} for name, rows in self.tables.items()},
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


def _finite(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None


def _text(value: float, unit: str) -> str:
    if not math.isfinite(value):
        return "never" if value == math.inf else "-"
    return f"{value:.0f}" if unit == "things" else f"{value:.2f} {unit}" if unit else f"{value:.3f}"
