"""Bags of depth cameras: what can be seen is played, what cannot is named, and the calibration comes along."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from opendr_perception.tasks.recordings.bag import BagSource
from opendr_perception.tasks.recordings.video import VideoError, open_source

TYPES = get_typestore(Stores.LATEST)
IMAGE, COMPRESSED, INFO = (f"sensor_msgs/msg/{name}" for name in ("Image", "CompressedImage", "CameraInfo"))
SECOND = 10**9
DEPTH, COLOUR = "/camera/aligned_depth_to_color/image_raw", "/camera/color/image_raw"


def header(index: int) -> Any:
    time = TYPES.types["builtin_interfaces/msg/Time"](sec=7, nanosec=index * 1000)
    return TYPES.types["std_msgs/msg/Header"](stamp=time, frame_id="eye")


def image(index: int, encoding: str) -> Any:
    size = {"bgr8": 3, "16UC1": 2, "mono8": 1}[encoding]
    data = np.full(48 * 64 * size, 20 * index, np.uint8)
    return TYPES.types[IMAGE](header(index), 48, 64, encoding, 0, 64 * size, data)


def compressed(index: int, text: str, prefix: bytes = b"") -> Any:
    png = bytes(cv2.imencode(".png", np.full((48, 64), 2500, np.uint16))[1])
    return TYPES.types[COMPRESSED](header(index), text, np.frombuffer(prefix + png, np.uint8))


def info(index: int, focal: float) -> Any:
    k = np.array([focal, 0, 32, 0, focal, 24, 0, 0, 1])
    p = np.array([focal, 0, 32, 0, 0, focal, 24, 0, 0, 0, 1, 0])
    roi = TYPES.types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
    return TYPES.types[INFO](header(index), 48, 64, "plumb_bob", np.arange(5.0), k, np.eye(3).ravel(), p, 0, 0, roi)


def write(path: Path, topics: dict[str, list[Any]], storage: StoragePlugin = StoragePlugin.SQLITE3) -> Path:
    with Writer(path, version=9, storage_plugin=storage) as writer:
        for topic, messages in topics.items():
            connection = writer.add_connection(topic, messages[0].__msgtype__, typestore=TYPES)
            for index, message in enumerate(messages):
                data = TYPES.serialize_cdr(message, message.__msgtype__)
                writer.write(connection, 100 * SECOND + index * SECOND // 10 + (topic[-4:] == "info"), data)
    return path


def realsense(path: Path, storage: StoragePlugin = StoragePlugin.SQLITE3) -> Path:
    return write(
        path,
        {
            DEPTH: [image(index, "16UC1") for index in range(3)],
            f"{DEPTH}/compressedDepth": [
                compressed(index, "16UC1; compressedDepth png", bytes(12)) for index in range(3)
            ],
            "/camera/aligned_depth_to_color/camera_info": [info(index, 11.0) for index in range(3)],
            COLOUR: [image(index, "bgr8") for index in range(3)],
            "/camera/infra1/image_rect_raw": [image(index, "mono8") for index in range(3)],
            "/camera/color/camera_info": [info(index, 500.0 + index) for index in range(3)],
        },
        storage,
    )


def opened(path: Path, topic: str = "") -> BagSource:
    source = open_source(str(path), topic=topic)
    assert isinstance(source, BagSource)
    return source


@pytest.mark.parametrize("storage", StoragePlugin)
def test_the_first_topic_that_can_be_decoded_is_played_and_the_others_are_named(
    tmp_path: Path, storage: StoragePlugin
) -> None:
    with opened(realsense(tmp_path / "bag", storage)) as source:
        assert source.topic == COLOUR
        assert [frame.image.encoding for frame in source] == ["bgr8"] * 3
        told = "\n".join(source.passed_over)
    assert f"{DEPTH} (16UC1 is depth" in told
    assert f"{DEPTH}/compressedDepth (16UC1 is depth" in told
    assert "/camera/infra1/image_rect_raw (choose it by the parameter topic)" in told


@pytest.mark.parametrize("topic", ["/camera/infra1/image_rect_raw", "camera/infra1/image_rect_raw"])
def test_a_topic_is_found_with_and_without_its_first_slash(tmp_path: Path, topic: str) -> None:
    with opened(realsense(tmp_path / "bag"), topic) as source:
        assert source.topic == "/camera/infra1/image_rect_raw"
        assert [frame.image.encoding for frame in source] == ["mono8"] * 3
        assert {frame.calibration for frame in source} == {b""}


def test_a_depth_topic_that_is_asked_for_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match=f"no frame that can be decoded. {DEPTH}: 16UC1 is depth"):
        open_source(str(realsense(tmp_path / "bag")), topic=DEPTH)


@pytest.mark.parametrize("kind", ["raw", "compressed"])
def test_the_calibration_beside_the_images_comes_along(tmp_path: Path, kind: str) -> None:
    path = realsense(tmp_path / "bag")
    if kind == "compressed":
        path = write(
            tmp_path / "other",
            {
                f"{COLOUR}/compressed": [compressed(index, "mono16; png compressed") for index in range(3)],
                "/camera/color/camera_info": [info(index, 500.0 + index) for index in range(3)],
            },
        )
    with opened(path) as source:
        frames = list(source)
    focals = [TYPES.deserialize_cdr(frame.calibration, INFO).k[0] for frame in frames]
    assert focals == [500, 500, 501], "recorded after the image; the first is known before"


def test_a_damaged_calibration_is_none(tmp_path: Path) -> None:
    path = tmp_path / "bag"
    with Writer(path, version=9) as writer:
        images = writer.add_connection(COLOUR, IMAGE, typestore=TYPES)
        infos = writer.add_connection("/camera/color/camera_info", INFO, typestore=TYPES)
        writer.write(infos, SECOND, TYPES.serialize_cdr(info(0, 500.0), INFO)[:40])
        writer.write(images, SECOND + 1, TYPES.serialize_cdr(image(1, "bgr8"), IMAGE))
    with opened(path) as source:
        assert [frame.calibration for frame in source] == [b""]


def test_a_camera_that_begins_with_broken_images_is_played(tmp_path: Path) -> None:
    messages = [image(index, "bgr8") for index in range(6)]
    for message in messages[:3]:
        message.data = message.data[:50]
    with opened(write(tmp_path / "bag", {COLOUR: messages})) as source:
        assert len(list(source)) == 3
        assert source.skipped == 3
