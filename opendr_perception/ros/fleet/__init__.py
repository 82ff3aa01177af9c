"""Results of many robots in one place: a line from each robot that carries the newest, and a hub that takes it."""

from opendr_perception.ros.fleet.hub import Hub, Received, RobotStatus
from opendr_perception.ros.fleet.link import EXTRA, TOPICS, FleetError, check_name, default_name, require_zenoh
from opendr_perception.ros.fleet.sender import Sender, read_rates

__all__ = [
    "EXTRA",
    "TOPICS",
    "FleetError",
    "Hub",
    "Received",
    "RobotStatus",
    "Sender",
    "check_name",
    "default_name",
    "read_rates",
    "require_zenoh",
]
