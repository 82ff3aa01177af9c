"""Node `video_source`: plays a film, images, a camera, a network stream or a recorded bag as a camera would."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.serialization import deserialize_message
from rclpy.time import Time
from sensor_msgs.msg import CameraInfo
from sensor_msgs.msg import Image as ImageMessage
from std_msgs.msg import Header

from opendr_perception.ros.convert import images
from opendr_perception.ros.node import ManagedNode, NodeParameters, main, parameter, qos
from opendr_perception.tasks.recordings import Pacer, video


@dataclass(frozen=True)
class Parameters(NodeParameters):
    """Parameters of `video_source`."""

    path: str = parameter(
        "",
        "A film, a directory of images, a camera ('/dev/video0'), a URL (rtsp, http, https, file) or a rosbag2 "
        "recording. Must be given.",
        read_only=True,
    )
    rate: float = parameter(
        0.0,
        "Images per second; 0 plays as recorded, and image files, which have no rate, at 10. No image is left out: a "
        "high rate plays faster.",
        minimum=0.0,
        maximum=1000.0,
        read_only=True,
    )
    loop: bool = parameter(
        False,
        "Begin again at the end. The stamps of a bag then go back, and whoever keeps tracks restarts.",
        read_only=True,
    )
    topic: str = parameter(
        "",
        "Image topic of a bag, with or without the first slash; empty takes the first one that can be decoded, which "
        "depth cannot.",
        read_only=True,
    )
    frame_id: str = parameter(
        "camera", "Coordinate frame of the images, where the source does not give its own.", read_only=True
    )
    qos_reliability: str = parameter(
        "reliable",
        "Offered reliability. reliable serves all of them; best_effort is what most cameras do.",
        choices=("best_effort", "reliable"),
        read_only=True,
    )


class VideoSource(ManagedNode):
    """A recording or camera -> image_raw, camera_info.

    Images of bags keep their stamps; those of everything else are stamped with the moment at which they are due.
    """

    NAME = "video_source"
    Parameters = Parameters

    def configure(self) -> None:
        if not self.params.path:
            raise ValueError("the parameter path is empty: give a film, a directory, a camera, a URL or a bag")
        self._open().close()  # what is wrong with it shall be known now
        reliability = self.params.qos_reliability
        self._images = self.create_publisher(ImageMessage, "image_raw", qos.newest(reliability))
        self.until_cleanup.callback(self.destroy_publisher, self._images)
        self._camera_info = self.create_publisher(CameraInfo, "camera_info", qos.newest(reliability))
        self.until_cleanup.callback(self.destroy_publisher, self._camera_info)

    def activate(self) -> None:
        self._source = self._open()
        if self._source.passed_over:
            others = ", ".join(self._source.passed_over)
            self.get_logger().info(f"{self._source.path}: not played: {others}")
        self._published = 0
        self._note = ""
        self._doing = "images are published"
        stop = threading.Event()
        player = threading.Thread(target=self._play, args=(self._source, stop), name="player", daemon=True)
        self.until_deactivate.callback(player.join, 0.5)  # a camera that hangs must not keep the node from stopping
        self.until_deactivate.callback(self._source.stop)
        self.until_deactivate.callback(stop.set)
        player.start()

    def diagnose(self) -> Sequence[DiagnosticStatus]:
        if self.stage != "active":
            return ()
        source = self._source
        if source.waiting:
            self.warn(source.waiting, "waiting")
        left_out = f"images are left out: {source.problem}" if source.skipped else ""
        problem = source.waiting or left_out or self._note
        level = DiagnosticStatus.WARN if problem else DiagnosticStatus.OK
        values = {"published": self._published, "skipped": source.skipped}
        return [self.status(source.path, level, problem or self._doing, values)]

    def _open(self) -> video.FrameSource:
        return video.open_source(self.params.path, self.params.rate, self.params.loop, self.params.topic)

    def _play(self, source: video.FrameSource, stop: threading.Event) -> None:
        try:
            start: float | None = None
            pacer = Pacer(self.params.rate, source.rate)
            for frame in source:
                due = pacer.due(frame.stamp, time.monotonic())
                if stop.wait(due - time.monotonic()):
                    return
                start = self.get_clock().now().nanoseconds * 1e-9 - due if start is None else start
                self._publish(frame, round((start + due) * 1e9))
            if stop.is_set():
                return
            self._doing = "the recording has ended"
            self.get_logger().info(f"{source.path}: played to its end, {self._published} images")
        except Exception as error:  # noqa: BLE001 - a player that fails says so
            self.fail(f"cannot play: {error}")
        finally:
            source.close()  # here, because this thread reads it

    def _publish(self, frame: video.RecordedFrame, due: int) -> None:
        recorded = frame.stamp if isinstance(self._source, video.BagSource) else None
        header = Header(
            stamp=Time(nanoseconds=due if recorded is None else recorded).to_msg(),
            frame_id=frame.frame_id or self.params.frame_id,
        )
        self._images.publish(images.to_message(frame.image.pixels, header, frame.image.encoding))
        self._camera_info.publish(_camera_info(frame, header))
        self._published += 1
        self._note = frame.image.note
        if self._note:
            self.warn(f"{self._source.path}: {self._note}", "note")


def _camera_info(frame: video.RecordedFrame, header: Header) -> CameraInfo:
    """The calibration that was recorded, else zeros, which say by the message's definition that there is none."""
    if not frame.calibration:
        return CameraInfo(header=header, height=frame.image.height, width=frame.image.width)
    info = deserialize_message(frame.calibration, CameraInfo)
    info.header = header
    return info


if __name__ == "__main__":
    main(VideoSource)
