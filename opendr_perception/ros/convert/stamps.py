"""Stamps of messages as numbers."""

from __future__ import annotations

from typing import Protocol

from builtin_interfaces.msg import Time
from std_msgs.msg import Header


class Stamped(Protocol):
    """A message with a stamp."""

    header: Header


def nanoseconds(stamp: Time) -> int:
    """Nanoseconds since the epoch of the stamp's clock.

    Raises:
        ValueError: it is negative, which rclpy cannot compute with.
    """
    if stamp.sec < 0:
        raise ValueError(f"the stamp is negative: {stamp.sec} s")
    return int(stamp.sec * 10**9 + stamp.nanosec)


def seconds(stamp: Time) -> float:
    """Seconds since the epoch of the stamp's clock.

    Raises:
        ValueError: see `nanoseconds`.
    """
    return nanoseconds(stamp) * 1e-9
