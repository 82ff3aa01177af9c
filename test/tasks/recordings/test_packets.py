"""Packets of H.264 and H.265 as they come over a network: late, lost, cut, and from other encoders."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from opendr_perception.tasks.recordings.packets import LONGEST, PacketDecoder, begins_anew, codec_of

ENCODERS = {"h264": "libx264", "hevc": "libx265"}
GROUP = 5


def packets(codec: str, count: int = 12, **options: str) -> list[bytes]:
    """Grey images that become brighter, a key frame every GROUP images, one packet each."""
    name = ENCODERS[codec]
    if name not in av.codecs_available:
        pytest.skip(f"PyAV has no {name}")
    encoder = av.CodecContext.create(name, "w")
    encoder.width, encoder.height, encoder.pix_fmt = 64, 48, "yuv420p"
    encoder.time_base, encoder.gop_size = Fraction(1, 10), GROUP
    log = {"x265-params": f"log-level=none:keyint={GROUP}:min-keyint={GROUP}:scenecut=0"} if codec == "hevc" else {}
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", **log, **options}
    found = []
    for number in range(count):
        frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), brightness(number), np.uint8), format="bgr24")
        frame.pts = number
        found += [bytes(packet) for packet in encoder.encode(frame)]
    return found + [bytes(packet) for packet in encoder.encode(None)]


def brightness(number: int) -> int:
    return 40 + 12 * number


def decoded(decoder: PacketDecoder, data: bytes, number: int, codec: str = "h264") -> list[tuple[int, int]]:
    """Stamps, and the brightness of the middle of images."""
    return [(frame.stamp, int(frame.pixels[24, 32, 0])) for frame in decoder.push(data, codec, number)]


@pytest.mark.parametrize("codec", ENCODERS)
def test_each_packet_gives_its_image_with_its_stamp(codec: str) -> None:
    decoder = PacketDecoder()
    for number, data in enumerate(packets(codec)):
        [(stamp, grey)] = decoded(decoder, data, number, codec)
        assert stamp == number
        assert grey == pytest.approx(brightness(number), abs=6)
    assert decoder.skipped == 0


@pytest.mark.parametrize("codec", ENCODERS)
def test_who_comes_in_the_middle_waits_for_a_key_frame(codec: str) -> None:
    stream, decoder = packets(codec), PacketDecoder()
    assert [begins_anew(data, codec) for data in stream[:6]] == [True, *[False] * 4, True]
    shown = [number for number, data in enumerate(stream) if number >= 2 and decoded(decoder, data, number, codec)]
    assert shown == list(range(5, 12))
    assert decoder.skipped == 3


def test_after_a_loss_nothing_is_shown_that_is_not_there() -> None:
    stream, decoder = packets("h264"), PacketDecoder()
    shown = {}
    for number, data in enumerate(stream):
        if number == 2:
            decoder.reset()  # whoever counts packets has noticed it; the decoder may not
        else:
            shown |= dict(decoded(decoder, data, number))
    assert set(shown) == {0, 1, *range(5, 12)}
    assert all(grey == pytest.approx(brightness(number), abs=6) for number, grey in shown.items())


@pytest.mark.parametrize("cut", [1, 7, 0.5, 0.9])
def test_what_is_cut_or_overwritten_gives_an_error_or_nothing_and_the_next_key_frame_mends_it(cut: float) -> None:
    stream, decoder = packets("h264"), PacketDecoder()
    decoded(decoder, stream[0], 0)
    data = stream[1]
    length = int(cut if cut >= 1 else cut * len(data))
    for broken in (data[:length], b"", bytes(200), b"\x00\x00\x01\x67" + bytes(range(200)), bytes(LONGEST + 1)):
        try:
            decoded(decoder, broken, 1)
        except ValueError:
            continue
    assert decoded(decoder, stream[5], 5) == [(5, pytest.approx(brightness(5), abs=6))]


def test_images_in_another_order_than_packets_keep_their_stamps() -> None:
    stream = packets("h264", tune="film", bf="2")
    decoder = PacketDecoder()
    found = [each for number, data in enumerate(stream) for each in decoded(decoder, data, number)]
    assert len(found) >= 6
    assert len({stamp for stamp, _ in found}) == len(found)


@pytest.mark.parametrize(
    ("name", "codec"),
    [("h264", "h264"), ("libx264", "h264"), ("h264_nvenc", "h264"), ("hevc_nvenc", "hevc"), ("h265", "hevc"),
     ("libx265;yuv420p;bgr8;bgr8", "hevc")],
)  # fmt: skip
def test_encoders_are_known_by_their_names(name: str, codec: str) -> None:
    assert codec_of(name) == codec


@pytest.mark.parametrize("name", ["", "vp9", "av1", "mjpeg"])
def test_other_codecs_are_refused_by_name(name: str) -> None:
    with pytest.raises(ValueError, match=r"only H\.264 and H\.265"):
        codec_of(name)


def test_a_stream_may_change_its_codec() -> None:
    decoder = PacketDecoder()
    assert decoded(decoder, packets("h264")[0], 0)
    assert decoded(decoder, packets("hevc")[0], 1, "hevc")
