"""Interface of all viewers."""

from __future__ import annotations

from typing import Protocol

from opendr_perception.view.overlay import Overlay

EXTRA = "pip install 'opendr_perception[view]', or -r requirements/view.txt (Python 3.11 or later)"


class ViewError(RuntimeError):
    """Nothing can be shown; the text says why, and what helps, in one line."""


class ViewSink(Protocol):
    """A viewer, or a file for one."""

    def looked_at(self) -> bool:
        """True if anybody looks: else nothing is drawn, and nothing is subscribed."""

    def write(self, overlay: Overlay) -> None:
        """Show an overlay."""

    def close(self) -> None:
        """Finish; a file is whole then."""
