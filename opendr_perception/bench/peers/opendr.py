"""OpenDR's and PyTorchVideo's networks, from the sources that are published on PyPI."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from opendr_perception.zoo.archives import extract
from opendr_perception.zoo.cache import Cache, default_cache, sha256_of


@dataclass(frozen=True)
class PeerPackage:
    """A source package on PyPI, its hash, and the Python package of its networks."""

    package: str
    sha256: str
    models: str


SKELETONS = PeerPackage(
    "opendr-toolkit-skeleton-based-action-recognition==3.0.0",
    "5186a57ee00e12c96bc5a18225f1a9edab1cdc50984440557aee5f7489f98da6",
    "opendr.perception.skeleton_based_action_recognition.algorithm.models",
)
EXPRESSIONS = PeerPackage(
    "opendr-toolkit-facial-expression-recognition==3.0.0",
    "8ede7569ab7ed4d4198d97be7d3538c05ffe5b80a7bf794eaea68c083f74ea5b",
    "opendr.perception.facial_expression_recognition.image_based_facial_emotion_estimation.algorithm.model",
)
POSES = PeerPackage(
    "opendr-toolkit-pose-estimation==3.0.0",
    "f20927eb05c70a1da987420670e86e992dc741e336772a7d431537b103664bae",
    "opendr.perception.pose_estimation.lightweight_open_pose.algorithm",
)
PRESENCE = PeerPackage(
    "opendr-toolkit-binary-high-resolution==3.0.0",
    "a8fe7963c5dd64fab30dc02b1b2fc949ca6a9e5979daa0cd72c2590f9cf8faf5",
    "opendr.perception.binary_high_resolution.utils",
)
VOICES_AND_FACES = PeerPackage(
    "opendr-toolkit-multimodal-human-centric==3.0.0",
    "f4e1ab73812a40c745ae9446ec8b83c812884be2aa09f39ba62042fa6329ab9a",
    "opendr.perception.multimodal_human_centric.audiovisual_emotion_learner.algorithm",
)
ACTIVITIES = PeerPackage(
    "opendr-toolkit-activity-recognition==3.0.0",
    "ba34c9c2d99b5aed5b29348218acaec472a38720fc329675397aae8866619aed",
    "opendr.perception.activity_recognition",
)
VIDEOS = PeerPackage(
    "pytorchvideo==0.1.5",
    "69a3424c7feb70422da59d0cec17b56657984bd0ba8d5d78cad08a328cf6341b",
    "pytorchvideo.models",
)
SQUEEZING = PeerPackage(
    "fvcore==0.1.5.post20221221",
    "f2fb0bb90572ae651c11c78e20493ed19b2240550a7e4bbb2d6de87bdd037860",
    "fvcore.nn",
)

PeerClass = Callable[..., Any]
"""A network of the peer, which has no types."""


class PeerMissing(RuntimeError):
    """The peer cannot be had; the text says why in one line."""


@contextmanager
def opendr_models(workspace: Path) -> Iterator[tuple[PeerClass, PeerClass]]:
    """The classes of OpenDR's CoST-GCN* and of its ST-GCN, to be instantiated within the context.

    Args:
        workspace: empty directory for the source.

    Raises:
        PeerMissing: it cannot be downloaded, has another hash, or needs a package that is not installed.
    """
    _load_continual()
    with _importable(SKELETONS, workspace):
        models = SKELETONS.models
        yield import_module(f"{models}.co_stgcn").CoStGcnMod, import_module(f"{models}.stgcn").STGCN


@contextmanager
def opendr_ensembles(workspace: Path) -> Iterator[tuple[PeerClass, PeerClass]]:
    """The classes of OpenDR's ESR and of its ESR with attention, to be instantiated within the context.

    Args:
        workspace: empty directory for the source.

    Raises:
        PeerMissing: it cannot be downloaded, or has another hash.
    """
    with _importable(EXPRESSIONS, workspace):
        models = EXPRESSIONS.models
        yield import_module(f"{models}.esr_9").ESR, import_module(f"{models}.diversified_esr").DiversifiedESR


@contextmanager
def opendr_openpose(workspace: Path) -> Iterator[PeerClass]:
    """The class of OpenDR's Lightweight OpenPose, to be instantiated within the context.

    Args:
        workspace: empty directory for the source.

    Raises:
        PeerMissing: it cannot be downloaded, or has another hash.
    """
    with _importable(POSES, workspace):
        yield import_module(f"{POSES.models}.models.with_mobilenet").PoseEstimationWithMobileNet


@contextmanager
def opendr_presence(workspace: Path) -> Iterator[dict[str, PeerClass]]:
    """The classes of OpenDR's networks of human presence by architecture, to be instantiated within the context.

    Args:
        workspace: empty directory for the source.

    Raises:
        PeerMissing: it cannot be downloaded, or has another hash.
    """
    with _importable(PRESENCE, workspace):
        module = import_module(f"{PRESENCE.models}.architectures")
        yield {"1080p": module.VGG_1080p_64, "720p": module.VGG_720p_64}


@contextmanager
def opendr_audiovisual(workspace: Path) -> Iterator[PeerClass]:
    """The class of OpenDR's audiovisual network, to be instantiated within the context.

    Args:
        workspace: empty directory for the source.

    Raises:
        PeerMissing: it cannot be downloaded, or has another hash.
    """
    with _importable(VOICES_AND_FACES, workspace):
        yield import_module(f"{VOICES_AND_FACES.models}.models").MultiModalCNN


@contextmanager
def opendr_co_x3d(workspace: Path) -> Iterator[PeerClass]:
    """OpenDR's builder of CoX3D, to be called within the context.

    Args:
        workspace: empty directory for the source.

    Raises:
        PeerMissing: it cannot be downloaded, has another hash, or needs a package that is not installed.
    """
    _load_continual()
    with _importable(ACTIVITIES, workspace):
        yield import_module(f"{ACTIVITIES.models}.cox3d.algorithm.x3d").CoX3D


@contextmanager
def pytorchvideo_models(workspace: Path) -> Iterator[tuple[PeerClass, PeerClass]]:
    """PyTorchVideo's builders of X3D and of networks on a ResNet, to be called within the context.

    Args:
        workspace: empty directory for the source.

    Raises:
        PeerMissing: it cannot be downloaded, or has another hash.
    """
    heads = ModuleType("torchvision.ops")  # for detection, which is not called
    heads.__dict__["RoIAlign"] = None
    before = set(sys.modules)
    sys.modules.setdefault("torchvision", ModuleType("torchvision"))
    sys.modules.setdefault("torchvision.ops", heads)
    sys.modules.setdefault("torchvision.ops.boxes", ModuleType("torchvision.ops.boxes"))
    try:
        with (
            _importable(SQUEEZING, workspace / "fvcore"),
            _importable(VIDEOS, workspace / "pytorchvideo"),
        ):
            yield (
                import_module("pytorchvideo.models.x3d").create_x3d,
                import_module("pytorchvideo.models.resnet").create_resnet,
            )
    finally:
        for name in set(sys.modules) - before:
            if name.split(".")[0] == "torchvision":
                del sys.modules[name]


def _load_continual() -> None:
    """Load what OpenDR's continual networks are made of.

    Now: later it would take the empty training framework of `_importable` for a real one.
    """
    try:
        import_module("continual")
    except ImportError as error:
        raise PeerMissing("OpenDR's networks need continual-inference 1.2.4, which is not installed") from error


@contextmanager
def _importable(source: PeerPackage, workspace: Path, *others: str) -> Iterator[None]:
    """Make the networks of a source importable.

    The packages around the models import a training framework and all of OpenDR. They are replaced by empty ones that
    only lead to the files; the code of the networks is untouched.

    Args:
        source: what to get.
        workspace: directory for the source.
        others: further packages that are replaced.
    """
    with tarfile.open(_archive(source, default_cache())) as archive:
        extract(archive, workspace)
    files = next(workspace.glob("*/src"), None) or next(workspace.iterdir())
    before = set(sys.modules)
    for models in (source.models, *others):
        for depth in range(1, len(models.split(".")) + 1):
            name = ".".join(models.split(".")[:depth])
            if name not in sys.modules:
                sys.modules[name] = _leading_to(name, files / Path(*name.split(".")))
    if source.models.startswith("opendr") and "pytorch_lightning" not in sys.modules:
        lightning = ModuleType("pytorch_lightning")
        lightning.__dict__["LightningModule"] = type("LightningModule", (nn.Module,), {"profile_model": False})
        sys.modules["pytorch_lightning"] = lightning
    try:
        yield
    finally:
        for name in set(sys.modules) - before:
            if name.split(".")[0] in ("opendr", "pytorch_lightning", "pytorchvideo", "fvcore"):
                del sys.modules[name]


def _archive(source: PeerPackage, cache: Cache) -> Path:
    """The verified source, downloaded once."""
    kept = cache.archives / f"{source.package.replace('==', '-')}.tar.gz"
    if kept.is_file() and sha256_of(kept) == source.sha256:
        return kept
    options = ["--no-deps", "--no-binary=:all:", "--no-build-isolation", "--no-input", "--disable-pip-version-check"]
    with cache.workspace() as workspace:
        command = [sys.executable, "-m", "pip", "download", *options, "-d", str(workspace), source.package]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        archive = next(workspace.glob("*.tar.gz"), None)
        if archive is None:
            said = (result.stderr.strip().splitlines() or ["nothing"])[-1]
            raise PeerMissing(f"{source.package} cannot be downloaded; pip said: {said}")
        if sha256_of(archive) != source.sha256:
            raise PeerMissing(f"{archive.name} is not the file that was compared with before: its sha256 differs")
        cache.archives.mkdir(parents=True, exist_ok=True)
        shutil.move(archive, kept)
    return kept


def _leading_to(name: str, folder: Path) -> ModuleType:
    package = ModuleType(name)
    package.__path__ = [str(folder)]
    return package
