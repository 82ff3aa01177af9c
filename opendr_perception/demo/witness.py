"""Watches a robot that looks at people, and writes down what it sees, says, and finds."""

from __future__ import annotations

import json
import math
import threading
from pathlib import Path

import cv2
import numpy as np
from nav_msgs.msg import Odometry
from rclpy.action import ActionClient
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.time import Time
from sensor_msgs.msg import Image as ImageMessage
from std_msgs.msg import String

from opendr_perception.action import IdentifyPerson
from opendr_perception.demo.above import TopView
from opendr_perception.demo.film import FilmWriter
from opendr_perception.demo.recorder import to_dict
from opendr_perception.demo.tour import clearance
from opendr_perception.demo.visit import Answer, Visit
from opendr_perception.msg import FaceArray
from opendr_perception.ros.convert import images
from opendr_perception.ros.convert.readers import read_faces
from opendr_perception.ros.node import qos
from opendr_perception.ros.topics import Pairing
from opendr_perception.sim.scene import Pose, Scene, distance
from opendr_perception.tasks.drawing import draw_faces


class EpisodeRecorder(Node):
    """Writes `results.jsonl` and `annotated.mp4`, and knows where the robot is. Others wait for `changed`.

    Args:
        folder: where to write.
        scene: where people and things are.
        above: draws the view from above.
    """

    def __init__(self, folder: Path, scene: Scene, above: TopView) -> None:
        super().__init__("demo_active")
        self.failure = ""
        self.changed = threading.Condition()
        self.pose: Pose | None = None
        self.seconds, self.travelled, self.clearance = 0.0, 0.0, math.inf
        self.looked_at, self.seen = "", Answer()
        self.visits: dict[str, Visit] = {}
        self.faces = 0
        self._scene, self._above, self._state = scene, above, ""
        self._lines = open(folder / "results.jsonl", "w", encoding="utf-8")  # noqa: SIM115 - open as long as the node
        self._film = FilmWriter(folder / "annotated.mp4", ["camera", "from above"])
        self._pairing = Pairing(self._show, lambda miss: None)
        # now: an executor that spins already may ask for a client that is not complete
        self.goals: ActionClient = ActionClient(self, IdentifyPerson, "view_control/identify")
        self.create_subscription(Odometry, "odom", self._take_odometry, 10)
        self.create_subscription(ImageMessage, "image_raw", self._take_image, QoSProfile(depth=5), raw=True)
        self.create_subscription(FaceArray, "faces", self._take_faces, 10)
        self.create_subscription(String, "view_control/state", self._take_state, qos.latest())

    def close(self) -> None:
        """Finish the files and destroy the node."""
        self.destroy_node()
        self._lines.close()
        self._film.close()

    def write(self, topic: str, fields: dict[str, object], stamp: float | None = None) -> None:
        """Write one line; the stamp, s, is by default the newest that is known."""
        line = {"topic": topic, "stamp": self.seconds if stamp is None else stamp, **fields}
        with self.changed:
            self._lines.write(json.dumps(line, allow_nan=False) + "\n")
            self._lines.flush()  # what is written survives a crash

    def _take_odometry(self, message: Odometry) -> None:
        place, turned = message.pose.pose.position, message.pose.pose.orientation
        pose = Pose(place.x, place.y, 2 * math.atan2(turned.z, turned.w))
        with self.changed:
            self.travelled += 0.0 if self.pose is None else distance(pose, self.pose)
            self.clearance = min(self.clearance, clearance(self._scene, pose))
            self.pose, self.seconds = pose, Time.from_msg(message.header.stamp).nanoseconds * 1e-9
            self.changed.notify_all()

    def _take_image(self, data: bytes) -> None:
        header, image = images.decode(data, "raw")
        canvas = cv2.cvtColor(image.pixels, cv2.COLOR_RGB2BGR)
        self._pairing.add_image(Time.from_msg(header.stamp).nanoseconds, canvas)

    def _take_faces(self, message: FaceArray) -> None:
        stamp = Time.from_msg(message.header.stamp).nanoseconds
        fields = to_dict(message)
        header = fields.pop("header")
        self.write("/faces", {"frame_id": header["frame_id"], **fields}, stamp * 1e-9)
        self._pairing.add_result(stamp, message)

    def _take_state(self, message: String) -> None:
        self._state = message.data
        self.write("/view_control/state", {"data": message.data})

    def _show(self, canvas: np.ndarray, faces: FaceArray) -> None:
        draw_faces(canvas, read_faces(faces))
        with self.changed:
            robot, looked_at, seen, visits = self.pose, self.looked_at, self.seen, dict(self.visits)
            self.faces += 1
            self.changed.notify_all()
        if robot is None:
            return
        state = "answer" if looked_at in visits else self._state
        text = f"{state}: {seen}" if looked_at else "going to the next person"
        canvas[:28] //= 3
        cv2.putText(canvas, text, (10, 19), cv2.FONT_HERSHEY_SIMPLEX, 0.55, (255, 255, 255), 1, cv2.LINE_AA)
        self._film.show("from above", self._above.draw(robot, looked_at, visits))
        self._film.show("camera", canvas, Time.from_msg(faces.header.stamp).nanoseconds * 1e-9)
