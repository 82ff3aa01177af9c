"""Images from packets of H.264 and H.265 that come one by one, as over a network: some may be lost.

Nothing is shown until a key frame has come, nor after a packet that cannot be decoded, until the next one: what a
decoder makes of a damaged stream looks like people who are not there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt

MAX_PIXELS = 67_108_864
"""Of an image; a packet of a few bytes can claim more."""
LONGEST = 4 * 2**20
"""Bytes of a packet."""
KEY_FRAMES = {"h264": (31, 0, (5, 7)), "hevc": (63, 1, (*range(16, 22), 32, 33))}
"""Mask and shift of the type in the first byte of a unit, and the types with which decoding can begin."""
START = re.compile(rb"\x00\x00\x01(.)", re.DOTALL)
"""Beginning of each unit of a packet [ITU-T H.264, Annex B]."""
NANOSECONDS = Fraction(1, 10**9)


@dataclass(frozen=True, eq=False)
class DecodedFrame:
    """An image of a stream.

    Args:
        stamp: of the packet that it was in, ns.
        pixels: (h, w, 3) uint8 BGR.
    """

    stamp: int
    pixels: npt.NDArray[np.uint8]


def codec_of(encoding: str) -> str:
    """The codec, `h264` or `hevc`, of the name of a codec or an encoder, such as `libx264` or `hevc_nvenc`.

    Raises:
        ValueError: it is another one.
    """
    name = encoding.partition(";")[0].lower()
    if "264" in name or name == "avc":
        return "h264"
    if "265" in name or "hevc" in name:
        return "hevc"
    raise ValueError(f"the encoding is '{encoding[:40]}': only H.264 and H.265 are decoded")


def begins_anew(data: bytes, codec: str) -> bool:
    """True if decoding can begin with a packet: it has a key frame, or the parameters before one."""
    mask, shift, types = KEY_FRAMES[codec]
    return any((unit[1][0] & (mask << shift)) >> shift in types for unit in START.finditer(data))


class PacketDecoder:
    """Decodes one stream. Not for several threads at once."""

    def __init__(self) -> None:
        self._codec = ""
        self._context: av.VideoCodecContext | None = None
        self.skipped = 0
        """Packets that came before a key frame."""

    def reset(self) -> None:
        """Forget the stream: packets are missing, and it can go on with a key frame only."""
        self._context = None

    def push(self, data: bytes, codec: str, stamp: int) -> list[DecodedFrame]:
        """Images that are complete now, mostly one; none while a key frame is waited for.

        Args:
            data: a packet of Annex B units.
            codec: as `codec_of` gives it.
            stamp: of the image, ns, not negative.

        Raises:
            ValueError: it cannot be decoded; the stream goes on with the next key frame.
        """
        if not 0 < len(data) <= LONGEST:
            self.reset()
            raise ValueError(f"a packet of {len(data)} bytes")
        if codec != self._codec or self._context is None:
            if not begins_anew(data, codec):
                self.reset()
                self.skipped += 1
                return []
            self._codec, self._context = codec, _context(codec)
        packet = av.Packet(data)
        packet.pts, packet.time_base = stamp, NANOSECONDS
        try:
            frames = self._context.decode(packet)
            if any(frame.is_corrupt for frame in frames):
                raise ValueError("an image is damaged: packets are missing")
            return [
                DecodedFrame(_stamp(frame, stamp), np.asarray(frame.to_ndarray(format="bgr24"), np.uint8))
                for frame in frames
            ]
        except (av.FFmpegError, MemoryError) as error:
            self.reset()
            raise ValueError(f"a packet of {codec} is damaged, or others are missing: {error}") from error
        except ValueError:
            self.reset()
            raise


def _stamp(frame: av.VideoFrame, newest: int) -> int:
    return newest if frame.pts is None else int(frame.pts)


def _context(codec: str) -> av.VideoCodecContext:
    context = av.CodecContext.create(codec, "r")
    assert isinstance(context, av.VideoCodecContext)
    context.thread_count = 1  # threads keep images back
    context.options = {"max_pixels": str(MAX_PIXELS), "err_detect": "explode", "flags": "+low_delay"}
    return context
