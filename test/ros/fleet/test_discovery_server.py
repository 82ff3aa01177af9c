"""Fast DDS's discovery server, as docs/fleet.md says: participants find each other by it, and not by multicast."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from opendr_perception.view import sockets

PUBLISHER = """
import sys, time, rclpy
from opendr_perception.msg import PersonArray
from opendr_perception.ros.node import choose_transport
choose_transport()
rclpy.init()
node = rclpy.create_node("robot")
publisher = node.create_publisher(PersonArray, "people", 5)
print("ready", flush=True)
while True:
    publisher.publish(PersonArray(height=7))
    time.sleep(0.1)
"""
LISTENER = """
import sys, time, rclpy
from opendr_perception.msg import PersonArray
from opendr_perception.ros.node import choose_transport
choose_transport()
rclpy.init()
node, heard = rclpy.create_node("desk"), []
node.create_subscription(PersonArray, "people", heard.append, 5)
end = time.monotonic() + float(sys.argv[1])
while not heard and time.monotonic() < end:
    rclpy.spin_once(node, timeout_sec=0.1)
print("heard" if heard else "silence", flush=True)
"""


@contextmanager
def started(*command: str, says: str, **environment: str) -> Iterator[None]:
    everything = os.environ | environment
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd="/", env=everything) as process:
        try:
            assert process.stdout is not None
            assert any(says in line for line in process.stdout), f"{command[0]} ended"
            yield
        finally:
            process.kill()


def server() -> tuple[str, dict[str, str]]:
    """The program of ROS 2's wheels, and what it needs to find its libraries."""
    program = shutil.which("fast-discovery-server")
    if program is None:
        pytest.skip("no fast-discovery-server: apt install ros-<distribution>-fastrtps")
    prefix = Path(program).parents[1]
    wheels = importlib.util.find_spec("rclpy")
    assert wheels is not None and wheels.origin is not None
    libraries = [prefix / "lib", Path(wheels.origin).parents[1] / "ros_fastdds.libs"]
    return program, {"LD_LIBRARY_PATH": ":".join([*map(str, libraries), os.environ.get("LD_LIBRARY_PATH", "")])}


def test_who_asks_the_server_is_found_and_nobody_else(graph: Any) -> None:
    program, environment = server()
    port = sockets.free_port()
    address = {"ROS_DISCOVERY_SERVER": f"127.0.0.1:{port}"}
    arguments = ("42", "-i", "0", "-l", "127.0.0.1", "-p", str(port))
    python = (sys.executable, "-P", "-c")
    with (
        started(program, *arguments, says="Server started", **environment),
        started(*python, PUBLISHER, says="ready", **address),
    ):
        for where, heard in ((address, "heard"), ({"ROS_DISCOVERY_SERVER": "127.0.0.1:1"}, "silence")):
            ended = subprocess.run(
                [*python, LISTENER, "20" if heard == "heard" else "3"],
                capture_output=True,
                text=True,
                timeout=60,
                check=True,
                cwd="/",
                env=os.environ | where,
            )
            assert ended.stdout.strip() == heard
