"""A light page of our own, on a canvas: no graphics card, nothing to install, the newest at once."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opendr_perception.tasks.drawing import colour_of
from opendr_perception.view.overlay import Overlay
from opendr_perception.view.sinks.quick_page import PAGE, SCRIPT

HOST = "127.0.0.1"
MOST_WATCHERS = 8
POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
QUIET = 5.0
"""Seconds after which a watcher who has gone is noticed."""


class QuickSink:
    """Serves the page until `close`.

    Args:
        port: of it.

    Raises:
        OSError: the port is in use.
    """

    def __init__(self, port: int) -> None:
        self.watchers = 0
        self.changed = threading.Condition()
        self._newest: dict[tuple[str, str], tuple[int, str]] = {}
        self._count = 0
        self._ended = False
        names = {f"{name}:{port}" for name in (HOST, "localhost")}
        self._server = ThreadingHTTPServer((HOST, port), partial(_Handler, self, names))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, name="quick", daemon=True).start()
        self.url = f"http://{HOST}:{port}/"

    def looked_at(self) -> bool:
        return self.watchers > 0

    def write(self, overlay: Overlay) -> None:
        text = json.dumps(_plain(overlay))
        with self.changed:
            self._count += 1
            self._newest[overlay.stream, overlay.name] = (self._count, text)
            self.changed.notify_all()

    def close(self) -> None:
        with self.changed:
            self._ended = True
            self.changed.notify_all()
        self._server.shutdown()
        self._server.server_close()

    def news(self) -> Iterator[list[str]]:
        """For one watcher: the newest of all that has changed, whenever it is ready for it; [] if nothing has."""
        seen = 0
        while True:
            with self.changed:
                if self._count == seen and not self._ended:
                    self.changed.wait(QUIET)
                if self._ended:
                    return
                found = sorted(each for each in self._newest.values() if each[0] > seen)
                seen = self._count
            yield [text for _, text in found]


def _plain(overlay: Overlay) -> dict[str, object]:
    shapes = None
    if overlay.shapes is not None:
        boxed = zip(overlay.shapes, overlay.boxes, strict=True)
        shapes = [[each.track, each.name, box if each.framed else None, _colour(each.track)] for each, box in boxed]
    return {
        "stream": overlay.stream,
        "name": overlay.name,
        "stamp": overlay.stamp,
        "jpeg": base64.b64encode(overlay.jpeg).decode() if overlay.jpeg is not None else None,
        "shapes": shapes,
        "limbs": [[_colour(track), line] for track, line in overlay.limbs],
        "states": overlay.states,
        "plots": overlay.plots,
    }


def _colour(track: str) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour_of(track))


class _Handler(BaseHTTPRequestHandler):
    """Gives the page to browsers of this machine, and then what is new."""

    def __init__(self, sink: QuickSink, names: set[str], *arguments: object) -> None:
        self._sink, self._names = sink, names
        super().__init__(*arguments)  # type: ignore[arg-type]  # a request, an address and a server

    def do_GET(self) -> None:
        files = {"/": ("text/html", PAGE), "/quick.js": ("text/javascript", SCRIPT)}
        if self.headers.get("Host") not in self._names:  # another site, by a name of its own for this machine
            self.send_error(403)
        elif self.path == "/events":
            self._watch()
        elif self.path in files:
            kind, text = files[self.path]
            self._begin(kind, len(text.encode()))
            self.wfile.write(text.encode())
        else:
            self.send_error(404)

    def _begin(self, kind: str, length: int | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Cache-Control", "no-store")
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def _watch(self) -> None:
        with self._sink.changed:
            if self._sink.watchers >= MOST_WATCHERS:
                self.send_error(503)
                return
            self._sink.watchers += 1
        try:
            self._begin("text/event-stream")
            for texts in self._sink.news():
                self.wfile.write("".join(f"data: {text}\n\n" for text in texts or ["null"]).encode())
        except OSError:  # the browser has gone
            pass
        finally:
            with self._sink.changed:
                self._sink.watchers -= 1

    def log_message(self, format: str, *arguments: object) -> None:
        """Write nothing: the terminal is the user's."""
