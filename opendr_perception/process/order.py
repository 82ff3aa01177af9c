"""A whole order: recordings in, a folder of results out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.process.executors import Executor, UnitOutcome
from opendr_perception.process.inventory import Unit, begin, inventory, manifest, sha256_of
from opendr_perception.process.privacy import models
from opendr_perception.process.request import Request
from opendr_perception.process.run import Job, Tell, locked
from opendr_perception.process.stage import Stage
from opendr_perception.ros.node import share_directory
from opendr_perception.ros.signals import HEARING
from opendr_perception.tasks.face import FacePerceiver

LOCK = ".lock"


def process_recordings(
    recordings: Sequence[str],
    request: Request,
    output: Path,
    executor: Executor,
    resume: bool = False,
    tell: Tell = lambda name, done, total: None,
) -> list[UnitOutcome]:
    """Process all streams of recordings.

    Args:
        recordings: bags, films, folders of images.
        request: what is wanted of each.
        output: folder for the results.
        executor: who does it.
        resume: go on with what is in `output`.
        tell: is told how far it is.

    Raises:
        ProcessError: something is wrong with the request, a recording or the output; nothing has been done.
        ZooError, EngineError, GalleryError: a model or the gallery cannot be had.
    """
    output = output.expanduser().resolve()
    output.mkdir(parents=True, exist_ok=True)
    with locked(output / LOCK, str(output)):
        units = inventory(recordings, bool(request.watching or request.blur), bool(request.listening))
        models = models_of(request)
        version = package_version()
        begin(output, manifest(request, units, models, version), resume)
        jobs = [Job(unit, request, str(output), 1, _provenance(unit, request, models, version)) for unit in units]
        return list(executor(jobs, tell))


def models_of(request: Request) -> dict[str, str]:
    """The sha256 of every model that is used, and of the gallery; all that is missing is found now.

    Raises:
        ZooError, EngineError, GalleryError, ValueError: a model or the gallery cannot be had.
    """
    used: dict[str, str] = {}

    def session(name: str, *, device: str = "cpu", threads: int = 0) -> Session:
        used[name] = sha256_of(zoo.require(name).path)
        return zoo.session(name, device=device, threads=threads)

    for name in request.watching:
        stage = Stage(name, request, "", session, lambda text: None)
        if isinstance(stage.perceiver, FacePerceiver):
            gallery = stage.perceiver.known.gallery
            known = repr((gallery.model, gallery.threshold, gallery.names)).encode() + gallery.embeddings.tobytes()
            used["gallery"] = hashlib.sha256(known).hexdigest()
    for name in request.listening:
        HEARING[name].build(request.sound_settings(name), session)
    for name in models(request.blur):
        used[name] = sha256_of(zoo.require(name).path)
    return used


def package_version() -> str:
    """Of this package, as its package.xml says."""
    return ElementTree.parse(share_directory() / "package.xml").getroot().findtext("version", "")


def _provenance(unit: Unit, request: Request, models: dict[str, str], version: str) -> dict[str, object]:
    return {
        "recording": Path(unit.recording).name,
        "sha256": unit.sha256,
        "topic": unit.topic,
        "opendr_perception": version,
        "request": request.as_dict(),
        "models": models,
    }
