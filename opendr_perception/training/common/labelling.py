"""A page on which recordings are played and labelled: what `opendr-perception teach label` serves.

Frames are kept small, in a file that goes with the process; rows are written as `label_rows` reads them, whole or not
at all, whenever one is added or taken away. Only this machine may open the page.
"""

from __future__ import annotations

import csv
import json
import tempfile
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import cv2
import numpy as np

from opendr_perception.evaluate.report import DatasetError
from opendr_perception.files import replacing
from opendr_perception.tasks.imaging import letterbox
from opendr_perception.tasks.recordings import VideoError, open_source
from opendr_perception.training.common.label_rows import read_labels
from opendr_perception.training.common.labelling_page import PAGE, SCRIPT

HOST = "127.0.0.1"
PER_SECOND = 10.0
"""Frames that are kept, at most: an action lasts longer."""
LONGEST_SIDE, QUALITY = 640, 80
MOST_FRAMES = 36_000
"""Of a recording: an hour."""
MOST_BYTES = 1_000_000
"""Of the rows that a page sends."""
POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self'; style-src 'unsafe-inline'; "
    "frame-ancestors 'none'; form-action 'none'; base-uri 'none'"
)
HEADER = ("recording", "begin", "end", "label")


class FrameStore:
    """Small frames of a recording and their times.

    Args:
        path: A film, a bag or a folder of images.

    Raises:
        DatasetError: It cannot be read, has no frames, or is longer than MOST_FRAMES.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._file = tempfile.TemporaryFile()  # noqa: SIM115, it is open until `close`
        self._lock = threading.Lock()
        self._ends = [0]
        self.times: list[float] = []
        try:
            self._read(path)
        except BaseException:
            self.close()
            raise

    def _read(self, path: Path) -> None:
        first = 0
        try:
            with open_source(str(path)) as source:
                for frame in source:
                    if frame.stamp is None:
                        raise DatasetError(f"{path}: a camera is no recording: record it first")
                    first = first if self.times else frame.stamp
                    at = (frame.stamp - first) * 1e-9
                    if self.times and at < self.times[-1] + 0.9 / PER_SECOND:
                        continue
                    if len(self.times) >= MOST_FRAMES:
                        raise DatasetError(f"{path} is too long to be labelled on a page: cut it into hours")
                    scale = min(1.0, LONGEST_SIDE / max(frame.image.width, frame.image.height))
                    size = round(frame.image.height * scale), round(frame.image.width * scale)
                    self._keep(letterbox(frame.image, size, "bgr", place="stretch")[0], at)
        except VideoError as error:
            raise DatasetError(str(error)) from error
        if not self.times:
            raise DatasetError(f"{path} has no frames")

    def _keep(self, pixels: np.ndarray, at: float) -> None:
        content = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
        self._file.write(content)
        self._ends.append(self._ends[-1] + len(content))
        self.times.append(round(at, 3))

    def jpeg(self, number: int) -> bytes:
        """Return a frame.

        Raises:
            IndexError: There is none of this number.
        """
        if not 0 <= number < len(self.times):
            raise IndexError(number)
        with self._lock:
            self._file.seek(self._ends[number])
            return self._file.read(self._ends[number + 1] - self._ends[number])

    def close(self) -> None:
        """Forget the frames."""
        self._file.close()


class LabellingPage:
    """Serves the page until `close`.

    Args:
        recordings: What is labelled.
        output: The CSV file; rows that are in it are shown.
        port: Of the page; 0 for any.

    Raises:
        DatasetError: A recording or the file cannot be used.
        OSError: The port is in use.
    """

    def __init__(self, recordings: Sequence[Path], output: Path, port: int = 0) -> None:
        if len({path.name for path in recordings}) < len(recordings):
            raise DatasetError("two recordings have one name: rows could not tell which is meant")
        self.recordings, self.output = [*recordings], output
        self.rows = _rows_in(output, recordings)
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer((HOST, port), partial(_LabellingHandler, self))
        self.stores: list[FrameStore] = []
        try:
            for path in recordings:
                self.stores.append(FrameStore(path))
        except BaseException:
            self._release()
            raise
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self.url = f"http://{HOST}:{self.port}/"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="labelling", daemon=True).start()

    def write(self, rows: Sequence[Mapping[str, object]]) -> None:
        """Write all rows in the place of those before.

        Raises:
            DatasetError: A row is wrong, or two overlap; the file stays as it is.
        """
        told = [{name: str(row.get(name, "")) for name in HEADER} for row in rows]
        with self._lock:
            with replacing(self.output, ".csv") as unfinished:
                with unfinished.open("w", newline="", encoding="utf-8") as file:
                    writer = csv.DictWriter(file, HEADER)
                    writer.writeheader()
                    writer.writerows(told)
                if told:
                    _check(unfinished, self.recordings)
            self.rows = told

    def close(self) -> None:
        """Serve nothing any more."""
        self._server.shutdown()
        self._release()

    def _release(self) -> None:
        self._server.server_close()
        for store in self.stores:
            store.close()


def _rows_in(path: Path, recordings: Sequence[Path]) -> list[dict[str, str]]:
    if not path.exists():
        return []
    found = read_labels(path, recordings)
    return [
        {"recording": one.name, "begin": f"{row.begin:g}", "end": f"{row.end:g}", "label": row.label}
        for one, rows in found.items()
        for row in rows
    ]


def _check(path: Path, recordings: Sequence[Path]) -> None:
    """Check rows that were just written; a fault names the row on the page, not the unfinished file."""
    try:
        read_labels(path, recordings)
    except DatasetError as error:
        raise DatasetError(str(error).replace(f"{path}, ", "").replace(f"{path}: ", "")) from error


class _LabellingHandler(BaseHTTPRequestHandler):
    """Gives page and frames to browsers of this machine, and takes rows from the page alone."""

    def __init__(self, page: LabellingPage, *arguments: object) -> None:
        self._page = page
        super().__init__(*arguments)  # type: ignore[arg-type]  # a request, an address and a server

    def do_GET(self) -> None:
        where = urlsplit(self.path)
        if self._foreign():
            self.send_error(403)
        elif where.path == "/":
            self._send(200, "text/html; charset=utf-8", PAGE.encode())
        elif where.path == "/label.js":
            self._send(200, "text/javascript; charset=utf-8", SCRIPT.encode())
        elif where.path == "/recordings":
            told = [{"name": store.name, "times": store.times} for store in self._page.stores]
            self._json(200, {"recordings": told, "rows": self._page.rows})
        elif where.path == "/frame":
            self._frame(parse_qs(where.query))
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        kind, length = self.headers.get("Content-Type", ""), self.headers.get("Content-Length", "")
        if self._foreign() or kind != "application/json":  # another site's page cannot send this without asking
            self.send_error(403)
        elif self.path != "/rows" or not length.isdigit() or int(length) > MOST_BYTES:
            self.send_error(400)
        else:
            try:
                rows = json.loads(self.rfile.read(int(length)))
                if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                    raise ValueError("rows are a list")
                self._page.write(rows)
            except (DatasetError, ValueError, OSError) as error:
                self._json(400, {"error": " ".join(str(error).split())})
            else:
                self._json(200, {"error": ""})

    def _frame(self, asked: Mapping[str, list[str]]) -> None:
        try:
            store = self._page.stores[int(asked["recording"][0])]
            content = store.jpeg(int(asked["number"][0]))
        except (KeyError, ValueError, IndexError):
            self.send_error(404)
        else:
            self._send(200, "image/jpeg", content)

    def _foreign(self) -> bool:
        """True if the page was asked for by another name: another site's, for this machine."""
        return self.headers.get("Host") not in {f"{name}:{self._page.port}" for name in (HOST, "localhost")}

    def _json(self, status: int, content: object) -> None:
        self._send(status, "application/json", json.dumps(content).encode())

    def _send(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        """Write nothing: the terminal is the user's."""
