"""Files and sockets of real viewers."""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
import subprocess
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from opendr_perception.msg import Box, Detection, DetectionArray
from std_msgs.msg import Header

from opendr_perception.process import Request, in_process, process_recordings
from opendr_perception.view import Overlay, ViewError, overlay, page, record, sockets

pytestmark = pytest.mark.extra
pytest.importorskip("rerun", reason="rerun is not installed: make test-extras")


def persons() -> Overlay:
    box = Box(x_min=10.0, y_min=20.0, x_max=30.0, y_max=60.0)
    found = Detection(track_id="a-1", label="person", score=0.9, box=box)
    return overlay("/front", DetectionArray(header=Header(frame_id="eye"), detections=[found]))


def printed(file: Path) -> str:
    """The content of a file, as rerun reads it."""
    command = [page.program(), "rrd", "print", str(file)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def test_a_recording_can_be_read_by_rerun(tmp_path: Path) -> None:
    file = record(tmp_path / "walk.rrd")
    file.write(persons())
    file.close()
    assert "/cameras/front/persons" in printed(tmp_path / "walk.rrd")


def test_results_of_recordings_are_written_for_rerun(
    models: object, tmp_path: Path, talking_head: list[np.ndarray]
) -> None:
    images = tmp_path / "head"
    images.mkdir()
    for number, pixels in enumerate(talking_head[:3]):
        cv2.imwrite(str(images / f"{number}.png"), pixels)
    request = Request(("face_recognition",), formats=("rrd",))
    [outcome] = process_recordings([str(images)], request, tmp_path / "out", in_process)
    assert outcome.report is not None, outcome.error
    told = printed(tmp_path / "out" / "head" / "results.rrd")
    assert "/cameras/camera/faces" in told


def test_foxglove_is_told_of_boxes_by_its_own_socket() -> None:
    from opendr_perception.view.sinks.foxglove import FoxgloveSink

    port = sockets.free_port()
    sink = FoxgloveSink(port, lambda: True)
    try:
        sink.write(persons())
        with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
            key = base64.b64encode(os.urandom(16)).decode()
            client.sendall(
                f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Protocol: foxglove.sdk.v1\r\n\r\n".encode()
            )
            stream = client.makefile("rb")
            head = b"".join(iter(stream.readline, b"\r\n"))
            assert b"101 Switching Protocols" in head
            topics: set[str] = set()
            while "/front/persons/annotations" not in topics:
                topics |= {each["topic"] for each in json.loads(_frame(stream)).get("channels", ())}
        assert sockets.is_free(port) is False
    finally:
        sink.close()


def _frame(stream: Any) -> bytes:
    """The content of the next frame of a WebSocket, from a server."""
    _, length = stream.read(2)
    if length == 126:
        [length] = struct.unpack(">H", stream.read(2))
    elif length == 127:
        [length] = struct.unpack(">Q", stream.read(8))
    return bytes(stream.read(length))


def test_a_page_whose_port_is_taken_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(ViewError, match="is in use"):
        page.Page(server.getsockname()[1])
