"""Share of walking pedestrians labelled `walk` by the nodes that a robot runs: video, poses, actions.

There are no labels of what people do in the video, but walking is plain from how their boxes move.
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import rclpy
from rclpy.node import Node
from rclpy.time import Time
from std_msgs.msg import Header

from opendr_perception import zoo
from opendr_perception.bench.harness.extent import Extent
from opendr_perception.bench.harness.figure import Figure, larger_is_better
from opendr_perception.msg import ActionArray, BodyPoseArray
from opendr_perception.ros.node import running, spinning

LASTS = 3.0
"""Seconds from which on a track counts."""
AROUND = 1.0
"""Seconds before and after an answer in which the movement is looked at."""
MOVES = 0.35
"""Heights of the person's box by which somebody who walks moves in that time."""
PATIENCE = 60.0
"""Seconds in which the nodes must give their first result."""


@dataclass
class WalkTrack:
    """Boxes and answers of one person.

    Args:
        boxes: (stamp in seconds, centre x, centre y, height in pixels) of each box.
        answers: (stamp in seconds, label) of each warm answer.
    """

    boxes: list[tuple[float, float, float, float]] = field(default_factory=list)
    answers: list[tuple[float, str]] = field(default_factory=list)

    def answers_while_walking(self) -> list[str]:
        """The warm answers about a person who moves; none if the track is short."""
        if not self.boxes or self.boxes[-1][0] - self.boxes[0][0] < LASTS:
            return []
        stamps, *centre, heights = np.array(self.boxes).T
        height = np.median(heights)
        return [
            label
            for stamp, label in self.answers
            if np.hypot(*(np.ptp(np.interp([stamp - AROUND, stamp + AROUND], stamps, axis)) for axis in centre))
            > MOVES * height
        ]


class WalkRecorder(Node):
    """Takes poses and actions."""

    def __init__(self) -> None:
        super().__init__("witness")
        self.tracks: defaultdict[str, WalkTrack] = defaultdict(WalkTrack)
        self.answered = threading.Event()
        self.create_subscription(BodyPoseArray, "/walk/poses", self._on_poses, 10)
        self.create_subscription(ActionArray, "/walk/actions", self._on_actions, 10)

    def _on_poses(self, result: BodyPoseArray) -> None:
        for pose in result.poses:
            box = pose.box
            centre = (box.x_min + box.x_max) / 2, (box.y_min + box.y_max) / 2
            self.tracks[pose.track_id].boxes.append((_seconds(result.header), *centre, box.y_max - box.y_min))

    def _on_actions(self, result: ActionArray) -> None:
        for action in result.actions:
            if action.warm:
                self.tracks[action.track_id].answers.append((_seconds(result.header), action.label))
        self.answered.set()


def walk(extent: Extent) -> list[Figure]:
    """Share of pedestrians that walk and are labelled `walk`."""
    video = zoo.fetch(["vtest.avi"])[0]
    programs = [
        ["opendr_perception.nodes.action_recognition", "--ros-args", "-r", "__ns:=/walk"],
        ["opendr_perception.nodes.pose_estimation", "--ros-args", "-r", "__ns:=/walk"],
        ["opendr_perception.nodes.video_source", "--ros-args", "-r", "__ns:=/walk", "-p", f"path:={video}"],
    ]
    rclpy.init()
    witness = WalkRecorder()
    with running(programs, subprocess.DEVNULL), spinning([witness]):
        if not witness.answered.wait(PATIENCE):
            raise TimeoutError("the nodes do not answer")
        time.sleep(extent.pick(80.0, 25.0, 0.5))
        tracks = list(witness.tracks.values())
    witness.destroy_node()
    rclpy.shutdown()
    labels = [label for track in tracks for label in track.answers_while_walking()]
    share = 100 * labels.count("walk") / len(labels) if labels else float("nan")
    return [
        larger_is_better("continual", f"walking people in a video, {len(labels)} answers: 'walk'", "%", share, 90.0)
    ]


def _seconds(header: Header) -> float:
    return float(Time.from_msg(header.stamp).nanoseconds * 1e-9)
