"""The robot's end of the line: the newest of each topic, at most so often, and events before everything else."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from opendr_perception.ros.fleet.link import (
    ACKS,
    EVENTS,
    HUBS,
    MESSAGES,
    MOST_BYTES,
    TOPICS,
    Envelope,
    check_name,
    connect,
    require_zenoh,
)

if TYPE_CHECKING:
    import zenoh

KEPT_EVENTS = 20
"""Newest events that wait; the older ones are left out, and counted."""


def read_rates(rate: float, exceptions: Sequence[str]) -> dict[str, float]:
    """Messages a second of each topic, at most.

    Args:
        rate: of all.
        exceptions: `topic:Hz`; 0 for none of it.

    Raises:
        ValueError: there is no such topic, or it is no rate.
    """
    rates = dict.fromkeys(TOPICS, rate)
    for each in exceptions:
        topic, _, value = each.partition(":")
        try:
            found = float(value)
        except ValueError:
            found = -1.0
        if topic not in TOPICS or not 0 <= found <= 1000:
            raise ValueError(f"'{each}' is no rate: write topic:Hz, with a topic of {', '.join(TOPICS)}")
        rates[topic] = found
    return rates


@dataclass
class _Slot:
    """The newest message of a topic; None when it is sent."""

    number: int = 0
    data: bytes | None = None
    due: float = 0.0


class Sender:
    """Sends what it is offered, until `close`.

    Args:
        robot: its name.
        endpoint: of the hub.
        rates: of `read_rates`.
        config: a file of Zenoh.

    Raises:
        FleetError, ValueError: Zenoh is missing, or the name or the endpoint cannot be used.
    """

    def __init__(self, robot: str, endpoint: str, rates: Mapping[str, float], config: Path | None = None) -> None:
        self._robot, self._rates = check_name(robot), rates
        self._run = secrets.token_hex(4)
        self._slots: dict[str, _Slot] = {}
        self._events: deque[tuple[str, int, bytes]] = deque(maxlen=KEPT_EVENTS)
        self._hubs: set[str] = set()
        self._round, self._acknowledged, self._ended = 0, 0, False
        self._changed = threading.Condition()
        self.sent = 0
        self._session = connect("peer", endpoint, config)
        zenoh = require_zenoh()
        self._put = {"congestion_control": zenoh.CongestionControl.BLOCK}
        self._gone = zenoh.SampleKind.DELETE
        self._kept = (
            self._session.declare_subscriber(f"{ACKS}/{robot}", self._acknowledge),
            self._session.liveliness().declare_subscriber(f"{HUBS}/*", self._see_hub, history=True),
        )
        self._thread = threading.Thread(target=self._work, name="fleet", daemon=True)
        self._thread.start()

    @property
    def connected(self) -> bool:
        """True if a hub is there."""
        return bool(self._hubs)

    @property
    def left_out(self) -> int:
        """Messages that were offered, and not sent so far."""
        with self._changed:
            return sum(slot.number for slot in self._slots.values()) - self.sent

    def offer(self, topic: str, data: bytes) -> None:
        """Take a message (CDR) of a topic, whose last part is of TOPICS; from any thread."""
        kind = topic.rpartition("/")[2]
        with self._changed:
            slot = self._slots.setdefault(topic, _Slot())
            slot.number += 1
            if not self._rates[kind] or len(data) > MOST_BYTES:
                return
            if kind == EVENTS:
                self._events.append((topic, slot.number, data))
            else:
                slot.data = data
            self._changed.notify()

    def close(self) -> None:
        """Send nothing any more."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._session.close()
        self._thread.join(5.0)

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._ended and (not self._may_send() or not self._is_due()):
                    self._changed.wait(self._until_due())
                if self._ended:
                    return
                batch = self._take()
                self._round += 1
            self._send(batch)

    def _may_send(self) -> bool:
        return bool(self._hubs) and self._acknowledged >= self._round

    def _is_due(self) -> bool:
        now = time.monotonic()
        return bool(self._events) or any(slot.data is not None and slot.due <= now for slot in self._slots.values())

    def _until_due(self) -> float | None:
        """Seconds until a message may be sent; None: it waits for something to happen."""
        if not self._may_send():
            return None
        dues = [slot.due for slot in self._slots.values() if slot.data is not None]
        return max(0.001, min(dues) - time.monotonic()) if dues else None

    def _take(self) -> list[tuple[str, int, bytes]]:
        batch, now = list(self._events), time.monotonic()
        self._events.clear()
        for topic, slot in self._slots.items():
            if slot.data is not None and slot.due <= now:
                batch.append((topic, slot.number, slot.data))
                slot.data = None
                period = 1 / self._rates[topic.rpartition("/")[2]]
                slot.due = period + (slot.due if now - slot.due < period else now)
        return batch

    def _send(self, batch: Sequence[tuple[str, int, bytes]]) -> None:
        for place, (topic, number, data) in enumerate(batch):
            envelope = Envelope(self._run, number, self._round, place == len(batch) - 1)
            key = f"{MESSAGES}/{self._robot}/{topic}"
            try:
                self._session.put(key, data, attachment=envelope.encode(), **self._put)
            except require_zenoh().ZError:  # it is closed, or the hub has gone: a hub that comes begins a round anew
                return
        with self._changed:
            self.sent += len(batch)

    def _acknowledge(self, sample: zenoh.Sample) -> None:
        try:
            run, number = json.loads(sample.payload.to_bytes())
        except (ValueError, TypeError):
            return
        if run == self._run and isinstance(number, int):
            with self._changed:
                self._acknowledged = min(max(self._acknowledged, number), self._round)
                self._changed.notify()

    def _see_hub(self, sample: zenoh.Sample) -> None:
        with self._changed:
            if sample.kind == self._gone:
                self._hubs.discard(str(sample.key_expr))
            else:
                self._hubs.add(str(sample.key_expr))
                self._acknowledged = self._round  # what was on its way to another one, or before an outage, is lost
            self._changed.notify()
