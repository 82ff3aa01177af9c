"""rerun's viewer as a page of this machine alone: its server, and the page, which may connect to nothing else.

The viewer in the wheel asks several hosts when it is opened: for news, for fonts, for statistics of its use. `rerun
analytics disable` does not reach the browser. So its files are handed on with a content security policy, by which
the browser refuses every connection but that to the server here.
"""

from __future__ import annotations

import subprocess
import threading
import time
import urllib.request
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import URLError
from urllib.parse import quote

from opendr_perception.ros.node import end_with_parent
from opendr_perception.view.sinks import EXTRA, ViewError
from opendr_perception.view.sockets import free_port, is_free

HOST = "127.0.0.1"
MEMORY = "256MB"
"""Of images and results that the server keeps for who opens the page later."""
FILES = ("/", "/re_viewer.js", "/re_viewer_bg.wasm", "/favicon.ico", "/favicon.svg")
STARTS = 30.0
"""Seconds until the server must listen."""


def program() -> str:
    """The path of rerun's program.

    Raises:
        ViewError: rerun is not installed.
    """
    try:
        import rerun_cli
    except ImportError as error:
        raise ViewError(f"rerun is not installed: {EXTRA}") from error
    return str(Path(rerun_cli.__file__).with_name("rerun"))


def disable_analytics(rerun: str) -> None:
    """Switch off statistics of use, for this user, before rerun is started for the first time.

    Raises:
        ViewError: that fails, so that it must not be started.
    """
    ended = subprocess.run([rerun, "analytics", "disable"], capture_output=True, text=True, timeout=60, check=False)
    if ended.returncode:
        raise ViewError(f"rerun's statistics cannot be switched off: {' '.join(ended.stderr.split())[:300]}")


class Page:
    """Serves the viewer until `close`.

    Args:
        port: of the page.

    Raises:
        ViewError: rerun is missing or does not start, or the port is in use.
    """

    def __init__(self, port: int) -> None:
        if not is_free(port):
            raise ViewError(f"port {port} is in use: choose another --port")
        rerun = program()
        disable_analytics(rerun)
        self.messages, inner = free_port(), free_port()
        ports = ["--port", str(self.messages), "--web-viewer-port", str(inner)]
        limits = ["--bind", HOST, "--server-memory-limit", MEMORY, "--memory-limit", MEMORY]
        self._server = subprocess.Popen(
            [rerun, "--serve-web", *ports, *limits],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=end_with_parent,
            start_new_session=True,  # Ctrl-C is ours: it ends after the last message
        )
        self._files = f"http://{HOST}:{inner}"
        self.server_url = f"rerun+http://{HOST}:{self.messages}/proxy"
        self.url = f"http://{HOST}:{port}/"
        try:
            self._await()
            handler = partial(_Files, self._files, self.server_url)
            self._page = ThreadingHTTPServer((HOST, port), handler)
        except (ViewError, OSError):
            self._server.terminate()
            raise
        threading.Thread(target=self._page.serve_forever, name="page", daemon=True).start()

    @property
    def pid(self) -> int:
        """Of rerun's server."""
        return self._server.pid

    def close(self) -> None:
        """Serve nothing any more."""
        self._page.shutdown()
        self._page.server_close()
        self._server.terminate()
        try:
            self._server.wait(5.0)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()

    def _await(self) -> None:
        deadline = time.monotonic() + STARTS
        while is_free(self.messages) or not _answers(self._files):
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise ViewError(f"rerun's server did not start, status {self._server.poll()}")
            time.sleep(0.05)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except (URLError, OSError):
        return False


class _Files(BaseHTTPRequestHandler):
    """Hands on the viewer's files, with the policy."""

    def __init__(self, source: str, server_url: str, *arguments: object) -> None:
        self._source, self._query = source, f"url={quote(server_url, safe='')}"
        messages = server_url.removeprefix("rerun+").removesuffix("/proxy")
        self._policy = (
            "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval' blob:; "
            f"connect-src 'self' blob: data: {messages}; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; "
            "worker-src 'self' blob:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
        )
        super().__init__(*arguments)  # type: ignore[arg-type]  # a request, an address and a server

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path == "/" and self._query not in query:
            self.send_response(302)
            self.send_header("Location", f"/?{self._query}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if path not in FILES:
            self.send_error(404)
            return
        try:
            with urllib.request.urlopen(self._source + path, timeout=30) as reply:
                kind, content = reply.headers["Content-Type"], reply.read()
        except (URLError, OSError):
            self.send_error(404)
            return
        self.send_response(200)
        for name, value in (
            ("Content-Type", kind),
            ("Content-Length", str(len(content))),
            ("Content-Security-Policy", self._policy),
            ("Referrer-Policy", "no-referrer"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        """Write nothing: the terminal is the user's."""
