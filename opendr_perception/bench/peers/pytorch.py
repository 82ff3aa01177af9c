"""Torch as a reference: a development dependency, so a benchmark leaves out what needs it where it is missing."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def torch_is_there(otherwise: str) -> bool:
    """True where torch is installed.

    Args:
        otherwise: what is left out, and why; printed where it is not.
    """
    if importlib.util.find_spec("torch") is not None:
        return True
    print(f"{otherwise}, which is not installed: left out", file=sys.stderr)
    return False


@contextmanager
def torch_threads(count: int = 1) -> Iterator[None]:
    """Let torch compute in so many threads within the context."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def torch_workspace() -> Iterator[Path]:
    """Give a folder for models, with one thread of torch and without gradients."""
    import torch

    with tempfile.TemporaryDirectory() as folder, torch_threads(), torch.inference_mode():
        yield Path(folder)
