"""The topic `camera_info` beside an image topic: where it is, who publishes it how, and what it says of the images."""

from __future__ import annotations

import time
from collections.abc import Callable

from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy
from sensor_msgs.msg import CameraInfo

from opendr_perception.ros.convert import images
from opendr_perception.ros.node import parameter, qos
from opendr_perception.ros.topics import names

MISSING_AFTER = 5.0
"""Seconds without a calibration after which that is said."""

LOOK_EVERY = 0.5
"""Seconds after which one looks again for a publisher that keeps what it has published."""


def rectified_parameter() -> bool:
    """The parameter `rectified` of every node that takes images and their calibration."""
    return parameter(
        False,
        "Images are rectified: P of camera_info holds then, without distortion. Topics whose name begins with "
        "image_rect are taken to be so anyway.",
        read_only=True,
    )


class Calibration:
    """Subscribes the calibration of one camera until `close`, also where it was published once and latched.

    Args:
        node: that subscribes.
        take: takes each calibration; that of rectified images has P as its K, and no distortion.
        stream: the prefix of the camera's topics; '' for none.
        transport: of the images.
        rectified: whether the images are rectified, although the topic does not say so.
    """

    def __init__(
        self,
        node: Node,
        take: Callable[[CameraInfo], None],
        stream: str = "",
        transport: str = "raw",
        rectified: bool = False,
    ) -> None:
        image_topic = "/".join(filter(None, (stream, images.TRANSPORTS[transport][2])))
        self.topic = names.camera_info(node, image_topic)
        self._rectified = rectified or names.is_rectified(names.resolve(node, image_topic))
        self._node, self._hand_on = node, take
        self._since = time.monotonic()
        self._heard = self._known = False
        self._subscriptions = [node.create_subscription(CameraInfo, self.topic, self._take, qos.newest("best_effort"))]
        self._timer = node.create_timer(
            LOOK_EVERY, self._look_for_latched, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )

    @property
    def problem(self) -> str:
        """That the camera is not calibrated, or that nothing has come for a while; '' if all is well."""
        if self._known or time.monotonic() - self._since < (0.0 if self._heard else MISSING_AFTER):
            return ""
        if self._heard:
            return f"{self.topic} comes without a focal length: the camera is not calibrated"
        return f"no camera_info has come on {self.topic}"

    def close(self) -> None:
        """Listen no more."""
        self._node.destroy_timer(self._timer)
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)

    def _look_for_latched(self) -> None:
        """Ask for what was published before, if somebody keeps it; others would warn of a request that they refuse."""
        publishers = [] if self._heard else self._node.get_publishers_info_by_topic(self.topic)
        if any(publisher.qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL for publisher in publishers):
            latched = self._node.create_subscription(CameraInfo, self.topic, self._take, qos.latched())
            self._subscriptions.append(latched)
        if self._heard or len(self._subscriptions) > 1:
            self._timer.cancel()

    def _take(self, info: CameraInfo) -> None:
        info = of_rectified_images(info) if self._rectified else info
        self._heard, self._known = True, bool(info.k[0] > 0 and info.k[4] > 0)
        self._hand_on(info)


def of_rectified_images(info: CameraInfo) -> CameraInfo:
    """The calibration of a camera's rectified images: K is that of P, and there is no distortion and no rotation.

    A P of zeros, which says that nothing is known, leaves K as it is.
    """
    projection = info.p.reshape(3, 4)[:, :3].ravel()
    return CameraInfo(
        header=info.header,
        width=info.width,
        height=info.height,
        distortion_model=info.distortion_model,
        d=[],
        k=projection if projection[0] > 0 else info.k,
        r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p=info.p,
        binning_x=info.binning_x,
        binning_y=info.binning_y,
        roi=info.roi,
    )
