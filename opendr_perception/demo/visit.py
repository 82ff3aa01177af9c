"""Findings of the active demonstration about each person: at the first look, and after having moved."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Answer:
    """Identity that was answered: '' is nobody who is known. The confidence is NaN where no face was found."""

    identity: str = ""
    confidence: float = math.nan

    def __str__(self) -> str:
        if math.isnan(self.confidence):
            return "no face"
        return f"{self.identity or 'nobody'} ({self.confidence:+.2f})"


@dataclass(frozen=True)
class Visit:
    """One person of the tour.

    Args:
        person: who it is.
        enrolled: whether the gallery knows them.
        first: what the first view says, which is all that a robot that never moves has.
        last: what the best of all views says.
        moves: that were made.
        way: of these moves, m.
        seconds: simulated, from the first look to the answer.
        message: why it ended.
    """

    person: str
    enrolled: bool
    first: Answer
    last: Answer
    moves: int
    way: float
    seconds: float
    message: str

    def right(self, answer: Answer) -> bool:
        """True if this is the name, or, of a stranger, none. A face that was not found says nothing of a stranger."""
        if math.isnan(answer.confidence):
            return False
        return answer.identity == (self.person if self.enrolled else "")


def summary(visits: Sequence[Visit]) -> dict[str, object]:
    """The table and its sums, as JSON can hold it."""
    rows = []
    for visit in visits:
        row = asdict(visit)
        for when, answer in (("first", visit.first), ("last", visit.last)):
            row[when] = {
                "identity": answer.identity,
                "confidence": None if math.isnan(answer.confidence) else round(answer.confidence, 4),
                "right": visit.right(answer),
            }
        row["way"], row["seconds"] = round(visit.way, 3), round(visit.seconds, 2)
        rows.append(row)
    return {
        "people": rows,
        "right_static": sum(visit.right(visit.first) for visit in visits),
        "right_active": sum(visit.right(visit.last) for visit in visits),
        "moves": sum(visit.moves for visit in visits),
        "way": round(sum(visit.way for visit in visits), 3),
    }


def show(visits: Sequence[Visit], console: Console) -> None:
    """Print the table static vs active."""
    table = Table(title="Who is it? Without moving, and with", box=None, padding=(0, 1, 0, 0))
    for heading in ("person", "first view", "", "after moving", ""):
        table.add_column(heading, no_wrap=True)
    for heading in ("moves", "way"):
        table.add_column(heading, justify="right", no_wrap=True)
    for visit in visits:
        answers = [(str(answer), "right" if visit.right(answer) else "-") for answer in (visit.first, visit.last)]
        name = visit.person if visit.enrolled else f"{visit.person} *"
        figures = (str(visit.moves), f"{visit.way:.1f} m")
        table.add_row(name, *answers[0], *answers[1], *figures)
    total = summary(visits)
    right = [f"{total[key]} of {len(visits)}" for key in ("right_static", "right_active")]
    table.add_row("right", right[0], "", right[1], "", str(total["moves"]), f"{total['way']:.1f} m")
    console.print(table)
    console.print("* is not enrolled: right is 'nobody'. In brackets: the confidence.", highlight=False)
