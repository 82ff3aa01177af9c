"""Human presence: how many large images a second, and how well it finds the people of a real street.

The street is `vtest.avi`; the networks may have learnt from people in its left half and first third. Measured is the
right half of the last third, where other people are.
"""

from __future__ import annotations

import cv2
import numpy as np

from opendr_perception import zoo
from opendr_perception.bench.harness.extent import Extent
from opendr_perception.bench.harness.figure import Figure, larger_is_better
from opendr_perception.bench.harness.timing import Run, alternating
from opendr_perception.bench.peers.pytorch import torch_is_there, torch_threads
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.people import PersonDetector
from opendr_perception.tasks.presence import HumanPresence

CASE = "presence"
THREADS = 2
MODEL = "presence-1080p"
TARGET = 10.0
"""Images of 1080p a second."""
THRESHOLD = 0.95
SURE, FAINT = 0.5, 0.15
"""Scores of the detector: who certainly is a person, and where there may be one."""
FRAMES, LEFT = range(530, 795), 384
"""The last third of the film, and the first column of its right half."""
SIZES = {"1080p": (1080, 1920), "720p": (720, 1280)}


def presence(extent: Extent) -> list[Figure]:
    """The case `presence`: the whole task in three scales, the network alone, and the network in torch."""
    session = zoo.session(MODEL, threads=THREADS)
    task = HumanPresence(session)
    figures = []
    for name, size in SIZES.items():
        pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
        runs: dict[str, tuple[Run, int]] = {
            "task": (lambda pixels=pixels: task(pixels), 2),  # type: ignore[misc]  # bound now
            "network": (lambda pixels=pixels: session.run({"image": pixels[None]}), 2),  # type: ignore[misc]  # likewise
        }
        if torch_run := _in_torch(pixels):
            runs["torch"] = (torch_run, 1)
        rates = {key: 1e3 / time for key, time in alternating(runs, rounds=extent.pick(15, 3, 1)).items()}
        target = TARGET if name == "1080p" else 2.25 * TARGET  # as many pixels a second
        peer, peer_name = rates.get("torch"), "torch" if "torch" in rates else ""
        figures += [
            larger_is_better(CASE, f"{name}, whole task, {THREADS} threads", "Hz", rates["task"], target),
            larger_is_better(
                CASE, f"{name}, network alone, {THREADS} threads", "Hz", rates["network"], target, peer, peer_name
            ),
        ]
    return figures + _street(task, FRAMES[:: extent.pick(6, 30, 265)])


def _street(task: HumanPresence, frames: range) -> list[Figure]:
    """Recall of the people whom NanoDet is sure of, and the share of the image that is hot without reason."""
    detector = PersonDetector(zoo.session("nanodet", threads=THREADS), FAINT, input_size=768)
    video = cv2.VideoCapture(str(zoo.fetch(["vtest.avi"])[0]))
    found, hot = [], []
    for number in range(frames.stop):
        pixels = np.asarray(video.read()[1], np.uint8)
        if number not in frames:
            continue
        [people] = detector([Image(pixels, "bgr8")])
        heatmap = task(pixels)
        empty = np.ones(heatmap.values.shape, bool)
        empty[:, : round(LEFT / heatmap.stride)] = False
        for box, score in zip(people.boxes, people.scores, strict=True):
            margin = (box[2:] - box[:2]) / 2
            near = np.concatenate([box[:2] - margin, box[2:] + margin])
            empty[_cells(near, heatmap.stride)] = False
            if score > SURE and box[0] >= LEFT:
                found.append(heatmap.values[_cells(box, heatmap.stride)].max() >= THRESHOLD)
        hot.append(heatmap.values[empty] >= THRESHOLD)
    video.release()
    places = (
        (f"vtest.avi, of {len(found)} people, found", found),
        ("vtest.avi, of the image without people, hot", np.concatenate(hot)),
    )
    return [
        Figure(CASE, metric, "%", 100 * float(np.mean(part)), None, "", None, None, None) for metric, part in places
    ]


def _cells(box: np.ndarray, stride: float) -> tuple[slice, slice]:
    """The cells of a box in pixels."""
    left, top, right, bottom = np.clip(np.round(box / stride), 0, None).astype(int)
    return slice(top, bottom + 1), slice(left, right + 1)


def _in_torch(pixels: np.ndarray) -> Run | None:
    """The same network on the same image in torch, with as many threads; None without torch."""
    if not torch_is_there("presence compares with torch"):
        return None
    import torch

    from opendr_perception.networks.human_presence import HumanPresenceNetwork

    network = HumanPresenceNetwork("1080p").eval()
    image = torch.from_numpy(np.ascontiguousarray(pixels[..., ::-1]).transpose(2, 0, 1)[None])

    def run() -> torch.Tensor:
        with torch_threads(THREADS), torch.inference_mode():
            return network(image.float() / 255).softmax(1)[:, 1]

    return run
