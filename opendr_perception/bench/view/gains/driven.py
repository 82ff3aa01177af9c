"""Poses of half-hidden people before and after the moves that `view_control` makes for them, by the nodes themselves.

python -P -m opendr_perception.bench.view.gains.driven FILE [SCENES]

`pose_estimation` and `view_control` run as users run them, in processes of their own, and drive a simulated robot that
has a camera and a scanner. The box around the body comes from the simulation with noise, as a tracker would keep it:
the detector finds 4 of 16 people who are hidden like this.
"""

from __future__ import annotations

import math
import sys
import tempfile
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import rclpy
from geometry_msgs.msg import Twist
from rclpy.action import ActionClient
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.task import Future
from rclpy.time import Time
from sensor_msgs.msg import CameraInfo, Image, LaserScan
from std_msgs.msg import Header

from opendr_perception.action import IdentifyPerson
from opendr_perception.active.control import Limits
from opendr_perception.bench.view.explorer import outlines
from opendr_perception.bench.view.gains.looking import figure, write
from opendr_perception.bench.view.poses import BOX_NOISE, CAMERA, HELD_OUT, JOINTS, NEAR, PoseViews
from opendr_perception.msg import BodyPoseArray, Box, Detection, DetectionArray
from opendr_perception.ros.convert import images
from opendr_perception.ros.node import isolate_domain, running, spinning
from opendr_perception.ros.robot.messages import BASE, camera_info
from opendr_perception.sim.model import CAMERA_AHEAD
from opendr_perception.sim.people import load_people
from opendr_perception.sim.robot import Command
from opendr_perception.sim.scene import Pose
from opendr_perception.sim.world import Truth

SCENES, SEED = 30, 12000
BEAMS, RANGE = 180, 12.0
"""Of the scanner, m."""
EVERY = 2
"""Steps of the world, of 0.1 s, to an image."""
SECONDS = 3.0
"""For which poses are heard before the goal and after it."""
LONGEST = 90.0
PARAMETERS = """/**:
  pose_estimation:
    ros__parameters: {people: topic, threads: 1}
  view_control:
    ros__parameters:
      look_for: poses
      threads: 1
      max_moves: 2
      command_timeout: 1.5
      max_age: 2.0
      gallery: GALLERY
      camera_pose: [AHEAD, 0.0, ABOVE, 0.0, 0.0, 0.0]
"""


@dataclass
class Heard:
    """Record of one episode: shares of joints that are right, and all that must not happen."""

    poses: list[float] = field(default_factory=list)
    contacts: set[str] = field(default_factory=set)
    violations: int = 0
    travelled: float = 0.0
    closest: float = math.inf


class Beholder(Node):
    """Drives in the world as `cmd_vel` says, shows what its camera and its scanner see, and judges `poses`.

    The world lives in a thread of its own, because what draws belongs to a thread.
    """

    def __init__(self) -> None:
        super().__init__("beholder")
        self.lock = threading.Lock()
        self.heard = Heard()
        self._name, self._seed = "", -1
        self._wanted = SEED
        self._entered = threading.Event()
        self._command, self._last = Command(), Command()
        self._person = Pose()
        self._places: deque[tuple[int, Pose]] = deque(maxlen=60)
        newest = QoSProfile(depth=1)
        self._images = self.create_publisher(Image, "image_raw", newest)
        self._infos = self.create_publisher(CameraInfo, "camera_info", newest)
        self._scans = self.create_publisher(LaserScan, "scan", newest)
        self._persons = self.create_publisher(DetectionArray, "persons", newest)
        self._random = np.random.default_rng(0)
        self.create_subscription(Twist, "cmd_vel", self._take, 20)
        self.create_subscription(BodyPoseArray, "poses", self._judge, 20)
        self.goals: ActionClient = ActionClient(self, IdentifyPerson, "view_control/identify")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="robot", daemon=True)

    def enter(self, seed: int) -> None:
        """Stand in the scene of a seed, the first one or another."""
        with self.lock:
            self._entered.clear()
            self._seed, self._wanted = -1, seed
        if not self._thread.is_alive():
            self._thread.start()
        if not self._entered.wait(LONGEST):
            raise RuntimeError("the simulated world does not begin")

    def close(self) -> None:
        """Stop."""
        self._stop.set()
        self._thread.join()

    def _take(self, twist: Twist) -> None:
        command, limits, heard = Command(twist.linear.x, twist.linear.y, twist.angular.z), Limits(), self.heard
        heard.violations += math.hypot(command.forward, command.left) > limits.max_linear + 1e-6
        heard.violations += abs(command.turn) > limits.max_angular + 1e-6
        self._command = command

    def _run(self) -> None:
        self._looker = PoseViews(load_people()[-HELD_OUT:])
        world, due, turn = self._looker.world, time.monotonic(), 0
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            due = max(due + world.period, time.monotonic() - world.period)
            with self.lock:
                if self._seed != self._wanted:
                    self._begin()
                turn += 1
                seen = world.step(self._command, render=turn % EVERY == 0)
                truth, heard = world.truth, self.heard
                stamp = self.get_clock().now()
                self._person = truth.people[0].pose
                self._places.append((stamp.nanoseconds, truth.robot))
                heard.contacts |= set(truth.contacts)
                speed = math.hypot(seen.velocity.forward, seen.velocity.left)
                heard.travelled += speed * world.period
                heard.closest = min(heard.closest, truth.nearest) if speed > 0.01 else heard.closest
            if seen.image is not None:
                self._show(stamp, seen.image, truth)

    def _begin(self) -> None:
        self._seed = self._wanted
        scene = self._looker.scene(self._seed)
        self._looker.world.reset(scene, render=False)
        self._name, self.heard = scene.people[0].name, Heard()
        self._places.clear()
        self._entered.set()

    def _show(self, stamp: Time, pixels: np.ndarray, truth: Truth) -> None:
        header = Header(stamp=stamp.to_msg(), frame_id="camera")
        self._infos.publish(camera_info(header, CAMERA.width, CAMERA.height, CAMERA.matrix))
        scan = LaserScan(header=Header(stamp=header.stamp, frame_id=BASE), range_min=0.05, range_max=2 * RANGE)
        scan.angle_min, scan.angle_increment = -math.pi, 2 * math.pi / BEAMS
        scan.ranges = scanned(truth).tolist()
        self._scans.publish(scan)
        _, box = self._looker.expected(self._name, self._person, truth.robot)
        box = box + self._random.normal(0, BOX_NOISE * (box[3] - box[1]), 4)
        x_min, y_min, x_max, y_max = map(float, box)
        seen = Detection(track_id="p-1", label="person", score=0.9)
        seen.box = Box(x_min=x_min, y_min=y_min, x_max=x_max, y_max=y_max)
        size = {"width": CAMERA.width, "height": CAMERA.height}
        self._persons.publish(DetectionArray(header=header, detections=[seen], **size))
        self._images.publish(images.to_message(np.ascontiguousarray(pixels), header, "rgb8"))

    def _judge(self, message: BodyPoseArray) -> None:
        """Share of the joints of whoever is nearest to where the person is that are right; 0 where nobody is found."""
        stamp = Time.from_msg(message.header.stamp).nanoseconds
        with self.lock:
            robot = next((place for taken, place in self._places if taken == stamp), None)
            if robot is None:
                return
            truth, box = self._looker.expected(self._name, self._person, robot)
        best = 0.0
        for pose in message.poses:
            found = np.array([(point.x, point.y) for point in pose.keypoints])[JOINTS]
            best = max(best, float((np.hypot(*(found - truth).T) < NEAR * (box[3] - box[1])).mean()))
        self.heard.poses.append(best)


def scanned(truth: Truth) -> np.ndarray:
    """Ranges (BEAMS,) of a scanner in the robot's middle, m: of what stands in the room."""
    ranges, points = np.full(BEAMS, RANGE), outlines(truth)
    beams = np.round((np.arctan2(points[:, 1], points[:, 0]) + math.pi) / (2 * math.pi) * BEAMS).astype(int) % BEAMS
    np.minimum.at(ranges, beams, np.hypot(*points.T))
    return ranges


def episode(robot: Beholder, seed: int) -> dict[str, float | str]:
    """One person: joints that are right before and after, what it cost, and what is said."""
    robot.enter(seed)
    time.sleep(SECONDS)
    before = float(np.mean(robot.heard.poses[-5:] or [0.0]))
    confidences: list[float] = []
    sent = robot.goals.send_goal_async(IdentifyPerson.Goal(), lambda told: confidences.append(told.feedback.confidence))
    _wait(sent)
    handle = sent.result()
    assert handle is not None
    done = handle.get_result_async()
    _wait(done)
    answer = done.result()
    assert answer is not None
    result = answer.result
    robot.heard.poses.clear()
    time.sleep(SECONDS)
    heard = robot.heard
    told = [confidence for confidence in confidences if math.isfinite(confidence)]
    return {
        "before": before,
        "after": float(np.mean(heard.poses[-5:] or [0.0])),
        "sure before": told[0] if told else 0.0,
        "sure after": result.confidence if told else 0.0,
        "moves": float(result.moves),
        "travelled": heard.travelled,
        "contacts": float(len(heard.contacts)),
        "violations": float(heard.violations),
        "closest": heard.closest,
        "message": result.message,
    }


def _wait(future: Future) -> None:
    """Until the executor's thread completes it."""
    deadline = time.monotonic() + LONGEST
    while not future.done():
        if time.monotonic() > deadline:
            raise RuntimeError("view_control does not answer")
        time.sleep(0.02)


def measure(scenes: int) -> list[dict[str, float | str]]:
    """Run the nodes, and all episodes."""
    isolate_domain()
    rclpy.init()
    robot = Beholder()
    with tempfile.TemporaryDirectory() as folder, spinning([robot]):
        robot.enter(SEED)
        gallery = Path(folder) / "gallery"
        gallery.mkdir()
        file = Path(folder) / "parameters.yaml"
        text = PARAMETERS.replace("GALLERY", str(gallery)).replace("AHEAD", str(CAMERA_AHEAD))
        file.write_text(text.replace("ABOVE", str(CAMERA.above)))
        nodes = ("pose_estimation", "view_control")
        commands = [[f"opendr_perception.nodes.{node}", "--ros-args", "--params-file", str(file)] for node in nodes]
        with open(Path(folder) / "log", "wb") as log, running(commands, log.fileno()):
            if not robot.goals.wait_for_server(LONGEST):
                raise RuntimeError(f"view_control does not start: {(Path(folder) / 'log').read_text()}")
            time.sleep(4 * SECONDS)
            rows = []
            for seed in range(SEED, SEED + scenes):
                rows.append(episode(robot, seed))
                print(seed, rows[-1], file=sys.stderr, flush=True)
    robot.close()
    rclpy.try_shutdown()
    return rows


def main(path: Path, scenes: int) -> None:
    """Measure, and write."""
    rows = measure(scenes)

    def column(name: str) -> np.ndarray:
        return np.array([float(row[name]) for row in rows])

    shares = {
        "joints right before, by the node": column("before"),
        "joints right after its moves": column("after"),
        "joints gained by its moves": column("after") - column("before"),
        "confidence before, by the node": column("sure before"),
        "confidence after its moves": column("sure after"),
    }
    numbers = {
        "moves of the node": (column("moves").mean(), ""),
        "way of the node, m": (column("travelled").mean(), ""),
        "contacts of the node": (column("contacts").sum(), "things"),
        "commands beyond the limits of the node": (column("violations").sum(), "things"),
    }
    figures = [figure(name, values) for name, values in shares.items()]
    for name, (value, unit) in numbers.items():
        figures.append({"name": name, "value": round(float(value), 2), "interval": None, "unit": unit})
    write(path, {"scenes": len(rows), "figures": figures})
    print(figures)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else SCENES)
