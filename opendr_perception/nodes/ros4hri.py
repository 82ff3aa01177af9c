"""Node `ros4hri`: faces, bodies, voices and persons as ROS4HRI names them (REP 155), for stacks that speak it."""

from __future__ import annotations

import os
from dataclasses import dataclass

from opendr_perception.ros.hri import HumansBridge
from opendr_perception.ros.node import ManagedNode, NodeParameters, main, parameter
from opendr_perception.ros.outputs import messages
from opendr_perception.ros.topics import rectified_parameter, reliability_parameter, transport_parameter

PACKAGE = "hri_msgs"


@dataclass(frozen=True)
class Parameters(NodeParameters):
    """Parameters of `ros4hri`."""

    root: str = parameter(
        "/humans",
        "Name below which all topics are; REP 155 wants it absolute. A relative one is for several robots.",
        read_only=True,
    )
    streams: tuple[str, ...] = parameter(
        ("",),
        "Names of the cameras whose results are published, as those of the other nodes. Ids of faces and bodies have "
        "them in front.",
        read_only=True,
    )
    face_size: int = parameter(
        128,
        "Side of the cut-outs of faces, pixels: they are fitted into a black square, as REP 155 has it. 0 leaves them "
        "as large as they are.",
        minimum=0,
        maximum=1024,
        read_only=True,
    )
    publish_tf: bool = parameter(
        True,
        "Publish the frames face_<id>, gaze_<id> and body_<id>, where camera_info is known and tf2_msgs is installed.",
        read_only=True,
    )
    rectified: bool = rectified_parameter()
    image_transport: str = transport_parameter()
    qos_reliability: str = reliability_parameter()


class Ros4hri(ManagedNode):
    """people, faces, persons, poses, emotions, voices, audio, image_raw, camera_info -> /humans/..., tf"""

    NAME = "ros4hri"
    Parameters = Parameters
    PUBLISHES_BELOW = ("/humans/*",)
    """Names of topics that come and go with people, for the security policy."""
    SUBSCRIBES_LATER = ("image_raw", "image_raw/compressed", "audio")
    """Those that are subscribed only while somebody wants what is made of them."""

    def __init__(self, **options: object) -> None:
        self._bridge: HumansBridge | None = None
        super().__init__(**options)

    def configure(self) -> None:
        if messages(PACKAGE) is None:
            distribution = os.environ.get("ROS_DISTRO", "<distribution>")
            raise ValueError(f"{PACKAGE} is not installed: apt install ros-{distribution}-hri-msgs")

    def activate(self) -> None:
        types = messages(PACKAGE)
        assert types is not None  # `configure` has made sure of that
        self._bridge = HumansBridge(self, types)
        self.until_deactivate.callback(self._bridge.close)

    def deactivate(self) -> None:
        self._bridge = None

    def tick(self) -> None:
        if self._bridge is not None:
            self._bridge.look()
        super().tick()


if __name__ == "__main__":
    main(Ros4hri)
