"""opendr-perception fleet: many robots in one table; and their results for viewers."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rclpy.serialization import deserialize_message
from rich.console import Console
from rich.live import Live
from rich.table import Table

from opendr_perception.ros.fleet import TOPICS, FleetError, Hub, RobotStatus
from opendr_perception.view.overlay import TOPICS as SHOWN
from opendr_perception.view.overlay import overlay
from opendr_perception.view.sinks import ViewSink

EVERY = 0.5
"""Seconds from one table to the next."""
SILENT = 5.0
"""Seconds after which a robot that says nothing is shown in red."""
COUNTED = {"people": "people", "persons": "detections", "poses": "poses", "faces": "faces"}
"""Topics that tell how many people a robot sees, the first one that comes, and the field of their messages."""


def fleet(listen: str, config: Path | None, seconds: float, as_json: bool) -> int:
    """Take what robots send and show it, until a signal or for some seconds; the exit status."""
    try:
        hub = Hub(listen, config)
    except FleetError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    end = time.monotonic() + seconds if seconds else float("inf")
    try:
        if as_json:
            while time.monotonic() < end:
                time.sleep(1.0)
                print(json.dumps({robot.name: _plain(robot) for robot in hub.status()}), flush=True)
        else:
            with Live(_table([]), console=Console(), auto_refresh=False) as live:
                while time.monotonic() < end:
                    time.sleep(EVERY)
                    live.update(_table(hub.status()), refresh=True)
    except KeyboardInterrupt:
        pass
    finally:
        hub.close()
    return 0


class FleetListener:
    """Hands what robots send to viewers. Call `look` from one thread, as often as something is to be shown.

    Args:
        hub: where it comes from.
        sinks: the viewers.
    """

    def __init__(self, hub: Hub, sinks: Sequence[ViewSink]) -> None:
        self._hub, self._sinks = hub, list(sinks)

    def look(self) -> None:
        """Show the newest of everything that has come; nothing while nobody looks."""
        looking = [sink for sink in self._sinks if sink.looked_at()]
        for robot, topic, data in self._hub.take_fresh():
            stream, _, kind = topic.rpartition("/")
            if not looking or kind not in SHOWN:
                continue
            message = _read(kind, data)
            try:
                found = overlay(f"/{robot}/{stream}".rstrip("/"), message)
            except (ValueError, AttributeError):  # no message, or a negative stamp
                continue
            for sink in looking:
                sink.write(found)


def _read(kind: str, data: bytes) -> Any:
    """A message; None if it is none."""
    try:
        return deserialize_message(data, TOPICS[kind])
    except Exception:  # noqa: BLE001 - of the serialisation, which has no exceptions of its own
        return None


def _table(robots: Sequence[RobotStatus]) -> Table:
    table = Table("robot", "people", "last event", "messages/s", "left out", "silent for")
    for robot in robots:
        told = _plain(robot)
        style = "red" if robot.age > SILENT else ""
        values = (told["people"], told["event"], f"{robot.rate:.1f}", robot.left_out, f"{robot.age:.1f} s")
        table.add_row(robot.name, *("" if value is None else str(value) for value in values), style=style)
    return table


def _plain(robot: RobotStatus) -> dict[str, Any]:
    newest = {topic.rpartition("/")[2]: (topic, one.data) for topic, one in robot.topics.items()}
    return {
        "people": _people(robot),
        "event": _event(newest["events"][1]) if "events" in newest else None,
        "rate": round(robot.rate, 2),
        "left_out": robot.left_out,
        "age": round(robot.age, 2),
        "received": {topic: one.count for topic, one in robot.topics.items()},
    }


def _people(robot: RobotStatus) -> int | None:
    """Number of people that it sees, on all of its streams; None: it does not say."""
    for kind, field in COUNTED.items():
        found = [_read(kind, one.data) for topic, one in robot.topics.items() if topic.rpartition("/")[2] == kind]
        if found:
            return sum(len(getattr(message, field, ())) for message in found)
    return None


def _event(data: bytes) -> str | None:
    message = _read("events", data)
    return message and f"{message.kind}{'' if message.begins else ' ends'}"
