"""Frame sources: files, images, cameras and bags, what broken ones do, and the pacing of frames."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from opendr_perception.tasks.imaging.image import to_bgr
from opendr_perception.tasks.recordings.pacer import DEFAULT_RATE
from opendr_perception.tasks.recordings.video import RecordedFrame, VideoError, open_source

TYPES = get_typestore(Stores.LATEST)
IMAGE, COMPRESSED, STRING = "sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage", "std_msgs/msg/String"
SECOND = 10**9


def grey(value: int, height: int = 48, width: int = 64) -> npt.NDArray[np.uint8]:
    return np.full((height, width, 3), value, np.uint8)


def brightness(frames: Sequence[RecordedFrame]) -> list[int]:
    """Brightness of each frame in steps of 20, which survive lossy compression."""
    return [round(float(frame.image.pixels.mean()) / 20) for frame in frames]


def write_video(path: Path, count: int = 10, rate: float = 25.0) -> Path:
    """A motion-JPEG file, whose frame i has the brightness 20 * i."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), rate, (64, 48))
    assert writer.isOpened()
    for index in range(count):
        writer.write(grey(20 * index))
    writer.release()
    return path


def header(stamp: int, frame_id: str = "camera") -> Any:
    time = TYPES.types["builtin_interfaces/msg/Time"](sec=stamp // SECOND, nanosec=stamp % SECOND)
    return TYPES.types["std_msgs/msg/Header"](stamp=time, frame_id=frame_id)


def raw(stamp: int, pixels: npt.NDArray[Any], encoding: str = "bgr8", padding: int = 0) -> Any:
    rows = pixels.reshape(len(pixels), -1).view(np.uint8)
    rows = np.pad(rows, ((0, 0), (0, padding)), constant_values=77)
    return TYPES.types[IMAGE](
        header=header(stamp),
        height=pixels.shape[0],
        width=pixels.shape[1],
        encoding=encoding,
        is_bigendian=0,
        step=rows.shape[1],
        data=rows.ravel(),
    )


def compressed(stamp: int, pixels: npt.NDArray[np.uint8]) -> Any:
    data = cv2.imencode(".png", pixels)[1]
    return TYPES.types[COMPRESSED](header=header(stamp), format="png", data=data)


def write_bag(
    path: Path,
    topics: dict[str, list[Any]],
    storage: StoragePlugin = StoragePlugin.SQLITE3,
    compression: CompressionMode = CompressionMode.NONE,
) -> Path:
    """A bag with the messages of each topic, recorded at 10 Hz from second 100 on."""
    writer = Writer(path, version=9, storage_plugin=storage)
    writer.set_compression(compression, CompressionFormat.ZSTD)
    with writer:
        for topic, messages in topics.items():
            kind = messages[0].__msgtype__ if messages else IMAGE
            connection = writer.add_connection(topic, kind, typestore=TYPES)
            for index, message in enumerate(messages):
                writer.write(connection, 100 * SECOND + index * SECOND // 10, TYPES.serialize_cdr(message, kind))
    return path


# --- video files


def test_a_file_gives_its_frames_with_presentation_times(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.avi", count=10, rate=25)
    with open_source(str(path)) as source:
        frames = list(source)
        assert (source.rate, source.size, source.length, source.skipped) == (25, (64, 48), 10, 0)
    assert brightness(frames) == list(range(10))
    assert [frame.stamp for frame in frames] == [index * SECOND // 25 for index in range(10)]
    assert {frame.frame_id for frame in frames} == {""}
    assert {frame.image.encoding for frame in frames} == {"bgr8"}


def test_frames_stay_as_they_are_while_later_ones_are_read(tmp_path: Path) -> None:
    frames = iter(open_source(str(write_video(tmp_path / "a.avi"))))
    first = next(frames)
    before = first.image.pixels.copy()
    list(frames)
    np.testing.assert_array_equal(first.image.pixels, before)


def test_a_loop_starts_again_with_the_first_stamp(tmp_path: Path) -> None:
    with open_source(str(write_video(tmp_path / "a.avi", count=3)), loop=True) as source:
        frames = list(itertools.islice(source, 8))
    assert brightness(frames) == [0, 1, 2, 0, 1, 2, 0, 1]
    assert [frame.stamp == 0 for frame in frames] == [True, False, False] * 2 + [True, False]


@pytest.mark.parametrize("kind", ["file", "images", "bag"])
def test_close_ends_an_endless_loop(tmp_path: Path, kind: str) -> None:
    if kind == "file":
        path = write_video(tmp_path / "a.avi", count=3)
    elif kind == "bag":
        path = write_bag(tmp_path / "bag", {"/image_raw": [raw(1 + index, grey(20)) for index in range(3)]})
    else:
        path = tmp_path
        cv2.imwrite(str(tmp_path / "a.png"), grey(20))
    source = open_source(str(path), loop=True)
    seen = 0
    for _ in source:
        seen += 1
        if seen == 4:
            source.close()
    assert seen == 4
    assert list(source) == []
    source.close()


def test_a_damaged_frame_of_a_file_is_skipped_and_counted(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.avi")
    data = path.read_bytes()
    start = -1
    for _ in range(4):
        start = data.index(b"\xff\xd8\xff", start + 1)
    end = data.index(b"\xff\xd9", start)
    path.write_bytes(data[:start] + bytes(end - start) + data[end:])

    source = open_source(str(path))
    frames = list(source)

    assert brightness(frames) == [0, 1, 2, 4, 5, 6, 7, 8, 9]
    assert [frame.stamp for frame in frames] == [index * SECOND // 25 for index in range(10) if index != 3]
    assert source.skipped == 1


def test_a_file_cut_short_plays_to_where_it_ends(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.avi")
    data = path.read_bytes()
    path.write_bytes(data[: data.rindex(b"\xff\xd8\xff")])
    assert brightness(list(open_source(str(path))))[:9] == list(range(9))


@pytest.mark.parametrize("content", [b"", b"not a video", bytes(10000)])
def test_a_file_that_is_no_video_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(VideoError, match=r"a\.mp4: not a video"):
        open_source(str(path))


@pytest.mark.parametrize("name", ["missing.mp4", "missing/", "missing.db3", "missing.png"])
def test_a_missing_path_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(VideoError, match=r"missing.*: No such file or directory"):
        open_source(f"{tmp_path}/{name}")


def test_no_path_is_an_error() -> None:
    with pytest.raises(VideoError, match="empty"):
        open_source("")


@pytest.mark.parametrize("rate", [-1.0, float("nan"), float("inf")])
def test_a_rate_out_of_range_is_refused(tmp_path: Path, rate: float) -> None:
    with pytest.raises(ValueError, match="a rate must be"):
        open_source(str(tmp_path), rate=rate)


# --- images


def test_images_come_in_natural_order(tmp_path: Path) -> None:
    for index, name in enumerate(["frame1.png", "frame2.JPG", "Frame10.bmp", "frame11.jpeg"]):
        cv2.imwrite(str(tmp_path / name), grey(20 * index, height=10 + index))
    (tmp_path / "notes.txt").write_text("not an image")

    with open_source(str(tmp_path), rate=4) as source:
        frames = list(source)
        assert (source.rate, source.length, source.size) == (4, 4, None)
    assert brightness(frames) == [0, 1, 2, 3]
    assert [frame.image.height for frame in frames] == [10, 11, 12, 13]
    assert [frame.stamp for frame in frames] == [0, SECOND // 4, SECOND // 2, SECOND * 3 // 4]


def test_images_without_a_rate_have_the_default_rate(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), grey(0))
    cv2.imwrite(str(tmp_path / "b.png"), grey(20))
    assert [frame.stamp for frame in open_source(str(tmp_path))] == [0, SECOND / DEFAULT_RATE]


def test_one_image_can_be_looped(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), grey(40))
    with open_source(str(path), loop=True) as source:
        assert brightness(list(itertools.islice(source, 3))) == [2, 2, 2]


def test_bad_images_are_skipped_and_counted(tmp_path: Path) -> None:
    for index in range(4):
        cv2.imwrite(str(tmp_path / f"{index}.png"), grey(20 * index))
    (tmp_path / "1.png").write_bytes(b"")
    (tmp_path / "2.png").write_bytes(b"no image")

    source = open_source(str(tmp_path))
    frames = list(source)

    assert brightness(frames) == [0, 3]
    assert [frame.stamp for frame in frames] == [0, round(3 * SECOND / DEFAULT_RATE)]
    assert source.skipped == 2
    assert "2.png" in source.problem


def test_a_loop_without_one_good_image_ends_with_an_error(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(b"no image")
    with pytest.raises(VideoError, match=r"no frame that can be decoded. .*1\.png"):
        list(open_source(str(tmp_path), loop=True))


def test_a_directory_without_images_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not an image")
    with pytest.raises(VideoError, match=f"{tmp_path}: neither images"):
        open_source(str(tmp_path))


# --- cameras


class Camera:
    """Stands for cv2.VideoCapture: delivers a few frames, then is unplugged."""

    opened: list[int]

    def __init__(self, index: int) -> None:
        self.opened.append(index)
        self.frames = 3
        self.properties = {cv2.CAP_PROP_FPS: 30.0, cv2.CAP_PROP_FRAME_WIDTH: 64.0, cv2.CAP_PROP_FRAME_HEIGHT: 48.0}

    def isOpened(self) -> bool:
        return True

    def set(self, key: int, value: float) -> bool:
        self.properties[key] = value
        return True

    def get(self, key: int) -> float:
        return self.properties[key]

    def read(self) -> tuple[bool, npt.NDArray[np.uint8] | None]:
        self.frames -= 1
        return (True, grey(20)) if self.frames >= 0 else (False, None)

    def release(self) -> None:
        self.frames = 0


@pytest.fixture
def cameras(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Indices of the cameras that were opened."""
    opened: list[int] = []
    monkeypatch.setattr(Camera, "opened", opened, raising=False)
    monkeypatch.setattr(cv2, "VideoCapture", Camera)
    return opened


def test_frames_of_a_camera_are_of_now_until_it_vanishes(cameras: list[int]) -> None:
    source = open_source("0", rate=15)
    assert (source.rate, source.size, source.length) == (15, (64, 48), None)
    frames = iter(source)
    assert [next(frames).stamp for _ in range(3)] == [None] * 3
    with pytest.raises(VideoError, match="0: the camera stopped"):
        next(frames)


def test_a_camera_is_found_by_index_or_device(cameras: list[int]) -> None:
    open_source("2")
    open_source("/dev/video3")
    assert cameras == [2, 3]


def test_a_camera_that_is_not_there_is_named() -> None:
    with pytest.raises(VideoError, match="/dev/video63: cannot open this camera"):
        open_source("/dev/video63")


# --- bags


@pytest.mark.parametrize("storage", StoragePlugin)
@pytest.mark.parametrize("single_file", [False, True])
def test_a_bag_gives_its_images_with_header_stamps(tmp_path: Path, storage: StoragePlugin, single_file: bool) -> None:
    messages = [raw(7 * SECOND + index, grey(20 * index)) for index in range(5)]
    strings = [TYPES.types[STRING](data="hello")]
    path = write_bag(tmp_path / "bag", {"/chatter": strings, "/unused": [], "/image_raw": messages}, storage)
    if single_file:
        path = next(file for file in path.iterdir() if file.suffix in (".db3", ".mcap"))

    with open_source(str(path)) as source:
        frames = list(source)
        assert source.length == 5
        assert source.rate == pytest.approx(10)
    assert brightness(frames) == [0, 1, 2, 3, 4]
    assert [frame.stamp for frame in frames] == [7 * SECOND + index for index in range(5)]
    assert {frame.frame_id for frame in frames} == {"camera"}


@pytest.mark.parametrize("storage", StoragePlugin)
def test_a_bag_loops(tmp_path: Path, storage: StoragePlugin) -> None:
    path = write_bag(tmp_path / "bag", {"/image_raw": [raw(SECOND + i, grey(20 * i)) for i in range(2)]}, storage)
    with open_source(str(path), loop=True) as source:
        frames = list(itertools.islice(source, 5))
    assert [frame.stamp for frame in frames] == [SECOND, SECOND + 1, SECOND, SECOND + 1, SECOND]


@pytest.mark.parametrize("mode", [CompressionMode.FILE, CompressionMode.MESSAGE])
def test_a_compressed_bag_is_read(tmp_path: Path, mode: CompressionMode) -> None:
    path = write_bag(tmp_path / "bag", {"/image_raw": [raw(SECOND, grey(60))]}, compression=mode)
    with open_source(str(path)) as source:
        assert brightness(list(source)) == [3]


def test_the_topic_of_a_bag_can_be_chosen(tmp_path: Path) -> None:
    path = write_bag(tmp_path / "bag", {"/front": [raw(1, grey(20))], "/rear": [compressed(1, grey(40))]})
    with open_source(str(path)) as first, open_source(str(path), topic="/rear") as rear:
        assert brightness(list(first)) == [1]
        assert brightness(list(rear)) == [2]


@pytest.mark.parametrize("topic", ["/rear", "/chatter"])
def test_a_bag_without_the_image_topic_lists_what_it_has(tmp_path: Path, topic: str) -> None:
    path = write_bag(tmp_path / "bag", {"/front": [raw(1, grey(20))], "/chatter": [TYPES.types[STRING](data="")]})
    with pytest.raises(VideoError) as caught:
        open_source(str(path), topic=topic)
    assert str(caught.value) == (
        f"{path}: no image topic {topic}; it has /front (sensor_msgs/msg/Image), /chatter (std_msgs/msg/String)"
    )


def test_a_bag_without_images_lists_what_it_has(tmp_path: Path) -> None:
    path = write_bag(tmp_path / "bag", {"/chatter": [TYPES.types[STRING](data="")]})
    with pytest.raises(VideoError, match=r"bag: no image topic; it has /chatter \(std_msgs/msg/String\)"):
        open_source(str(path))


def test_a_message_without_a_stamp_has_the_time_of_recording(tmp_path: Path) -> None:
    path = write_bag(tmp_path / "bag", {"/image_raw": [raw(0, grey(0)), raw(0, grey(20))]})
    with open_source(str(path)) as source:
        assert [frame.stamp for frame in source] == [100 * SECOND, 100 * SECOND + SECOND // 10]


@pytest.mark.parametrize("padding", [0, 10])
def test_supported_encodings_of_a_bag_keep_their_encoding(tmp_path: Path, padding: int) -> None:
    bgr = np.random.default_rng(1).integers(0, 256, (20, 30, 3), np.uint8)
    conversions = {"rgb8": cv2.COLOR_BGR2RGB, "bgra8": cv2.COLOR_BGR2BGRA, "rgba8": cv2.COLOR_BGR2RGBA}
    messages = [raw(1, bgr, "bgr8", padding)]
    messages += [raw(1, cv2.cvtColor(bgr, code), name, padding) for name, code in conversions.items()]
    with open_source(str(write_bag(tmp_path / "bag", {"/image_raw": messages}))) as source:
        frames = list(source)
    assert [frame.image.encoding for frame in frames] == ["bgr8", *conversions]
    for frame in frames:
        np.testing.assert_array_equal(to_bgr(frame.image), bgr)


@pytest.mark.parametrize("padding", [0, 6])
def test_other_encodings_of_a_bag_become_8_bits_of_grey_or_bgr(tmp_path: Path, padding: int) -> None:
    yuyv = np.tile(np.array([[[160, 128], [160, 128]]], np.uint8), (20, 15, 1))
    messages = [
        raw(1, np.full((20, 30), 160 * 257, np.uint16), "mono16", padding),
        raw(1, np.full((20, 30), 160, np.uint8), "bayer_rggb8", padding),
        raw(1, yuyv, "yuv422_yuy2", padding),
    ]
    with open_source(str(write_bag(tmp_path / "bag", {"/image_raw": messages}))) as source:
        frames = list(source)
    assert [frame.image.encoding for frame in frames] == ["mono8", "bgr8", "bgr8"]
    for frame in frames:
        pixels = to_bgr(frame.image)
        assert pixels.shape == (20, 30, 3)
        np.testing.assert_allclose(pixels, 160, atol=30)
        assert pixels.std() == 0


def test_bad_messages_of_a_bag_are_skipped_and_counted(tmp_path: Path) -> None:
    truncated, empty, unknown, depth, planes = (raw(1, grey(100)) for _ in range(5))
    truncated.data = truncated.data[:-1]
    empty.height = empty.width = empty.step = 0
    empty.data = empty.data[:0]
    unknown.encoding = "not an encoding"
    depth.encoding = "16UC1"
    planes.encoding = "nv12"
    messages = [raw(1, grey(20)), truncated, empty, unknown, depth, planes, raw(2, grey(40))]

    with open_source(str(write_bag(tmp_path / "bag", {"/image_raw": messages}))) as source:
        assert brightness(list(source)) == [1, 2]
        assert source.skipped == 5
        assert "/image_raw" in source.problem


def test_bad_compressed_messages_are_skipped_and_counted(tmp_path: Path) -> None:
    messages = [compressed(index, grey(20 * index)) for index in range(4)]
    messages[1].data = np.empty(0, np.uint8)
    messages[2].data = np.arange(50, dtype=np.uint8)
    with open_source(str(write_bag(tmp_path / "bag", {"/image_raw/compressed": messages}))) as source:
        assert brightness(list(source)) == [0, 3]
        assert source.skipped == 2


def test_a_bag_without_one_good_image_says_why(tmp_path: Path) -> None:
    depth = raw(1, np.zeros((20, 30), np.uint16), "16UC1")
    path = write_bag(tmp_path / "bag", {"/depth": [depth]})
    with pytest.raises(VideoError, match=r"no frame that can be decoded\. /depth: 16UC1 is depth"):
        open_source(str(path), loop=True)


@pytest.mark.parametrize("name", ["a.db3", "a.mcap", "bag/metadata.yaml", "bag/a.mcap"])
@pytest.mark.parametrize("content", [b"", b"no bag", bytes(5000)])
def test_a_broken_bag_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content)
    path = file.parent if file.parent.name == "bag" else file
    with pytest.raises(VideoError, match=f"^{path}: "):
        open_source(str(path))


@pytest.mark.parametrize("storage", StoragePlugin)
def test_a_bag_damaged_in_the_middle_fails_with_its_path(tmp_path: Path, storage: StoragePlugin) -> None:
    random = np.random.default_rng(5)
    messages = [raw(index, random.integers(0, 256, (240, 320, 3), np.uint8)) for index in range(1, 9)]
    path = write_bag(tmp_path / "bag", {"/image_raw": messages}, storage)
    file = next(file for file in path.iterdir() if file.suffix in (".db3", ".mcap"))
    data = bytearray(file.read_bytes())
    # From within the pixels of the sixth image into those of the seventh.
    start = data.index(messages[5].data.tobytes()[5000:5020])
    data[start : start + 250_000] = random.bytes(250_000)
    file.write_bytes(data)

    with open_source(str(path)) as source, pytest.raises(VideoError, match=f"^{path}: this bag is damaged"):
        list(source)
