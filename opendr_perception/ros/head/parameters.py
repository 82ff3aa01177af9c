"""The parameters of a node that turns a head."""

from __future__ import annotations

from dataclasses import dataclass

from opendr_perception.active.control import PAN_TILT, HeadRange
from opendr_perception.ros.control import ExplorerParameters
from opendr_perception.ros.node import parameter

COMMANDS = ("trajectory", "float64")


@dataclass(frozen=True)
class HeadParameters(ExplorerParameters):
    """Parameters of a head, with `motion:=pan_tilt`; `max_angular` and `max_angular_acceleration` hold for it too."""

    head_command: str = parameter(
        "trajectory",
        "With motion pan_tilt: trajectory publishes trajectory_msgs/JointTrajectory on head/joint_trajectory, float64 "
        "std_msgs/Float64 on head/pan and head/tilt.",
        choices=COMMANDS,
        read_only=True,
    )
    head_joints: tuple[str, ...] = parameter(
        ("head_pan_joint", "head_tilt_joint"),
        "Names in `joint_states` of the head's joints: pan, then tilt. frame_id must then be the link that pans.",
        read_only=True,
    )
    head_pan_range: tuple[float, ...] = parameter(
        (-1.3, 1.3), "Least and largest position of the pan joint, rad, positive to the left.", read_only=True
    )
    head_tilt_range: tuple[float, ...] = parameter(
        (-0.6, 0.6), "Least and largest position of the tilt joint, rad, as that joint counts.", read_only=True
    )
    head_tilt_up: bool = parameter(
        False, "The tilt joint counts upwards; by default downwards, as REP 103 has it.", read_only=True
    )

    @property
    def turns_head(self) -> bool:
        """True if the robot looks by its head, and never drives."""
        return self.motion == PAN_TILT

    @property
    def head_range(self) -> HeadRange:
        """Ranges of the joints, tilt downwards.

        Raises:
            ValueError: they are none.
        """
        pan, tilt = (tuple(map(float, ends)) for ends in (self.head_pan_range, self.head_tilt_range))
        if len(pan) != 2 or len(tilt) != 2:
            raise ValueError("head_pan_range and head_tilt_range must be [least, largest], rad")
        return HeadRange((pan[0], pan[1]), (-tilt[1], -tilt[0]) if self.head_tilt_up else (tilt[0], tilt[1]))

    def check_motion(self, simulated: bool = False) -> None:
        super().check_motion(simulated)
        if self.turns_head:
            _ = self.head_range
            if len(set(self.head_joints)) != 2 or not all(self.head_joints):
                raise ValueError(f"head_joints must be two names, pan and tilt, got {list(self.head_joints)}")
