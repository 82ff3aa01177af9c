"""The parameters of a node that moves a robot to see better."""

from __future__ import annotations

from dataclasses import dataclass

from opendr_perception.active.control import (
    FREE,
    PAN_TILT,
    REDUCED_SPEED,
    ROBOTS,
    FlightController,
    HeightRange,
    Interlocks,
    Limits,
    MotionController,
    Timeouts,
)
from opendr_perception.active.surroundings import MAX_INVALID, Pose3, check_mount, mounted
from opendr_perception.ros.node import NodeParameters, parameter
from opendr_perception.ros.topics import rectified_parameter, reliability_parameter, transport_parameter


@dataclass(frozen=True)
class MotionParameters(NodeParameters):
    """Parameters of motion."""

    motion: str = parameter(
        "holonomic",
        "Drive of the robot: holonomic goes sideways; differential swings forwards and backwards; both always face "
        "the person. pan_tilt never drives, and looks with its head. free goes up and down too, like a drone, in "
        "simulation only: needs use_sim_time, and stands unless all that hear cmd_vel make /clock themselves.",
        choices=(*ROBOTS, PAN_TILT, FREE),
        read_only=True,
    )
    stamped: bool = parameter(
        False, "Publish geometry_msgs/TwistStamped instead of geometry_msgs/Twist.", read_only=True
    )
    frame_id: str = parameter(
        "base_link", "Coordinate frame of the robot, in which commands are and sensors are mounted.", read_only=True
    )
    max_linear: float = parameter(
        0.25,
        "Largest speed over ground, m/s; above 0.25 with allow_fast only.",
        minimum=0.01,
        maximum=2.0,
        read_only=True,
    )
    allow_fast: bool = parameter(
        False,
        "Allow a max_linear above 0.25 m/s, the reduced speed near people of ISO 10218-1. Assess the risk before.",
        read_only=True,
    )
    creep_speed: float = parameter(
        0.1,
        "Speed that stays allowed when a person is too near for more, m/s. Lower it for robots above 40 kg.",
        minimum=0.01,
        maximum=0.25,
        read_only=True,
    )
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
        "Seconds without seeing the person after which the robot stands still. Raise it where faces come slower "
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

    height_range: tuple[float, ...] = parameter(
        (-0.5, 0.8), "With motion free: least and largest height by odom's pose, m.", read_only=True
    )

    require_scan: bool = parameter(
        False,
        "Never move without fresh scans. When false, scans must stay fresh only after the first one has come.",
        read_only=True,
    )
    max_invalid_beams: float = parameter(
        MAX_INVALID,
        "Share of a scan's beams that may be invalid (NaN, or beyond range_max) before it counts as blind.",
        minimum=0.0,
        maximum=1.0,
        read_only=True,
    )
    scan_pose: tuple[float, ...] = parameter(
        (),
        "Where the scanner is on the robot: x, y (m) and yaw (rad) in frame_id. When empty, tf is asked; a scanner "
        "whose frame nobody knows keeps the robot from moving.",
        read_only=True,
    )

    camera_pose: tuple[float, ...] = parameter(
        (),
        "Where the camera is on the robot and how it is turned: x, y, z (m), roll, pitch, yaw (rad) in frame_id, all 0 "
        "for one in the robot's centre that looks ahead. When empty, tf is asked for the frame of the images; a camera "
        "whose frame nobody knows keeps the robot from moving.",
        read_only=True,
    )

    def check_motion(self, simulated: bool = False) -> None:
        """Raise ValueError, with one clear line, where parameters do not go together.

        Args:
            simulated: time is that of a simulation.
        """
        if self.flies and not simulated:
            raise ValueError("motion free is for a simulation only: use_sim_time is false, so this may be a robot")
        if self.max_linear > REDUCED_SPEED and not self.allow_fast:
            raise ValueError(
                f"max_linear {self.max_linear:g} m/s is above {REDUCED_SPEED:g} m/s, the reduced speed near people "
                "(ISO 10218-1); set allow_fast to true if that is meant"
            )
        _ = self.scan_mount, self.heights
        if (mount := self.camera_mount) is not None:
            check_mount(mount, self.robot_radius)

    @property
    def flies(self) -> bool:
        """True if the robot goes up and down too."""
        return self.motion == FREE

    @property
    def heights(self) -> HeightRange:
        """Range in which a robot that flies stays.

        Raises:
            ValueError: it is none.
        """
        if len(self.height_range) != 2:
            raise ValueError(f"height_range must be [least, largest], m, got {list(self.height_range)}")
        return HeightRange(*map(float, self.height_range))

    @property
    def scan_mount(self) -> Pose3 | None:
        """Mount of the scanner by the parameter; None when it does not.

        Raises:
            ValueError: it says no x, y, yaw.
        """
        if not self.scan_pose:
            return None
        try:
            x, y, yaw = map(float, self.scan_pose)
            return Pose3.planar(x, y, yaw)
        except (ValueError, TypeError) as error:
            raise ValueError(f"scan_pose must be [x, y, yaw], got {list(self.scan_pose)}") from error

    @property
    def camera_mount(self) -> Pose3 | None:
        """Mount of the camera by the parameter; None when it does not.

        Raises:
            ValueError: it says no x, y, z, roll, pitch, yaw.
        """
        if not self.camera_pose:
            return None
        try:
            x, y, z, roll, pitch, yaw = map(float, self.camera_pose)
            return mounted(x, y, z, roll, pitch, yaw)
        except (ValueError, TypeError) as error:
            wrong = list(self.camera_pose)
            raise ValueError(f"camera_pose must be [x, y, z, roll, pitch, yaw], got {wrong}") from error

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
            self.creep_speed,
        )

    def controller(self, timeouts: Timeouts, interlocks: Interlocks) -> MotionController:
        """Return what decides about the velocities of a robot of this kind."""
        limits, scan = self.limits, self.require_scan
        if self.flies:
            return FlightController(limits, timeouts, interlocks=interlocks, require_scan=scan, heights=self.heights)
        return MotionController(self.motion, limits, timeouts, interlocks=interlocks, require_scan=scan)


@dataclass(frozen=True)
class ExplorerParameters(MotionParameters):
    """Parameters of looking."""

    gallery: str = parameter(
        "", "Directory of the enrolled people, as in face_recognition; empty is its default.", read_only=True
    )
    embedder: str = parameter("face-embedding", "Embedding network, as in face_recognition.", read_only=True)
    rectified: bool = rectified_parameter()
    reinforcement_model: str = parameter(
        "",
        "The ONNX file of the network for policy:=reinforcement; '' takes the one that comes with this package. With "
        "paper_constants, a network that sees the camera's image, which is not included.",
        read_only=True,
    )
    face_size: float = parameter(
        0.15,
        "Side of the detector's box around a face, m: distances are measured by it.",
        minimum=0.05,
        maximum=0.5,
        read_only=True,
    )
    image_transport: str = transport_parameter()
    qos_reliability: str = reliability_parameter()
    device: str = parameter("cpu", "Device of the models.", choices=("cpu", "cuda", "tensorrt"), read_only=True)
    threads: int = parameter(
        0, "Threads of the models on the CPU; 0 takes one for each core.", minimum=0, maximum=256, read_only=True
    )
