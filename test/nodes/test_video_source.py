"""The node `video_source`: what it plays arrives in order, with the right stamps, and it says what it cannot play."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore
from sensor_msgs.msg import CameraInfo
from sensor_msgs.msg import Image as ImageMessage

from opendr_perception.nodes.video_source import Parameters, VideoSource
from opendr_perception.ros.node import parameters

TYPES = get_typestore(Stores.ROS2_JAZZY)
IMAGE, INFO = "sensor_msgs/msg/Image", "sensor_msgs/msg/CameraInfo"
SECOND = 10**9
COUNT = 6


def grey(index: int, height: int = 48, width: int = 64) -> np.ndarray:
    return np.full((height, width, 3), 20 + 30 * index, np.uint8)


def write_video(path: Path) -> Path:
    """Frame i has the brightness 20 + 30 i; 20 Hz."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 20.0, (64, 48))
    for index in range(COUNT):
        writer.write(grey(index))
    writer.release()
    return path


def write_images(path: Path) -> Path:
    path.mkdir()
    for index in range(COUNT):
        cv2.imwrite(str(path / f"image_{index}.png"), grey(index))
    return path


def write_bag(path: Path, storage: StoragePlugin) -> Path:
    """Depth, colour and its calibration; frame i was taken 0.05 i s after 1000 s."""
    stamp = TYPES.types["builtin_interfaces/msg/Time"]
    header = TYPES.types["std_msgs/msg/Header"]
    with Writer(path, version=9, storage_plugin=storage) as writer:
        depth = writer.add_connection("/depth/image_raw", IMAGE, typestore=TYPES)
        connection = writer.add_connection("/cam/image_raw", IMAGE, typestore=TYPES)
        infos = writer.add_connection("/cam/camera_info", INFO, typestore=TYPES)
        roi = TYPES.types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
        k, p = np.array([90.0, 0, 32, 0, 91, 24, 0, 0, 1]), np.arange(12.0)
        info = TYPES.types[INFO](
            header(stamp(1, 2), "x"), 48, 64, "plumb_bob", np.arange(5.0), k, np.eye(3).ravel(), p, 1, 2, roi
        )
        for index in range(COUNT):
            message = TYPES.types[IMAGE](
                header=header(stamp=stamp(sec=1000, nanosec=index * 50_000_000), frame_id="recorded_eye"),
                height=48,
                width=64,
                encoding="bgr8",
                is_bigendian=0,
                step=192,
                data=grey(index).ravel(),
            )
            far = replace(message, encoding="16UC1", step=128, data=message.data[: 48 * 128])
            writer.write(depth, 2000 * SECOND + index * 50_000_000 - 1, TYPES.serialize_cdr(far, IMAGE))
            writer.write(infos, 2000 * SECOND + index * 50_000_000 + 1, TYPES.serialize_cdr(info, INFO))
            writer.write(connection, 2000 * SECOND + index * 50_000_000, TYPES.serialize_cdr(message, IMAGE))
    return path


def number(message: ImageMessage) -> int:
    """Number of a frame, by its brightness."""
    return round((float(np.mean(np.frombuffer(message.data, np.uint8))) - 20) / 30)


def nanoseconds(message: ImageMessage) -> int:
    return int(message.header.stamp.sec * SECOND + message.header.stamp.nanosec)


def play(graph: Any, path: Path | str, **parameters_: Any) -> Any:
    """The images of a source that starts when they are listened to."""
    graph.run(VideoSource, path=str(path), autostart=False, **parameters_)
    assert graph.change_state("video_source", "configure")
    images = graph.listen(ImageMessage, "image_raw", publishers=1)
    assert graph.change_state("video_source", "activate")
    return images


def test_a_file_is_played_in_order_to_its_end_with_stamps_of_now(graph: Any, tmp_path: Path) -> None:
    before = graph.observer.get_clock().now().nanoseconds
    infos = graph.listen(CameraInfo, "camera_info")
    images = play(graph, write_video(tmp_path / "video.avi")).wait(COUNT)
    after = graph.observer.get_clock().now().nanoseconds
    graph.diagnosis("video.avi", published=COUNT)

    assert [number(message) for message in images] == list(range(COUNT))
    stamps = [nanoseconds(message) for message in images]
    assert stamps == sorted(set(stamps))
    assert before <= stamps[0]
    assert stamps[-1] <= after
    assert stamps[-1] - stamps[0] >= (COUNT - 1) * 50_000_000 - 1000
    first = images[0]
    assert (first.height, first.width, first.step, first.encoding) == (48, 64, 192, "bgr8")
    assert first.header.frame_id == "camera"
    assert [message.header for message in infos.wait(COUNT)] == [message.header for message in images]
    assert (infos.messages[0].height, infos.messages[0].width) == (48, 64)
    assert not np.any(infos.messages[0].k), "zeros say that the camera is not calibrated"
    assert graph.state("video_source") == "active"


def test_images_are_played_at_the_rate_that_is_asked_for(graph: Any, tmp_path: Path) -> None:
    images = play(graph, write_images(tmp_path / "images"), rate=50.0, frame_id="desk").wait(COUNT)
    assert [number(message) for message in images] == list(range(COUNT))
    assert {message.header.frame_id for message in images} == {"desk"}
    assert nanoseconds(images[-1]) - nanoseconds(images[0]) >= (COUNT - 1) * 20_000_000 - 1000


@pytest.mark.parametrize("storage", [StoragePlugin.SQLITE3, StoragePlugin.MCAP], ids=lambda plugin: plugin.name)
def test_a_bag_keeps_its_stamps_and_frames_and_goes_back_in_time_in_a_loop(
    graph: Any, tmp_path: Path, storage: StoragePlugin
) -> None:
    infos = graph.listen(CameraInfo, "camera_info")
    images = play(graph, write_bag(tmp_path / "bag", storage), loop=True).wait(2 * COUNT + 1)[: 2 * COUNT]
    once = [1000 * SECOND + index * 50_000_000 for index in range(COUNT)]
    assert [nanoseconds(message) for message in images] == 2 * once
    assert [number(message) for message in images] == 2 * list(range(COUNT))
    assert {message.header.frame_id for message in images} == {"recorded_eye"}
    info = infos.wait(2 * COUNT)[3]
    assert info.header == images[3].header, "the image's, not the recorded one"
    assert (info.distortion_model, list(info.d), info.binning_y) == ("plumb_bob", [0, 1, 2, 3, 4], 2)
    assert (info.k[0], info.k[4], info.p[11]) == (90, 91, 11)


def test_a_loop_of_a_video_goes_on_in_time(graph: Any, tmp_path: Path) -> None:
    images = play(graph, write_video(tmp_path / "video.avi"), loop=True, rate=100.0).wait(3 * COUNT)[: 3 * COUNT]
    assert [number(message) for message in images] == 3 * list(range(COUNT))
    stamps = [nanoseconds(message) for message in images]
    assert stamps == sorted(set(stamps))


def test_it_can_be_stopped_and_played_again_from_the_beginning(graph: Any, tmp_path: Path) -> None:
    images = play(graph, write_video(tmp_path / "video.avi"), loop=True)
    for _ in range(3):
        images.wait(len(images.messages) + 2)
        assert graph.change_state("video_source", "deactivate")
        published = graph.diagnosis("video_source", "inactive")
        assert published["level"] == "0"
        count = len(images.messages)
        assert graph.change_state("video_source", "activate")
        assert number(images.wait(count + 1)[count]) == 0
    assert graph.change_state("video_source", "deactivate")
    assert graph.change_state("video_source", "cleanup")
    graph.wait(lambda: images.subscription.get_publisher_count() == 0, lambda: "the publisher is still there")


@pytest.mark.parametrize("reliability", ["reliable", "best_effort"])
def test_what_it_offers_can_be_chosen(graph: Any, tmp_path: Path, reliability: str) -> None:
    graph.run(VideoSource, path=str(write_images(tmp_path / "images")), qos_reliability=reliability, loop=True)
    [info] = graph.observer.get_publishers_info_by_topic(f"{graph.namespace}/image_raw")
    assert info.qos_profile.reliability.name == reliability.upper()


def test_what_cannot_be_played_is_told_when_it_is_configured(graph: Any, tmp_path: Path) -> None:
    (tmp_path / "broken.avi").write_bytes(b"no video")
    (tmp_path / "empty").mkdir()
    (tmp_path / "bag").mkdir()
    (tmp_path / "bag" / "metadata.yaml").write_text("no bag")
    paths = {
        "nothing": ("", "the parameter path is empty"),
        "missing": (str(tmp_path / "missing.mp4"), "No such file or directory"),
        "broken": (str(tmp_path / "broken.avi"), "not a video that can be read"),
        "empty": (str(tmp_path / "empty"), "neither images"),
        "bag": (str(tmp_path / "bag"), "cannot open this bag"),
        "network": ("rtsp://127.0.0.1:1/ch1", "Connection refused"),
        "pipe": ("/dev/zero", "neither a file nor a directory"),
        "camera": ("/dev/video4242", "cannot open this camera"),
    }
    for name, (path, _) in paths.items():
        graph.run(VideoSource, "-r", f"__node:={name}", path=path)
    for name, (path, problem) in paths.items():
        values = graph.diagnosis(f"/{name}", "cannot configure")
        assert path in values["message"]
        assert problem in values["message"]
        assert values["level"] == "2"
        assert graph.state(name) == "unconfigured"

    write_video(tmp_path / "missing.mp4.avi").rename(tmp_path / "missing.mp4")
    assert graph.change_state("missing", "configure")


def test_damaged_images_are_left_out_and_counted(graph: Any, tmp_path: Path) -> None:
    folder = write_images(tmp_path / "images")
    (folder / "image_2.png").write_bytes(b"no image")
    images = play(graph, folder, rate=100.0, loop=True).wait(COUNT)
    assert [number(message) for message in images][:COUNT] == [0, 1, 3, 4, 5, 0]
    values = graph.diagnosis("images", "image_2.png")
    assert values["level"] == "1"


def test_a_recording_without_one_good_frame_is_told(graph: Any, tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"no image")
    graph.run(VideoSource, path=str(folder), loop=True)
    values = graph.diagnosis("video_source", "cannot play")
    assert str(folder) in values["message"]
    assert values["level"] == "2"
    assert graph.change_state("video_source", "deactivate")
    assert graph.diagnosis("video_source", "inactive")["level"] == "0"


def test_its_configuration_file_gives_exactly_the_defaults(graph: Any, tmp_path: Path) -> None:
    file = tmp_path / "video_source.yaml"
    file.write_text(parameters.as_yaml("video_source", Parameters, "Videos."))
    node = graph.run(VideoSource, "--params-file", str(file), "-p", "autostart:=false")
    assert node.params == Parameters(autostart=False)
