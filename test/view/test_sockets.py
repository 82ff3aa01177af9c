"""Connections to a port of this machine."""

from __future__ import annotations

import socket
import subprocess
import sys

from opendr_perception.view import sockets


def test_strangers_are_counted_and_we_are_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not sockets.is_free(port)
        assert sockets.watchers(port) == 0
        with socket.create_connection(("127.0.0.1", port)):
            own, _ = server.accept()
            assert sockets.watchers(port) == 0, "it is our own connection"
            script = f"import socket; s = socket.create_connection(('127.0.0.1', {port})); s.recv(1)"
            with subprocess.Popen([sys.executable, "-c", script]) as stranger:
                accepted, _ = server.accept()
                assert sockets.watchers(port) == 1
                accepted.close()
                assert stranger.wait() == 0
            own.close()
