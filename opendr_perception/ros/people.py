"""What the nodes that look for people share: the detector's parameters, and tracks in a stream's memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rclpy.time import Time

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.ros.node import Frame, PerceptionParameters
from opendr_perception.ros.parameters import parameter
from opendr_perception.tasks.detection import Detections, PersonDetector


@dataclass(frozen=True)
class PeopleParameters(PerceptionParameters):
    """What nodes take that detect and track people."""

    score_threshold: float = parameter(
        0.4,
        "Detections below this score are left out. Lower finds more people, and more that are none. A track only "
        "begins with a score of 0.5, whatever this is; weaker detections prolong it.",
        minimum=0.0,
        maximum=1.0,
    )
    nms: str = parameter("greedy", "How several boxes around one person become one.", choices=("greedy",))
    iou_threshold: float = parameter(
        0.5,
        "Of two boxes whose intersection over union is above this, only the better one stays. Raise it where people "
        "stand close together, lower it where one person gets two boxes.",
        minimum=0.0,
        maximum=1.0,
    )
    input_size: int = parameter(
        416,
        "Longest side in pixels, a multiple of 32, to which images are resized to detect people. Larger finds people "
        "who are farther away; the time grows with its square.",
        minimum=32,
        maximum=2048,
        read_only=True,
    )
    tracking: bool = parameter(
        True, "Give each person an id that stays from image to image; false leaves track_id empty."
    )


def load_session(model: str, params: PerceptionParameters) -> Session:
    """A model of the zoo, or an ONNX file, on the device that the node is told to use."""
    return Session(zoo.require(model).path, device=params.device, threads=params.threads)


def load_detector(model: str, params: PeopleParameters) -> PersonDetector:
    """The person detector, warmed up."""
    session = load_session(model, params)
    detector = PersonDetector(session, params.score_threshold, params.iou_threshold, params.input_size)
    session.warm_up(image=(1, params.input_size, params.input_size, 3))
    return detector


def track_ids(frame: Frame, people: Detections, params: PeopleParameters) -> Sequence[str]:
    """The track of each person, from the tracker in the memory of the frame's stream; '' without tracking."""
    if not params.tracking:
        return [""] * len(people)
    tracks: Sequence[str] = frame.memory.update(people, Time.from_msg(frame.header.stamp).nanoseconds * 1e-9)
    return tracks
