"""The node `video_decoder` over real topics; with the types that `make test` builds."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest
from sensor_msgs.msg import Image

from opendr_perception.nodes import video_decoder
from opendr_perception.nodes.video_decoder import VideoDecoder
from opendr_perception.ros.convert import stamps


def packets(count: int) -> list[bytes]:
    """Images that become brighter, with a key frame every 5."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 64, 48, "yuv420p"
    encoder.time_base, encoder.gop_size = Fraction(1, 10), 5
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency"}
    found = []
    for number in range(count):
        frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 40 + 12 * number, np.uint8), format="bgr24")
        frame.pts = number
        found += [bytes(packet) for packet in encoder.encode(frame)]
    return found


def test_without_the_messages_it_names_what_to_install(
    graph: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ROS_DISTRO", "kilted")
    monkeypatch.setattr(video_decoder, "messages", lambda package: None)
    graph.run(VideoDecoder)
    assert graph.state(f"{graph.namespace}/video_decoder") == "unconfigured"
    assert "apt install ros-kilted-ffmpeg-image-transport-msgs" in capfd.readouterr().err


@pytest.mark.parametrize("kind", ["ffmpeg", "foxglove"])
def test_packets_become_images_with_their_headers_and_damage_is_told(graph: Any, kind: str) -> None:
    package = video_decoder.KINDS[kind].package
    types = pytest.importorskip(f"{package}.msg", reason=f"{package} is not installed")
    graph.run(VideoDecoder, packets=kind)
    name = video_decoder.KINDS[kind]
    publisher = graph.publisher(getattr(types, name.message), name.topic)
    images = graph.listen(Image, "image_raw", publishers=1)

    def send(data: bytes, number: int) -> None:
        header = graph.header(10.0 + number, "eye")
        fields = (
            {"header": header, "width": 64, "height": 48, "encoding": "libx264"}
            if kind == "ffmpeg"
            else {"timestamp": header.stamp, "frame_id": "eye", "format": "h264"}
        )
        publisher.publish(getattr(types, name.message)(data=data, **fields))

    stream = packets(10)
    for number in (2, 5, 6):  # in the middle, and then from a key frame on
        send(stream[number], number)
    first, second = images.wait(2)
    assert [stamps.nanoseconds(each.header.stamp) for each in (first, second)] == [15 * 10**9, 16 * 10**9]
    assert (first.header.frame_id, first.encoding, first.width, first.height) == ("eye", "bgr8", 64, 48)
    assert int(first.data[0]) == pytest.approx(100, abs=6), "image 5, not a neighbour; colours are rounded on both ways"
    send(bytes(100), 7)
    graph.diagnosis("image_raw/ffmpeg" if kind == "ffmpeg" else "video", "damaged")
    send(stream[0], 8)
    assert stamps.nanoseconds(images.wait(3)[-1].header.stamp) == 18 * 10**9
