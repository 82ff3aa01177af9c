"""The link between robots and their hub, by Eclipse Zenoh: names, sessions, and what is written beside each message.

    opendr/<robot>/<topic>     a message in CDR, as ROS has it; its attachment is an `Envelope`
    opendr-ack/<robot>         the hub has the last message of a round
    opendr-hub/<id>            there as long as a hub is

A robot sends a round, the newest of what it has, and waits until the hub has it. So at most one round is on its way: a
link that stands still for a minute brings one old round when it goes on, not a minute of them.
"""

from __future__ import annotations

import importlib
import json
import platform
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import zenoh

from opendr_perception.msg import (
    ActionArray,
    AvEmotionArray,
    BodyPoseArray,
    DetectionArray,
    EmotionArray,
    FaceArray,
    HeartState,
    NodeStatistics,
    PersonArray,
    PersonEvent,
    SoundArray,
    VoiceArray,
)

EXTRA = "pip install 'opendr_perception[fleet]', or -r requirements/fleet.txt"
MESSAGES, ACKS, HUBS = "opendr", "opendr-ack", "opendr-hub"
LEASE = 4000
"""Milliseconds without a sign of life after which a connection is given up."""
MOST_BYTES = 1 << 20
"""Of a message: results are a thousandth of that, and images are not sent."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")

TOPICS: Mapping[str, type] = {
    "events": PersonEvent,
    "people": PersonArray,
    "persons": DetectionArray,
    "poses": BodyPoseArray,
    "actions": ActionArray,
    "activities": ActionArray,
    "faces": FaceArray,
    "emotions": EmotionArray,
    "emotions_av": AvEmotionArray,
    "voices": VoiceArray,
    "sounds": SoundArray,
    "heart": HeartState,
    "statistics": NodeStatistics,
}
"""Results that can be sent, by the last part of their topics; events come first."""
EVENTS = "events"


class FleetError(RuntimeError):
    """There is no link; the text says why, and what helps, in one line."""


@dataclass(frozen=True)
class Envelope:
    """Beside each message.

    Args:
        run: of the sender, which is another one after each start.
        number: of the message among all of its topic that the sender was given, from 1: what is left out counts too.
        round: in which it is sent.
        last: the round ends with it.
    """

    run: str
    number: int
    round: int
    last: bool

    def encode(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, data: bytes) -> Envelope:
        """Read it. ValueError: it is none."""
        found = json.loads(data)
        kinds = {"run": str, "number": int, "round": int, "last": bool}
        if not isinstance(found, dict) or {name: type(each) for name, each in found.items()} != kinds:
            raise ValueError("no envelope")
        return cls(**found)


def require_zenoh() -> ModuleType:
    """Zenoh. FleetError: it is not installed."""
    try:
        return importlib.import_module("zenoh")
    except ImportError as error:
        raise FleetError(f"eclipse-zenoh is not installed: {EXTRA}") from error


def connect(mode: str, endpoint: str, config: Path | None = None) -> zenoh.Session:
    """A session of Zenoh.

    Args:
        mode: `router` listens at the endpoint; `peer` connects to it, now or as soon as it can, and to nobody else.
        endpoint: such as `tcp/192.168.1.5:7447` or `tls/hub.example:7447`.
        config: a file of Zenoh (JSON5) for all else, such as certificates.

    Raises:
        FleetError: Zenoh is missing, or refuses the endpoint or the file.
    """
    module = require_zenoh()
    place = {"router": "listen", "peer": "connect"}[mode]
    values: dict[str, object] = {
        "mode": mode,
        f"{place}/endpoints": [endpoint],
        "scouting/multicast/enabled": False,
        "scouting/gossip/enabled": False,
        "transport/link/tx/lease": LEASE,
    }
    if mode == "peer":
        values |= {"listen/endpoints": [], "connect/timeout_ms": -1, "connect/exit_on_failure": False}
        values["connect/retry"] = {"period_init_ms": 500, "period_max_ms": 2000, "period_increase_factor": 2}
    try:
        settings = module.Config.from_file(str(config)) if config else module.Config()
        for name, value in values.items():
            settings.insert_json5(name, json.dumps(value))
        return module.open(settings)
    except (module.ZError, OSError, ValueError) as error:
        raise FleetError(f"{endpoint}: {' '.join(str(error).split())[:300]}") from error


def default_name() -> str:
    """The name of this machine, as one of a robot."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", platform.node()).lstrip("_.-")[:64] or "robot"


def check_name(name: str) -> str:
    """The same name. ValueError: it is none for a robot."""
    if not NAME.fullmatch(name):
        raise ValueError(f"robot '{name}': a name has letters, digits, '_', '-' and '.', 64 at most")
    return name
