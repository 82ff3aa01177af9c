"""The command names what it can measure, and loads it when it is asked for."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

from opendr_perception.evaluate.command import CAPABILITIES

LIBRARIES = ("cv2", "matplotlib", "rclpy", "scipy", "supervision", "torch")
"""They take a second or more to load, together."""


@pytest.mark.parametrize("name", CAPABILITIES)
def test_every_capability_has_its_function(name: str) -> None:
    assert len(inspect.signature(CAPABILITIES[name].load()).parameters) == 3


def test_the_command_line_starts_without_the_libraries_of_its_commands() -> None:
    look = f"import sys, opendr_perception.cli; print(*(name for name in {LIBRARIES} if name in sys.modules))"
    seen = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert seen.stdout.split() == []
