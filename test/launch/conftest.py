"""`launch` runs a launch file of the package as `ros2 launch` does; a video for it to play, and parameters."""

from __future__ import annotations

import importlib.util
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest


@pytest.fixture
def launch(graph: Any) -> Iterator[Callable[..., Any]]:
    if importlib.util.find_spec("launch_ros") is None or shutil.which("ros2") is None:
        pytest.skip("launch_ros and ros2 come with a ROS installation, not as wheels")
    processes = []

    def start(file: str, *arguments: str) -> Any:
        # Not interactive: launch then passes the signals on, where a terminal sends them to all processes by itself.
        process = graph.process("ros2", "launch", "--noninteractive", "opendr_perception", file, *arguments)
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.signal(signal.SIGINT)  # launch must stop what it has started
        process.end()


@pytest.fixture
def film(street: list[np.ndarray], tmp_path: Path) -> Path:
    """Ten frames of a street with pedestrians, in two seconds."""
    path = tmp_path / "street.avi"
    height, width = street[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 5.0, (width, height))
    for frame in street:
        writer.write(frame)
    writer.release()
    return path


@pytest.fixture
def looping(tmp_path: Path) -> Path:
    """A parameter file: the video begins again at its end, and people get no ids."""
    path = tmp_path / "mine.yaml"
    path.write_text(
        "/**:\n"
        "  video_source:\n"
        "    ros__parameters: {loop: true}\n"
        "  person_detection:\n"
        "    ros__parameters: {tracking: false, threads: 1}\n"
        "  pose_estimation:\n"
        "    ros__parameters: {threads: 1}\n"
    )
    return path
