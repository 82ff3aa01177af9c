"""From the name of a model to a session that runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from opendr_perception.zoo.store import require

if TYPE_CHECKING:  # onnxruntime is loaded with the first session, not with the zoo
    from opendr_perception.engine.session import Session


class Sessions(Protocol):
    """Gives the session of a model by its name, as `session` does; tests and benches hand in one of their own."""

    def __call__(self, name: str, *, device: str = "cpu", threads: int = 0) -> Session: ...


def session(name: str, *, device: str = "cpu", threads: int = 0, max_batch: int = 0) -> Session:
    """Load a model; never downloads.

    Args:
        name: of the manifest, or the path of a user's own .onnx file.
        device: cpu, cuda or tensorrt.
        threads: of the CPU, 0 for one each core.
        max_batch: as of `engine.session.Session`.

    Raises:
        ModelMissing: it is not there.
        ModelCorrupt: its sha256 is not the one that the manifest pins.
        EngineError: it is not a model, or the device is not available.
        ValueError: an argument is out of range.
    """
    from opendr_perception.engine.session import Session

    return Session(require(name).path, device=device, threads=threads, max_batch=max_batch)
