"""Presentation of a demonstration's output: say where it is, and open the film."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from rich.console import Console


def present(folder: Path, film: str, console: Console, open_film: bool) -> None:
    """Name the files, and open the film if there is a screen.

    Args:
        folder: of the files.
        film: what it shows.
        console: is told.
        open_film: in the desktop's player.
    """
    files = {"annotated.mp4": film, "results.jsonl": "every result, one a line", "summary.json": "the table"}
    for name, what in files.items():
        console.print(f"{folder / name}: {what}", highlight=False)
    viewer = shutil.which("xdg-open")
    if open_film and viewer and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        subprocess.Popen([viewer, str(folder / "annotated.mp4")], start_new_session=True)
