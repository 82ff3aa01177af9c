"""webots.launch.py, by `ros2 launch`, as far as it goes without Webots."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import pytest


def test_it_says_what_is_missing(launch: Callable[..., Any]) -> None:
    if importlib.util.find_spec("webots_ros2_driver") is not None:
        pytest.skip("webots_ros2 is here")
    process = launch("webots.launch.py", "nodes:=person_detection")
    assert process.end() == 1
    assert "the package webots_ros2 is missing" in process.output
    assert "process started" not in process.output


def test_a_wrong_node_is_named(launch: Callable[..., Any]) -> None:
    process = launch("webots.launch.py", "nodes:=pose")
    assert process.end() == 1
    assert "nodes: there is no node 'pose'" in process.output


def test_arguments_tell_what_they_mean(launch: Callable[..., Any]) -> None:
    process = launch("webots.launch.py", "--show-args")
    assert process.end() == 0
    for name in ("nodes", "world", "motion", "stamped", "respawn", "params_file"):
        assert f"'{name}':" in process.output
    assert "no description given" not in process.output
