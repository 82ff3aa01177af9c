"""Speed of face detection and recognition, with true accepts and false accepts."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import rclpy

from opendr_perception import zoo
from opendr_perception.bench.harness.camera import ImageSender
from opendr_perception.bench.harness.extent import Extent
from opendr_perception.bench.harness.figure import Figure, larger_is_better, smaller_is_better
from opendr_perception.msg import FaceArray
from opendr_perception.ros.node import running, spinning
from opendr_perception.tasks.face import (
    DIMENSIONS,
    THRESHOLD,
    TO_DECIDE,
    FaceDetector,
    FaceEmbedder,
    Gallery,
    expression_crop,
    head_poses,
    read_sample,
    view,
)
from opendr_perception.tasks.imaging import Image, PinholeCamera, Pixels
from opendr_perception.zoo.archives import extract
from opendr_perception.zoo.cache import default_cache
from opendr_perception.zoo.manifest import load_manifest

GROUPS = tuple(f"group-{number}.jpg" for number in range(1, 7))
SAME_PERSON = (("group-1.jpg", (1568, 341)), ("group-3.jpg", (1190, 382)))
"""Places of two faces that look like one woman: nobody says so, hence they count neither as one person nor as two."""

ENROLLED = 3
VARIATIONS = 12
NAME = "Somebody"


@dataclass(frozen=True)
class FaceSample:
    """A face that passed the quality gate: where, and what the embedder says."""

    image: str
    centre: tuple[float, float]
    aligned: Pixels
    expression: Pixels
    embedding: np.ndarray


def faces(extent: Extent) -> list[Figure]:
    """The case `faces`."""
    zoo.fetch([*load_manifest().models, "astronaut.png", *GROUPS, "carphone_pristine.mp4"])
    laboratory = FaceSetUp()
    people = [face for name in ("astronaut.png", *GROUPS) for face in laboratory.faces(name, _image(name))]
    return [
        *_rates(extent.pick(15.0, 3.0, 0.2)),
        _lookup(),
        *_errors(
            laboratory,
            people[:: extent.pick(1, 1, 20)],
            extent.pick(120, 120, 6),
            extent.pick(VARIATIONS, VARIATIONS, ENROLLED + 2),
        ),
        *_originals(people[:: extent.pick(1, 4, 20)]),
    ]


class FaceSetUp:
    """The networks of the node, without the node."""

    def __init__(self) -> None:
        self._detector = FaceDetector(zoo.session("blazeface"))
        self._embedder = FaceEmbedder(zoo.session("face-embedding"))

    def faces(self, name: str, image: Image) -> list[FaceSample]:
        """All faces of an image that may decide."""
        [found] = self._detector([image])
        poses = head_poses(found, PinholeCamera.assumed(image.width, image.height))
        views = [view(image, found, k, poses[k]) for k in range(len(found))]
        good = [k for k in range(len(found)) if not TO_DECIDE.problem(views[k].quality)]
        embeddings = self._embedder([views[k].aligned for k in good])
        boxes = found.detections.boxes
        centres = (boxes[:, :2] + boxes[:, 2:]) / 2
        return [
            FaceSample(name, tuple(centres[k].tolist()), views[k].aligned, expression_crop(image, boxes[k]), embedding)
            for k, embedding in zip(good, embeddings, strict=True)
        ]


def _rates(seconds: float) -> list[Figure]:
    """Images per second that the node answers, from publishing one to its result, one after the other."""
    head = _image("astronaut.png").pixels[20:230, 120:330]
    figures = []
    for count, side, target in ((1, 200, 25.0), (8, 150, 10.0)):
        canvas = np.full((480, 640, 3), 100, np.uint8)
        for k in range(count):
            y, x = 20 + 220 * (k // 4), 5 + 158 * (k % 4)
            canvas[y : y + side, x : x + side] = cv2.resize(head, (side, side), interpolation=cv2.INTER_AREA)
        figures.append(larger_is_better("faces", f"end to end, {count} face(s)", "Hz", _rate(canvas, seconds), target))
    return figures


def _rate(pixels: np.ndarray, seconds: float) -> float:
    with tempfile.TemporaryDirectory() as folder:
        image = zoo.sample("astronaut.png")
        command = ["gallery", "add", NAME, str(image), "--gallery", folder]
        subprocess.run(["opendr-perception", *command], check=True, stdout=subprocess.DEVNULL)
        node = ["opendr_perception.nodes.face_recognition", "--ros-args", "-p", f"gallery:={folder}"]
        rclpy.init()
        camera = ImageSender("", pixels.shape[0], pixels.shape[1], (FaceArray, "faces"))
        camera.show(pixels)
        with running([node], subprocess.DEVNULL), spinning([camera]):
            camera.wait_for_answers()
            answered, start = 0, time.monotonic()
            while time.monotonic() - start < seconds:
                answered += camera.ask() is not None
            rate = answered / (time.monotonic() - start)
        rclpy.shutdown()
    return rate


def _lookup() -> Figure:
    """One face against many."""
    count = 10_000
    points = np.random.default_rng(0).normal(0, 0.1, (count, DIMENSIONS)).astype(np.float32)
    gallery = Gallery("random").with_samples("x", [str(k) for k in range(count)], points)
    gallery = Gallery("random", names=tuple(f"{k:05d}" for k in range(count)), images=gallery.images, embeddings=points)
    times = []
    for query in points[:200]:
        start = time.perf_counter()
        int(np.argmin(gallery.distances(query)))
        times.append(time.perf_counter() - start)
    return smaller_is_better("faces", "nearest of 10,000 people", "ms", float(np.median(times)) * 1e3, 1.0)


def _errors(laboratory: FaceSetUp, people: Sequence[FaceSample], frames: int, variations: int) -> list[Figure]:
    """True and false acceptance at the default threshold, one view at a time."""
    false = sum(
        np.linalg.norm(a.embedding - b.embedding) < THRESHOLD
        for a, b in itertools.combinations(people, 2)
        if not all(any(_is(face, place) for face in (a, b)) for place in SAME_PERSON)
    )
    film = [
        found[0].embedding for frame in itertools.islice(_film(), frames) if (found := laboratory.faces("film", frame))
    ]
    false += sum(np.linalg.norm(np.array(film) - face.embedding, axis=1).min() < THRESHOLD for face in people)
    enrolled = np.array([film[0], film[len(film) // 2], film[-1]])
    distances = np.linalg.norm(np.array(film)[:, None] - enrolled, axis=2).min(axis=1)
    varied: list[bool] = []
    for face in people:
        embeddings = list(_variations(laboratory, face, variations))
        enrolled = np.array(embeddings[:ENROLLED])
        varied += [bool(np.linalg.norm(enrolled - e, axis=1).min() < THRESHOLD) for e in embeddings[ENROLLED:]]
    return [
        smaller_is_better("faces", f"false acceptances, {len(people)} faces and a film", "pairs", float(false), 0),
        larger_is_better(
            "faces",
            f"true accepts in a film of {len(film)} frames",
            "%",
            100 * float((distances < THRESHOLD).mean()),
            95,
        ),
        larger_is_better(
            "faces", f"true accepts in {len(varied)} altered images", "%", 100 * float(np.mean(varied)), 95
        ),
    ]


def _variations(laboratory: FaceSetUp, face: FaceSample, count: int) -> Iterator[np.ndarray]:
    """Embeddings of a face under other light, size, angle, noise and sharpness; those that the gate lets pass."""
    pixels = _image(face.image).pixels
    random = np.random.default_rng(round(face.centre[0]))
    for _ in range(count):
        turn = np.asarray(
            cv2.getRotationMatrix2D(face.centre, random.uniform(-20, 20), random.uniform(0.25, 1.0)), np.float64
        )
        turn[:, 2] += 240 - np.array(face.centre)
        image = cv2.warpAffine(pixels, turn, (480, 480), flags=cv2.INTER_AREA)
        image = cv2.GaussianBlur(image, (0, 0), random.uniform(0.3, 1.5))
        image = image * random.uniform(0.5, 1.4, (1, 1, 3)) + random.normal(0, 5, image.shape)
        altered = np.clip(image, 0, 255).astype(np.uint8)
        found = laboratory.faces(face.image, Image(altered, "bgr8"))
        near = [other for other in found if np.hypot(other.centre[0] - 240, other.centre[1] - 240) < 30]
        if near:
            yield near[0].embedding


def _originals(people: Sequence[FaceSample]) -> list[Figure]:
    """Our networks beside the package's own JavaScript, on the same crops; nothing without node."""
    node = shutil.which("node")
    if node is None:
        return []
    package = load_manifest().models["face-embedding"].package
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(default_cache().archive(package)) as archive:
            wanted = [m for m in archive if m.name.endswith("face-api.esm.js") or m.name.startswith("package/model/")]
            extract(archive, Path(folder), wanted)
        crops, result = Path(folder, "crops"), Path(folder, "result.json")
        aligned, expression = (
            np.stack(stack) for stack in zip(*((f.aligned, f.expression) for f in people), strict=True)
        )
        crops.write_bytes(aligned.tobytes() + expression.tobytes())
        script = Path(__file__).with_name("original.mjs")
        subprocess.run([node, script, f"{folder}/package", crops, result], check=True, capture_output=True)
        theirs = json.loads(result.read_text())
    ours = np.stack([face.embedding for face in people])
    other = np.array(theirs["embeddings"])
    cosine = (ours * other).sum(axis=1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(other, axis=1)
    session = zoo.session("face-expression")
    probabilities = session.run_batch({"image": expression})["probabilities"]
    agree = (probabilities.argmax(axis=1) == np.argmax(theirs["probabilities"], axis=1)).mean()
    return [
        larger_is_better("faces", "embedding, least cosine to the package's own", "", float(cosine.min()), 0.999),
        larger_is_better("faces", "expression, same label as the package's own", "%", 100 * float(agree), 100),
    ]


def _is(face: FaceSample, known: tuple[str, tuple[int, int]]) -> bool:
    name, (x, y) = known
    return face.image == name and np.hypot(face.centre[0] - x, face.centre[1] - y) < 60


def _image(name: str) -> Image:
    return read_sample(zoo.sample(name))


def _film() -> Iterator[Image]:
    capture = cv2.VideoCapture(str(zoo.sample("carphone_pristine.mp4")))
    going, frame = capture.read()
    while going:
        yield Image(np.asarray(frame, np.uint8), "bgr8")
        going, frame = capture.read()
    capture.release()
