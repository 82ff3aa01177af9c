"""Cut-outs of a camera's images, made only while somebody wants some: else not even the images are subscribed."""

from __future__ import annotations

from collections import deque

from rclpy.subscription import Subscription
from sensor_msgs.msg import Image as ImageMessage
from std_msgs.msg import Header

from opendr_perception.msg import Box
from opendr_perception.ros.convert import images, stamps
from opendr_perception.ros.node import ManagedNode, qos
from opendr_perception.ros.topics import names
from opendr_perception.tasks.imaging import Image, PixelRanges, Pixels, letterbox, to_bgr

IMAGES = 12
"""That are kept until the results come that were found in them."""


class CutOuts:
    """Cuts parts out of the images of one stream, until `close`.

    Args:
        node: that subscribes.
        stream: the prefix of the topics; '' for none.
    """

    def __init__(self, node: ManagedNode, stream: str) -> None:
        self._node, self._stream = node, stream
        self._transport = node.params.image_transport
        self._images: deque[tuple[int, bytes]] = deque(maxlen=IMAGES)
        self._decoded: tuple[int, Pixels | None] = (-1, None)
        self._ranges = PixelRanges()
        self._subscription: Subscription | None = None

    def close(self) -> None:
        """Subscribe nothing any more."""
        self.want(False)

    def want(self, wanted: bool) -> None:
        """Begin or end to subscribe the images."""
        if wanted and self._subscription is None:
            kind, _, topic = images.TRANSPORTS[self._transport]
            name = names.resolve(self._node, f"{self._stream}/{topic}" if self._stream else topic)
            profile = qos.newest(self._node.params.qos_reliability, depth=2)
            self._subscription = self._node.create_subscription(kind, name, self._take, profile, raw=True)
        elif not wanted and self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
            self._subscription = None
            self._images.clear()
            self._decoded = (-1, None)

    def cut(self, header: Header, box: Box, side: int = 0) -> ImageMessage | None:
        """The part of the image with this stamp that is in a box, bgr8; None where that image did not come.

        Args:
            header: of the image.
            box: in it.
            side: of a black square, pixels, into which it is fitted; 0 leaves it as large as it is.
        """
        pixels = self._pixels(stamps.nanoseconds(header.stamp))
        if pixels is None:
            return None
        height, width = pixels.shape[:2]
        left, top = max(int(box.x_min), 0), max(int(box.y_min), 0)
        right, bottom = min(int(box.x_max) + 1, width), min(int(box.y_max) + 1, height)
        if right <= left or bottom <= top:
            return None
        part = pixels[top:bottom, left:right].copy()
        return images.to_message(letterbox(Image(part, "bgr8"), (side, side))[0] if side else part, header)

    def _pixels(self, stamp: int) -> Pixels | None:
        if self._decoded[0] != stamp:
            data = next((data for known, data in self._images if known == stamp), None)
            if data is None:
                return None
            image: Image = images.decode(data, self._transport, self._ranges)[1]
            self._decoded = stamp, to_bgr(image)
        return self._decoded[1]

    def _take(self, data: bytes) -> None:
        try:
            self._images.append((images.read_stamp(data), data))
        except ValueError as error:
            self._node.warn(f"images for cut-outs: {error}", "images")
