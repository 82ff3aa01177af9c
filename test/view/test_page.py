"""The page in a real browser: what is seen is where the messages say, and nothing talks to anybody else."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest
from opendr_perception.msg import (
    Action,
    ActionArray,
    BodyPose,
    Box,
    Detection,
    DetectionArray,
    Emotion,
    EmotionArray,
    NodeStatistics,
    Person,
    PersonArray,
)
from sensor_msgs.msg import Image as ImageMessage

from opendr_perception.ros.convert.messages import body_pose_array
from opendr_perception.tasks import body
from opendr_perception.tasks.drawing import colour_of
from opendr_perception.tasks.imaging import Image
from opendr_perception.view import sockets

pytestmark = pytest.mark.extra
pytest.importorskip("rerun", reason="rerun is not installed: make test-extras")

VIEW = "import sys; sys.argv[0] = 'opendr-perception'; from opendr_perception.cli import main; main()"
RENDERED = Path(__file__).parents[2] / "docs" / "images" / "simulation.jpg"
PERIOD = 0.2  # s: without a graphics card the browser draws with the CPU
TRACK, FRAME = "a1b-4", "a1b-2"


class Robot:
    """Publishes a camera and its results several times a second."""

    def __init__(self, graph: Any) -> None:
        self._graph = graph
        self._publishers: dict[str, Any] = {}
        self.messages: dict[str, Any] = {}
        self.moment = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._publish, daemon=True)
        self._thread.start()

    def show(self, pixels: np.ndarray, **results: Any) -> None:
        """Publish an image and these results from now on."""
        kinds = {"image_raw": ImageMessage} | {topic: type(message) for topic, message in results.items()}
        for topic, kind in kinds.items():
            if topic not in self._publishers:
                self._publishers[topic] = self._graph.observer.create_publisher(kind, f"/front/{topic}", 5)
        self.messages = {"image_raw": self._graph.image(pixels), **results}
        self.moment = time.monotonic()

    def rest(self) -> None:
        """Publish nothing any more: the browser has time to draw the last image."""
        self.messages = {}

    def subscribers(self) -> int:
        return sum(each.get_subscription_count() for each in self._publishers.values())

    def close(self) -> None:
        self._ended.set()
        self._thread.join()

    def _publish(self) -> None:
        while not self._ended.wait(PERIOD):
            header = self._graph.header()
            for topic, message in dict(self.messages).items():
                message.header = header
                self._publishers[topic].publish(message)


@pytest.fixture
def robot(graph: Any) -> Iterator[Robot]:
    robot = Robot(graph)
    yield robot
    robot.close()


def person(left: float, top: float, right: float, bottom: float) -> DetectionArray:
    """A person, and another one who fills the image, so that its place on the page can be seen."""
    places = {TRACK: (left, top, right, bottom), FRAME: (0.0, 0.0, 640.0, 480.0)}
    boxes = {track: Box(x_min=x, y_min=y, x_max=right, y_max=bottom) for track, (x, y, right, bottom) in places.items()}
    found = [Detection(track_id=track, label="person", score=0.9, box=box) for track, box in boxes.items()]
    return DetectionArray(width=640, height=480, detections=found)


def extent(pixels: np.ndarray, track: str) -> tuple[int, ...]:
    """Left, top, right and bottom of the lines in the colour of a track, in pixels of the page; () for none.

    A line of a box is longer than what is written beside it.
    """
    same = np.abs(pixels.astype(int) - colour_of(track)[::-1]).max(axis=2) <= 12
    columns, rows = same.sum(axis=0), same.sum(axis=1)
    if min(columns.max(), rows.max()) < 20:
        return ()
    across, down = ((each >= each.max() / 2).nonzero()[0] for each in (columns, rows))
    return int(across[0]), int(down[0]), int(across[-1]) + 1, int(down[-1]) + 1


def where(pixels: np.ndarray) -> tuple[float, ...]:
    """The box of the person on the page, in pixels of the image."""
    image, box = extent(pixels, FRAME), extent(pixels, TRACK)
    if not image or not box:
        return ()
    scale = (image[2] - image[0]) / 640
    return tuple((box[k] - image[k % 2]) / scale for k in range(4))


def until(seen: Callable[[], Any], what: str, limit: float = 250) -> Any:
    deadline = time.monotonic() + limit
    while not (found := seen()):
        assert time.monotonic() < deadline, f"not within {limit:g} s: {what}"
    return found


def near(found: tuple[float, ...], wanted: tuple[float, ...]) -> bool:
    return bool(found) and max(abs(a - b) for a, b in zip(found, wanted, strict=True)) < 8


def family(pid: int) -> set[int]:
    """A process and all that it has started."""
    parents = {int(each): _parent(int(each)) for each in os.listdir("/proc") if each.isdecimal()}
    found = {pid}
    while new := {child for child, parent in parents.items() if parent in found} - found:
        found |= new
    return found


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def peers(pids: set[int]) -> set[str]:
    """Addresses, in hexadecimal, that these processes are connected to or listen at, by TCP."""
    inodes = set()
    for pid in pids:
        try:
            links = [os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")]
        except OSError:
            continue
        inodes |= {link[8:-1] for link in links if link.startswith("socket:[")}
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[9] in inodes:
                found |= {fields[1].split(":")[0]} if fields[3] == "0A" else {fields[2].split(":")[0]}
    return found


LOOPBACK = {"0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F"}


def test_boxes_are_seen_where_the_last_message_says(graph: Any, robot: Robot, browser: Any) -> None:
    port = sockets.free_port()
    image = np.full((480, 640, 3), 90, np.uint8)
    robot.show(image, persons=person(100.0, 80.0, 220.0, 400.0))
    shown = graph.process(sys.executable, "-P", "-c", VIEW, "view", "--web", "--port", str(port))
    shown.says("open http://127.0.0.1:")
    url = next(line.split()[1] for line in shown.output.splitlines() if line.startswith("open "))
    time.sleep(1.5)  # what does not happen cannot be awaited: three looks
    assert robot.subscribers() == 0, "nobody looks, so nothing is drawn"

    browser.open(url)
    until(lambda: near(where(browser.screenshot()[0]), (100, 80, 220, 400)), "the box, where it was published")
    assert robot.subscribers() == 2
    robot.show(image, persons=person(360.0, 150.0, 500.0, 450.0))
    until(lambda: near(where(browser.screenshot()[0]), (360, 150, 500, 450)), "the box, where it is now")
    print(f"message to pixel, with the time of a screenshot: {time.monotonic() - robot.moment:.2f} s")

    hosts = {urlsplit(each).netloc for each in browser.answered() if each.startswith(("http", "ws"))}
    assert {host.partition(":")[0] for host in hosts} == {"127.0.0.1"}
    pid = shown._process.pid
    assert peers(family(pid) | family(browser.pid)) <= LOOPBACK


def test_rendered_people_are_shown_with_all_that_is_known(
    graph: Any, robot: Robot, browser: Any, models: object, tmp_path: Path
) -> None:
    pixels = np.asarray(cv2.imread(str(RENDERED)), np.uint8)
    port = sockets.free_port()
    shown = graph.process(
        sys.executable, "-P", "-c", VIEW, "view", "--web", "--port", str(port), "--record", str(tmp_path / "a.rrd")
    )
    shown.says("open ")
    found = body.build(body.Settings(threads=1))(pixels)
    poses = body_pose_array(Image(pixels, "bgr8"), found, [f"a1b-{k}" for k in range(len(found))])
    labels = ("wave", "walk", "stand", "sit")
    moods = ("happy", "neutral", "surprise")
    people = [Person(person_id=pose.track_id, visible=True, box=pose.box, score=pose.score) for pose in poses.poses[:3]]
    for k, each in enumerate(people):
        each.position.x, each.position.y, each.position.z = 2.5 + 0.4 * k, 0.8 - 0.8 * k, 1.1
    robot.show(
        pixels,
        poses=poses,
        actions=ActionArray(
            actions=[Action(track_id=f"a1b-{k}", label=each, warm=True) for k, each in enumerate(labels)]
        ),
        emotions=EmotionArray(
            emotions=[
                Emotion(track_id=f"a1b-{k}", label=each, valence=0.7 - 0.5 * k, arousal=0.4 * k - 0.2)
                for k, each in enumerate(moods)
            ]
        ),
        people=PersonArray(people=people),
        statistics=NodeStatistics(node="pose_estimation", dropped=3, latency_mean=0.07),
    )
    browser.open(next(line.split()[1] for line in shown.output.splitlines() if line.startswith("open ")))
    until(lambda: all(_seen(browser.screenshot()[0], poses.poses[:3])), "skeletons in their colours")
    robot.rest()
    until(lambda: _still(browser), "the last image; dots move over it until it is decoded")
    png = browser.screenshot()[1]
    if folder := os.environ.get("VIEW_SCREENSHOTS"):
        (Path(folder) / "view.png").write_bytes(png)
    shown.signal(2)
    assert shown.end() == 0, shown.output
    assert (tmp_path / "a.rrd").stat().st_size > 10_000


def _seen(pixels: np.ndarray, poses: Sequence[BodyPose]) -> Iterator[bool]:
    for pose in poses:
        yield bool((np.abs(pixels.astype(int) - colour_of(pose.track_id)[::-1]).max(axis=2) <= 12).sum() > 30)


def _still(browser: Any) -> bool:
    """True if the camera's place on the page does not change, and is not white."""
    first, second = (browser.screenshot()[0][80:-40, :520] for _ in range(2))
    return bool((first == second).all() and (first.max(axis=2) < 120).mean() > 0.05)
