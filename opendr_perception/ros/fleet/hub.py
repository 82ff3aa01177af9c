"""The other end of the line: what every robot has said last, how often, and how much was left out."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from opendr_perception.ros.fleet.link import (
    ACKS,
    HUBS,
    MESSAGES,
    MOST_BYTES,
    NAME,
    TOPICS,
    Envelope,
    connect,
)

if TYPE_CHECKING:
    import zenoh

MOST_ROBOTS, MOST_TOPICS = 1000, 100
"""That are kept; others are left out: names can be made up."""
OVER, MOST_TIMES = 5.0, 1000
"""Seconds over which rates are told, and messages of a robot whose times are kept for that."""


@dataclass(frozen=True)
class Received:
    """The newest message of a topic of a robot.

    Args:
        data: in CDR.
        count: messages of the topic that have come in this run of the sender.
        left_out: messages since the first of these that the sender was given, and that have not come.
    """

    data: bytes
    count: int
    left_out: int


@dataclass(frozen=True)
class RobotStatus:
    """All that is known of a robot.

    Args:
        name: of the robot.
        age: seconds since anything came from it.
        rate: messages a second, over the last seconds.
        topics: by their names below the robot's.
    """

    name: str
    age: float
    rate: float
    topics: Mapping[str, Received]

    @property
    def left_out(self) -> int:
        """Messages of all topics that have not come."""
        return sum(topic.left_out for topic in self.topics.values())


@dataclass
class _Topic:
    """A topic of a robot: its newest message, and its number and that of the first one."""

    data: bytes
    number: int
    first: int
    count: int = 1
    fresh: bool = True


@dataclass
class _Robot:
    run: str = ""
    topics: dict[str, _Topic] = field(default_factory=dict)
    heard: float = 0.0
    times: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_TIMES))


class Hub:
    """Takes what robots send, until `close`.

    Args:
        endpoint: where it listens; a viewer beside the hub connects to it.
        config: a file of Zenoh.
        mode: `router` for the hub; `peer` for a viewer, which acknowledges nothing.

    Raises:
        FleetError: Zenoh is missing, or the endpoint cannot be used.
    """

    def __init__(self, endpoint: str, config: Path | None = None, mode: str = "router") -> None:
        self.refused = 0
        self._robots: dict[str, _Robot] = {}
        self._lock = threading.Lock()
        self._acknowledges = mode == "router"
        self._session = connect(mode, endpoint, config)
        self._subscriber = self._session.declare_subscriber(f"{MESSAGES}/**", self._take)
        self._token = (
            self._session.liveliness().declare_token(f"{HUBS}/{secrets.token_hex(4)}") if self._acknowledges else None
        )

    def close(self) -> None:
        """Take nothing any more."""
        self._session.close()

    def status(self) -> list[RobotStatus]:
        """All robots, by name."""
        now = time.monotonic()
        with self._lock:
            return [self._told(name, robot, now) for name, robot in sorted(self._robots.items())]

    def take_fresh(self) -> list[tuple[str, str, bytes]]:
        """Robot, topic and the newest message (CDR) of all that has come since the last call."""
        found = []
        with self._lock:
            for name, robot in self._robots.items():
                for topic, received in robot.topics.items():
                    if received.fresh:
                        received.fresh = False
                        found.append((name, topic, received.data))
        return found

    def _take(self, sample: zenoh.Sample) -> None:
        try:
            _, robot, topic = str(sample.key_expr).split("/", 2)
            envelope = Envelope.decode(sample.attachment.to_bytes())
            data = sample.payload.to_bytes()
            if not NAME.fullmatch(robot) or topic.rpartition("/")[2] not in TOPICS or len(data) > MOST_BYTES:
                raise ValueError("nothing of ours")
            with self._lock:
                self._note(robot, topic, envelope, data)
        except (ValueError, AttributeError):
            self.refused += 1
            return
        if envelope.last and self._acknowledges:
            self._session.put(f"{ACKS}/{robot}", json.dumps([envelope.run, envelope.round]))

    def _note(self, name: str, topic: str, envelope: Envelope, data: bytes) -> None:
        if name not in self._robots and len(self._robots) >= MOST_ROBOTS:
            raise ValueError("too many robots")
        robot = self._robots.setdefault(name, _Robot())
        if robot.run != envelope.run:
            robot.run, robot.topics = envelope.run, {}
        robot.heard = time.monotonic()
        robot.times.append(robot.heard)
        known = robot.topics.get(topic)
        if known is None:
            if len(robot.topics) >= MOST_TOPICS:
                raise ValueError("too many topics")
            robot.topics[topic] = _Topic(data, envelope.number, envelope.number)
        elif envelope.number > known.number:
            known.data, known.number, known.fresh = data, envelope.number, True
            known.count += 1

    @staticmethod
    def _told(name: str, robot: _Robot, now: float) -> RobotStatus:
        topics = {
            topic: Received(one.data, one.count, one.number - one.first + 1 - one.count)
            for topic, one in robot.topics.items()
        }
        lately = sum(each > now - OVER for each in robot.times)
        return RobotStatus(name, now - robot.heard, lately / OVER, topics)
