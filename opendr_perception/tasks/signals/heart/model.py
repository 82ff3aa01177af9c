"""A network that judges heart signals, and what its file says about it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from opendr_perception.engine.session import EngineError, Session
from opendr_perception.engine.stateful import StateBank
from opendr_perception.tasks.signals.heart import beats
from opendr_perception.tasks.signals.log_mel import MelConfig

Kind = Literal["ecg", "pcg"]
KINDS: tuple[Kind, ...] = ("ecg", "pcg")


@dataclass(frozen=True)
class Patch:
    """The frames of heart sound that are one token: `field` of them, one token each `hop`."""

    mel: MelConfig
    field: int
    hop: int


class HeartModel:
    """A network that judges an electrocardiogram beat by beat, or heart sound patch by patch.

    Args:
        session: a model written by `training.signals.export`.

    Attributes:
        labels: what it tells apart.
        kind: of the signal, `ecg` or `pcg`.
        rate: of the signal that it takes, Hz.
        by_beat: it names beats: an answer for each, about that one alone; else one each second, about the window.
        window: tokens that it sees.
        patch: of heart sound; None for an electrocardiogram.

    Raises:
        EngineError: it is no such model.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        try:
            card: dict[str, Any] = json.loads(session.metadata["heart"])
            self.labels = tuple(map(str, card["labels"]))
            self.kind: Kind = next(kind for kind in KINDS if kind == card["kind"])
            self.by_beat = bool(card["by_beat"])
            self.window = int(session.metadata["receptive_field"])
            self.patch: Patch | None = None
            if self.kind == "pcg":
                self.patch = Patch(MelConfig(**card["mel"]), int(card["field"]), int(card["hop"]))
        except (KeyError, TypeError, ValueError, StopIteration) as error:
            raise EngineError(f"{session.path}: not a network that judges heart signals: {error!r}") from error
        self.rate: int = self.patch.mel.rate if self.patch else beats.RATE
        StateBank(session)  # what is wrong with it shall be known now
