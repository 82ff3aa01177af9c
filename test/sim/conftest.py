"""The makers of people are scripts in tools/people, which find each other there."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path += [str(Path(__file__).parents[2] / "tools"), str(Path(__file__).parents[2] / "tools" / "people")]
