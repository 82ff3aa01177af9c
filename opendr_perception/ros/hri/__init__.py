"""People as ROS4HRI names them [REP 155]: faces, bodies, voices and persons below `/humans`."""

from opendr_perception.ros.hri.bridge import HumansBridge

__all__ = ["HumansBridge"]
