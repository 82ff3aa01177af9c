"""Films: interlaced, damaged, turned, deep and remote ones; no frame is one that nobody wrote."""

from __future__ import annotations

import contextlib
import functools
import http.server
import itertools
import os
import socket
import socketserver
import struct
import threading
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from opendr_perception.tasks.imaging.image import to_bgr
from opendr_perception.tasks.recordings import film
from opendr_perception.tasks.recordings.video import RecordedFrame, VideoError, open_source

HEIGHT, WIDTH = 96, 128
SECOND = 10**9
INTERLACED = {"flags": "+ilme+ildct", "x264-params": "tff=1"}


def scene(index: int) -> np.ndarray:
    """Brightness 30 + 15 i, with a bright bar that moves."""
    pixels = np.full((HEIGHT, WIDTH, 3), 30 + 15 * index, np.uint8)
    pixels[40:80, 8 * index : 8 * index + 16] = 250
    return pixels


def write_film(
    path: Path,
    codec: str = "libx264",
    kind: str = "yuv420p",
    options: dict[str, str] | None = None,
    frames: Sequence[np.ndarray] = tuple(scene(index) for index in range(10)),
) -> Path:
    """A film of 25 Hz."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options or {})
        stream.height, stream.width, stream.pix_fmt = *frames[0].shape[:2], kind
        for pixels in frames:
            shown = "gray16le" if pixels.dtype == np.uint16 else "bgr24"
            for packet in stream.encode(av.VideoFrame.from_ndarray(pixels, format=shown)):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


def play(path: Path | str) -> list[RecordedFrame]:
    with open_source(str(path)) as source:
        frames = list(source)
        assert source.skipped == 0, source.problem
    return frames


@pytest.mark.parametrize(
    ("name", "codec", "kind", "options"),
    [
        ("a.mp4", "libx264", "yuv420p", INTERLACED),
        ("a.mkv", "libx264", "yuv422p", INTERLACED),
        ("a.mpg", "mpeg2video", "yuv420p", {"flags": "+ilme+ildct"}),
        ("a.mp4", "libx264", "yuv420p", {}),
        ("a.mkv", "libx265", "yuv420p10le", {"x265-params": "log-level=none"}),
    ],
)
def test_each_frame_is_what_was_filmed(
    tmp_path: Path, name: str, codec: str, kind: str, options: dict[str, str]
) -> None:
    path = write_film(tmp_path / name, codec, kind, options)
    with av.open(str(path)) as container:
        assert next(container.decode(video=0)).interlaced_frame == bool("flags" in options)
    play(write_film(tmp_path / "before.avi", "mpeg4", frames=[np.full((HEIGHT, WIDTH, 3), 99, np.uint8)] * 10))
    frames = play(path)
    assert [frame.stamp for frame in frames] == [index * SECOND // 25 for index in range(10)]
    for index, frame in enumerate(frames):
        assert frame.image.pixels.shape == (HEIGHT, WIDTH, 3)
        assert np.abs(frame.image.pixels.astype(int) - scene(index)).mean() < 12


def test_people_who_move_are_not_torn_in_lines(tmp_path: Path) -> None:
    """Both fields of a frame are of different moments: what yadif gives has no comb."""
    woven = []
    for index in range(8):
        pixels, later = scene(0), scene(0)
        pixels[:] = later[:] = 40
        pixels[20:80, 10 * index : 10 * index + 30] = 220
        later[20:80, 10 * index + 5 : 10 * index + 35] = 220
        pixels[1::2] = later[1::2]
        woven.append(pixels)
    frames = play(write_film(tmp_path / "a.mkv", "libx264", "yuv422p", {**INTERLACED, "crf": "5"}, woven))
    assert len(frames) == 8

    def comb(pixels: np.ndarray) -> float:
        rows = pixels[24:76].mean(axis=2)
        return float(np.abs(rows[1:-1] - (rows[:-2] + rows[2:]) / 2).mean())

    assert max(comb(frame.image.pixels) for frame in frames) < 0.5 * comb(woven[3])


def test_a_film_that_becomes_interlaced_loses_no_frame(tmp_path: Path) -> None:
    (tmp_path / "a.ts").write_bytes(
        write_film(tmp_path / "b.ts", "mpeg2video").read_bytes()
        + write_film(tmp_path / "c.ts", "mpeg2video", options={"flags": "+ilme+ildct"}).read_bytes()
    )
    with open_source(str(tmp_path / "a.ts")) as source:
        frames = list(source)
    assert len(frames) >= 18, "ten of each, but for what is lost where both are joined"
    assert [frame.stamp for frame in frames] == sorted({frame.stamp for frame in frames})


def test_a_film_of_a_phone_is_turned_as_it_was_held(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mp4")
    upright = play(path)[0].image.pixels
    data = bytearray(path.read_bytes())
    place = data.index(b"tkhd") + 4 + 40  # a box of version 0; its matrix says how to turn the frames
    data[place : place + 36] = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    with open_source(str(path)) as source:
        assert source.size == (HEIGHT, WIDTH)
        turned = next(iter(source)).image.pixels
    np.testing.assert_array_equal(turned, cv2.rotate(upright, cv2.ROTATE_90_CLOCKWISE))


def test_a_thermal_film_of_16_bits_can_be_seen(tmp_path: Path) -> None:
    warm = [np.linspace(27000, 30000, HEIGHT * WIDTH).reshape(HEIGHT, WIDTH).astype(np.uint16)] * 3
    frames = play(write_film(tmp_path / "a.mkv", "ffv1", "gray16le", frames=warm))
    assert np.ptp(to_bgr(frames[0].image)) > 200


def test_damaged_packets_are_counted_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.avi", "mjpeg", "yuvj420p")
    data = bytearray(path.read_bytes())
    starts = [place for place in range(len(data)) if data.startswith(b"\xff\xd8\xff", place)]
    for number in (3, 6):
        end = data.index(b"\xff\xd9", starts[number])
        data[starts[number] : end] = bytes(end - starts[number])
    path.write_bytes(data)
    with open_source(str(path)) as source:
        frames = list(source)
        assert source.skipped == 2
        assert "damaged" in source.problem
    assert [frame.stamp for frame in frames] == [k * SECOND // 25 for k in range(10) if k not in (3, 6)]
    assert [round((float(f.image.pixels[:30].mean()) - 30) / 15) for f in frames] == [0, 1, 2, 4, 5, 7, 8, 9]


def test_any_damage_gives_frames_or_one_error(tmp_path: Path) -> None:
    good = write_film(tmp_path / "a.mkv").read_bytes()
    random = np.random.default_rng(1)
    for trial in range(40):
        data = bytearray(good)
        for place in random.integers(0, len(data), 20):
            data[place] = random.integers(256)
        path = tmp_path / "b.mkv"
        path.write_bytes(data[: random.integers(1, len(data))] if trial % 2 else data)
        try:
            with open_source(str(path)) as source:
                for frame in source:
                    assert frame.image.pixels.size
        except VideoError as error:
            assert str(path) in str(error)


def test_a_film_without_video_is_named(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        sound = container.add_stream("aac", rate=16000)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        silence.sample_rate, silence.time_base = 16000, Fraction(1, 16000)
        for packet in [*sound.encode(silence), *sound.encode()]:
            container.mux(packet)
    with pytest.raises(VideoError, match=r"a\.mp4: it has no video"):
        open_source(str(tmp_path / "a.mp4"))


# --- names that are no plain files ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [b"caf\xe9.mp4", "café.mp4".encode(), b"a:b.mp4", b"-x %d.mp4"])
def test_any_name_is_played(tmp_path: Path, name: bytes) -> None:
    path = tmp_path / os.fsdecode(name)
    write_film(tmp_path / "plain.mp4").rename(path)
    assert len(play(path)) == 10
    path.write_bytes(b"no film")
    with pytest.raises(VideoError) as error:
        open_source(str(path))
    str(error.value).encode()


def test_what_is_neither_file_nor_directory_is_one_line(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "zero.mp4").symlink_to("/dev/zero")
    (tmp_path / "phone").mkdir()
    (tmp_path / "phone" / "a.HEIC").touch()
    (tmp_path / "loop.mp4").symlink_to("loop.mp4")
    problems = {
        "pipe.mp4": "neither a file nor a directory",
        "zero.mp4": "neither a file nor a directory",
        "phone": ".HEIC is not read; convert it",
        "loop.mp4": "levels of symbolic links",
        "a\0b.mp4": "not a path",
    }
    for name, problem in problems.items():
        with pytest.raises(VideoError, match=problem):
            open_source(f"{tmp_path}/{name}")
    with pytest.raises(VideoError, match="home"):
        open_source("~nobody9/x.mp4")


def test_pipes_and_devices_among_images_are_skipped(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "1.png")
    (tmp_path / "2.png").symlink_to("/dev/zero")
    (tmp_path / "3.png").mkdir()
    cv2.imwrite(str(tmp_path / "4.png"), scene(4))
    source = open_source(str(tmp_path))
    assert len(list(source)) == 1
    assert source.skipped == 3


# --- networks ---------------------------------------------------------------------------------------------------------


class Server(http.server.SimpleHTTPRequestHandler):
    """Serves files, and below /live three JPEGs of a camera that then hangs up."""

    def do_GET(self) -> None:
        if self.path != "/live":
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        for index in range(3):
            jpeg = bytes(cv2.imencode(".jpg", scene(index))[1])
            self.wfile.write(b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg))
            self.wfile.write(jpeg + b"\r\n")

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a server of `tmp_path`."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Server, directory=str(tmp_path))) as made:
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{made.server_port}"
        made.shutdown()
        thread.join()


def test_a_film_of_a_web_server_plays_and_loops_as_a_file_does(tmp_path: Path, server: str) -> None:
    write_film(tmp_path / "a.mp4")
    with open_source(f"{server}/a.mp4", loop=True) as source:
        frames = list(itertools.islice(source, 20))
        assert (source.rate, source.size, source.length) == (25, (WIDTH, HEIGHT), 10)
    assert [frame.stamp for frame in frames] == 2 * [index * SECOND // 25 for index in range(10)]


def test_a_lost_network_camera_is_asked_again(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(film, "FIRST_WAIT", 0.01)
    with open_source(f"{server}/live") as source:
        frames = list(itertools.islice(source, 7))
    assert [frame.stamp for frame in frames] == [None] * 7, "live"
    assert all(frame.image.width == WIDTH for frame in frames)


class Camera(socketserver.StreamRequestHandler):
    """A network camera: RTSP (RFC 2326) with MPEG-TS in RTP (RFC 2250) between its answers; it then hangs up."""

    film: bytes

    def handle(self) -> None:
        sdp = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\nm=video 0 RTP/AVP 33\r\na=control:track1\r\n"
        while request := self.rfile.readline().decode().split():
            lines = iter(lambda: self.rfile.readline().decode().strip(), "")
            fields = dict(line.split(": ", 1) for line in lines)
            more = {
                "OPTIONS": "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n",
                "DESCRIBE": f"Content-Type: application/sdp\r\nContent-Length: {len(sdp)}\r\n",
                "SETUP": "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n",
            }.get(request[0], "Session: 1\r\n")
            answer = f"RTSP/1.0 200 OK\r\nCSeq: {fields['CSeq']}\r\n{more}\r\n"
            self.wfile.write((answer + (sdp if request[0] == "DESCRIBE" else "")).encode())
            if request[0] == "PLAY":
                for number, start in enumerate(range(0, len(self.film), 7 * 188)):
                    data = self.film[start : start + 7 * 188]
                    rtp = struct.pack(">BBHII", 0x80, 33, number, 3600 * number, 7) + data
                    self.wfile.write(struct.pack(">cBH", b"$", 0, len(rtp)) + rtp)
                self.connection.settimeout(0.3)  # cameras do not hang up with the last byte
                with contextlib.suppress(OSError):
                    self.rfile.readline()
                return


def test_a_network_camera_plays_and_is_asked_again_when_it_hangs_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(film, "FIRST_WAIT", 0.01)
    content = write_film(tmp_path / "a.ts", "mpeg2video").read_bytes()
    camera = type("Filmed", (Camera,), {"film": 6 * content})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), camera) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        with open_source(f"rtsp://user:secret@127.0.0.1:{server.server_address[1]}/ch1") as source:
            threading.Timer(60, source.stop).start()
            frames = list(itertools.islice(source, 80))
            assert "secret" not in source.path
        server.shutdown()
        thread.join()
    assert len(frames) == 80, "more than it gives before it hangs up"
    assert {frame.stamp for frame in frames} == {None}
    assert {frame.image.pixels.shape for frame in frames} == {(HEIGHT, WIDTH, 3)}
    for frame in frames:  # each is one of the scenes, none a mixture of what was there before
        assert min(np.abs(frame.image.pixels.astype(int) - scene(index)).mean() for index in range(10)) < 8


def test_waiting_for_a_network_camera_can_be_stopped(server: str) -> None:
    with open_source(f"{server}/live") as source:
        threading.Timer(0.5, source.stop).start()
        begun = time.monotonic()
        list(source)
        assert time.monotonic() - begun < 20, "without the stop it would go on for ever"


def test_an_address_without_server_is_one_line_without_the_password() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]  # bound, but nobody listens
        for scheme in ("rtsp", "http"):
            with pytest.raises(VideoError, match="Connection refused") as error:
                open_source(f"{scheme}://user:secret@127.0.0.1:{port}/ch1")
            assert "secret" not in str(error.value)
            assert f"127.0.0.1:{port}/ch1" in str(error.value)


def test_a_camera_that_accepts_and_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(film, "TIMEOUT", 0.5)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(VideoError, match=r"no video came within 0\.5 s"),
    ):
        open_source(f"rtsp://127.0.0.1:{silent.getsockname()[1]}/ch1")


def test_what_the_server_does_not_have_is_told(server: str) -> None:
    with pytest.raises(VideoError, match="404"):
        open_source(f"{server}/missing.mp4")


def test_other_schemes_are_refused_by_name() -> None:
    with pytest.raises(VideoError, match="URLs of gopher are not played, only rtsp, rtsps, http, https and file"):
        open_source("gopher://example.com/a.mp4")


def test_file_urls_are_paths(tmp_path: Path) -> None:
    write_film(tmp_path / "a b.mp4")
    assert len(play(f"file://{tmp_path}/a%20b.mp4")) == 10
    with pytest.raises(VideoError, match=r"/missing\.mp4: No such file"):
        open_source("file:///missing.mp4")
