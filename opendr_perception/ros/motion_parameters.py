"""The parameters of a node that moves a robot to see better."""

from __future__ import annotations

from dataclasses import dataclass

from opendr_perception.active.motion import ROBOTS
from opendr_perception.active.safety import Limits
from opendr_perception.ros.inputs import reliability_parameter, transport_parameter
from opendr_perception.ros.managed import NodeParameters
from opendr_perception.ros.parameters import parameter


@dataclass(frozen=True)
class MotionParameters(NodeParameters):
    """What moving takes."""

    motion: str = parameter(
        "holonomic",
        "How the robot drives: holonomic goes sideways; differential swings forwards and backwards. Both always face "
        "the person.",
        choices=ROBOTS,
        read_only=True,
    )
    stamped: bool = parameter(
        False, "Publish geometry_msgs/TwistStamped instead of geometry_msgs/Twist.", read_only=True
    )
    frame_id: str = parameter("base_link", "Coordinate frame of stamped commands.", read_only=True)
    max_linear: float = parameter(0.25, "Largest speed over ground, m/s.", minimum=0.01, maximum=2.0, read_only=True)
    max_angular: float = parameter(0.6, "Largest speed of turning, rad/s.", minimum=0.01, maximum=4.0, read_only=True)
    max_acceleration: float = parameter(
        0.3,
        "Largest acceleration, m/s². A stop for safety is immediate: the base brakes as hard as it can.",
        minimum=0.01,
        maximum=5.0,
        read_only=True,
    )
    max_angular_acceleration: float = parameter(
        1.5, "Largest acceleration of turning, rad/s².", minimum=0.01, maximum=20.0, read_only=True
    )
    min_distance: float = parameter(
        0.9,
        "No person is approached nearer than this, m: from the robot's edge, which is robot_radius from its centre, to "
        "the vertical line through their face, or to the front of their body.",
        minimum=0.3,
        maximum=10.0,
        read_only=True,
    )
    clearance: float = parameter(
        0.3,
        "Distance that is kept from the obstacles of `scan`, from the robot's edge, m.",
        minimum=0.0,
        read_only=True,
    )
    robot_radius: float = parameter(
        0.25,
        "Of a circle around the robot's centre that contains it and its camera, m.",
        minimum=0.01,
        maximum=3.0,
        read_only=True,
    )
    command_timeout: float = parameter(
        0.25,
        "The robot stands still when the person was not seen for so many seconds. Raise it where faces come slower "
        "than 5 times a second.",
        minimum=0.05,
        maximum=2.0,
        read_only=True,
    )

    max_age: float = parameter(
        1.0,
        "Images that are older when their faces come do not count, s; up to that, the way that the robot has driven "
        "meanwhile is taken into account. Clocks that differ by more than an hour tell no age.",
        minimum=0.05,
        maximum=3.0,
        read_only=True,
    )

    @property
    def limits(self) -> Limits:
        """The limits of the robot."""
        return Limits(
            self.max_linear,
            self.max_angular,
            self.max_acceleration,
            self.max_angular_acceleration,
            self.min_distance,
            self.clearance,
            self.robot_radius,
        )


@dataclass(frozen=True)
class ExplorerParameters(MotionParameters):
    """What looking takes."""

    gallery: str = parameter(
        "", "Directory of the enrolled people, as in face_recognition; empty is its default.", read_only=True
    )
    embedder: str = parameter("face-embedding", "What tells people apart, as in face_recognition.", read_only=True)
    reinforcement_model: str = parameter(
        "",
        "The ONNX file of the network for policy:=reinforcement; '' takes the one that comes with this package. With "
        "published, a network that sees the camera's picture, which does not come with it.",
        read_only=True,
    )
    face_size: float = parameter(
        0.15,
        "Side of the detector's box around a face, m: distances are measured by it.",
        minimum=0.05,
        maximum=0.5,
        read_only=True,
    )
    camera_pose: str = parameter(
        "",
        "Where the camera is on the robot and how it is turned: 'x y z roll pitch yaw', m and rad, all 0 for one in "
        "the robot's centre that looks ahead. '' asks tf for the frame of the images.",
        read_only=True,
    )
    image_transport: str = transport_parameter()
    qos_reliability: str = reliability_parameter()
    device: str = parameter("cpu", "Where the models run.", choices=("cpu", "cuda", "tensorrt"), read_only=True)
    threads: int = parameter(
        0, "Threads of the models on the CPU; 0 takes one for each core.", minimum=0, maximum=256, read_only=True
    )
