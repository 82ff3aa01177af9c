"""A real browser without a window: Debian's Chromium, driven by its own driver over plain HTTP."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import URLError

import cv2
import numpy as np
import pytest

from opendr_perception.view import sockets

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
SIZE = (900, 560)
ARGUMENTS = (
    *("--headless=new", "--no-sandbox", "--no-first-run", "--disable-quic", "--disable-sync", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-extensions", "--no-pings"),
    *("--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"),
    f"--window-size={SIZE[0]},{SIZE[1]}",
)


class Browser:
    """A window of Chromium that nobody sees."""

    def __init__(self, profile: Path) -> None:
        self._url = f"http://127.0.0.1:{(port := sockets.free_port())}"
        self._driver = subprocess.Popen([str(DRIVER), f"--port={port}"], stdout=subprocess.DEVNULL)
        while not self._listens():
            assert self._driver.poll() is None, "the driver of the browser has ended"
            time.sleep(0.05)
        options = {"binary": CHROMIUM, "args": [*ARGUMENTS, f"--user-data-dir={profile}"]}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"performance": "ALL"}}
        session = self._call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self._session = f"/session/{session['sessionId']}"
        self._events: list[dict[str, Any]] = []

    @property
    def pid(self) -> int:
        """Of the driver, whose children the browser's processes are."""
        return self._driver.pid

    def close(self) -> None:
        with suppress(URLError, OSError):  # it may hang
            self._call("DELETE", self._session)
        self._driver.terminate()
        self._driver.wait()

    def open(self, url: str) -> None:
        self._call("POST", f"{self._session}/url", {"url": url})

    def screenshot(self) -> tuple[np.ndarray, bytes]:
        """The page as it is now: (H, W, 3) uint8 BGR, and the PNG."""
        png = base64.b64decode(self._call("GET", f"{self._session}/screenshot"))
        pixels = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
        assert pixels is not None
        return np.asarray(pixels, np.uint8), png

    def run(self, script: str) -> Any:
        """The value of a script that is run in the page."""
        return self._call("POST", f"{self._session}/execute/sync", {"script": script, "args": []})

    def answered(self) -> set[str]:
        """Addresses of all that the browser got an answer from."""
        for entry in self._call("POST", f"{self._session}/se/log", {"type": "performance"}):
            self._events.append(json.loads(entry["message"])["message"])
        received = [event["params"] for event in self._events if event["method"] == "Network.responseReceived"]
        return {each["response"]["url"] for each in received}

    def _listens(self) -> bool:
        try:
            return bool(self._call("GET", "/status")["ready"])
        except (URLError, OSError):
            return False

    def _call(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=120) as reply:
            return json.load(reply)["value"]


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    """Chromium, where it is installed."""
    if not (CHROMIUM and DRIVER):
        pytest.skip("no browser: apt install chromium chromium-driver")
    browser = Browser(tmp_path / "profile")
    try:
        yield browser
    finally:
        browser.close()
