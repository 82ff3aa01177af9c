"""Behaviour of a node under load, with a second camera, and when nobody publishes."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import rclpy

from opendr_perception.bench.harness.camera import ImageSender
from opendr_perception.bench.harness.extent import Extent
from opendr_perception.bench.harness.figure import Figure, smaller_is_better
from opendr_perception.ros.node import running, spinning

SIZE = (480, 640)
OVERLOAD = 3
"""Images come so many times faster than the model can take them."""


def streams(extent: Extent) -> list[Figure]:
    """The case `streams`."""
    return [
        *_overload(extent.pick(60.0, 10.0, 1.0), settle=extent.pick(20.0, 5.0, 0.5)),
        _second_camera(extent.pick(50, 10, 1)),
        _idle(extent.pick(20.0, 5.0, 0.5)),
    ]


def _overload(seconds: float, settle: float) -> list[Figure]:
    """Latency, memory and counts of person_detection that gets more images than it can take."""
    with _detection([""]) as (pid, (camera,)):
        alone = statistics.median(filter(None, (camera.ask() for _ in range(20))))
        period = alone / OVERLOAD
        _flood(camera, period, settle)  # buffers grow to their sizes
        counts, sent, memory = camera.counts(), camera.sent, _memory(pid)
        camera.latencies.clear()
        _flood(camera, period, seconds)
        growth = _memory(pid) - memory
        counts_after = camera.counts()
        processed = counts_after.processed - counts.processed
        unseen = 1 - (counts_after.received - counts.received) / (camera.sent - sent)
        p95 = statistics.quantiles(camera.latencies, n=20)[-1] * 1e3
    return [
        smaller_is_better("streams", f"latency with {OVERLOAD}x too many images, 95 %", "ms", p95, 2 * alone * 1e3),
        smaller_is_better("streams", f"memory growth in {seconds:.0f} s of overload", "MB", growth, 2.0),
        smaller_is_better(
            "streams", "results that are not counted", "results", abs(len(camera.latencies) - processed), 0
        ),
        smaller_is_better("streams", "images that are not counted", "%", 100 * unseen, 1.0),
    ]


def _second_camera(images: int) -> Figure:
    """Memory that a second camera adds to person_detection."""
    used = []
    for names in (["left"], ["left", "right"]):
        with _detection(names) as (pid, cameras):
            for _ in range(images):
                for camera in cameras:
                    camera.send()
                for camera in cameras:
                    camera.ask()
            used.append(_memory(pid))
    return smaller_is_better("streams", "memory of a second camera", "MB", used[1] - used[0], 20.0)


def _idle(seconds: float) -> Figure:
    """Share of a core that person_detection takes when nobody publishes."""
    with _detection([""]) as (pid, _):
        time.sleep(2.0)
        before = _processor_time(pid)
        time.sleep(seconds)
        share = 100 * (_processor_time(pid) - before) / seconds
    return smaller_is_better("streams", "idle node, share of a core", "%", share, 2.0)


@contextmanager
def _detection(names: Sequence[str]) -> Iterator[tuple[int, list[ImageSender]]]:
    """person_detection in a process of its own, and a camera for each of its streams."""
    command = [
        "opendr_perception.nodes.person_detection",
        "--ros-args",
        "-p",
        f"streams:=[{','.join(names) or repr('')}]",
    ]
    rclpy.init()
    cameras = [ImageSender(name, *SIZE) for name in names]
    with running([command], subprocess.DEVNULL) as (program,), spinning(cameras):
        for camera in cameras:
            camera.wait_for_answers()
        yield program.pid, cameras
    rclpy.shutdown()


def _flood(camera: ImageSender, period: float, seconds: float) -> None:
    start = time.monotonic()
    for index in range(int(seconds / period)):
        time.sleep(max(0.0, start + index * period - time.monotonic()))
        camera.send()


def _memory(pid: int) -> float:
    """Resident memory of a process in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _processor_time(pid: int) -> float:
    """Processor seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
