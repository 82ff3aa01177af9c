"""Headers of image files, read before a decoder believes them.

A decoder allocates what a header claims: a few hundred bytes then cost gigabytes and seconds. Only formats whose
decoders refuse what is cut short are read at all; TIFF, for one, is handed out with strips that were never decoded.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from opendr_perception.tasks.imaging.image import MAX_SIDE

MAX_PIXELS = 1 << 26
"""Most pixels of an image, 67 million: 8K video and phone photos of 64 megapixels pass, and take 200 MB as BGR."""

MAX_WORK = 1 << 30
"""Most pixels that the scans of a JPEG may touch, all together; ordinary progressive files have about ten scans."""

MAX_PARTS = 100_000
"""Most chunks of a PNG, which has 24,000 of the usual 8 KiB at most, and markers before the size of a JPEG."""

_KEPT_CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"eXIf", b"IDAT", b"IEND")
_FOREIGN = {
    b"GIF8": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
    b"\0\0\0\x0cjP  ": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"\xff\x0a": "JPEG XL",
    b"%PDF": "PDF",
    b"<svg": "SVG",
}
_BRANDS = {b"avif": "AVIF", b"avis": "AVIF", b"heic": "HEIC", b"heix": "HEIC", b"mif1": "HEIC", b"msf1": "HEIC"}


class BadImageFile(ValueError):
    """The bytes are no image that may be decoded; the text says why in one line."""


@dataclass(frozen=True)
class Header:
    """Format and size of an image, in pixels."""

    format: str
    width: int
    height: int


def read_header(data: bytes, max_pixels: int = MAX_PIXELS) -> Header:
    """Tell the format and size of an image file, and check that decoding it costs what its size says.

    Raises:
        BadImageFile: it is none of JPEG, PNG, BMP and WebP, is cut short, damaged, or too large.
    """
    read = next((read for magic, read in _READERS.items() if data.startswith(magic)), None)
    if read is None:
        raise BadImageFile(_foreign(data))
    try:
        header, scans = read(data)
    except (struct.error, IndexError) as error:
        raise BadImageFile("it is cut short") from error
    pixels = header.width * header.height
    if not pixels or max(header.width, header.height) > MAX_SIDE or pixels > max_pixels:
        raise BadImageFile(
            f"its {header.format} header claims {header.width}x{header.height} pixels; 1 to {MAX_SIDE} a side and "
            f"{max_pixels} in all are taken"
        )
    if pixels * scans > MAX_WORK and scans > 1:
        raise BadImageFile(f"its {scans} scans of {header.width}x{header.height} pixels would take too long")
    return header


def without_extras(data: bytes) -> bytes:
    """A PNG without what is not needed for its pixels, such as animations and compressed texts; others as they are."""
    if not data.startswith(b"\x89PNG"):
        return data
    chunks = _chunks(data)
    if all(kind in _KEPT_CHUNKS for kind, _, _ in chunks):
        return data
    return data[:8] + b"".join(data[start:end] for kind, start, end in chunks if kind in _KEPT_CHUNKS)


def _foreign(data: bytes) -> str:
    if not data:
        return "it is empty"
    name = next((name for magic, name in _FOREIGN.items() if data.startswith(magic)), "")
    if data[4:8] == b"ftyp":
        name = _BRANDS.get(bytes(data[8:12]), "a film or an unknown kind of HEIF")
    if name:
        return f"it is {name}, which is not read: convert it to JPEG or PNG"
    return "it is none of JPEG, PNG, BMP and WebP"


def _png(data: bytes) -> tuple[Header, int]:
    chunks = _chunks(data)
    if [kind for kind, _, _ in chunks].count(b"IHDR") != 1 or chunks[0][:2] != (b"IHDR", 8) or chunks[0][2] != 33:
        raise BadImageFile("its PNG header is damaged")
    width, height = struct.unpack_from(">II", data, 16)
    return Header("PNG", width, height), 1


def _chunks(data: bytes) -> list[tuple[bytes, int, int]]:
    """Kind, begin and end of each chunk, up to the last one."""
    chunks: list[tuple[bytes, int, int]] = []
    place = 8
    while not chunks or chunks[-1][0] != b"IEND":
        if len(chunks) == MAX_PARTS:
            raise BadImageFile(f"it has more than {MAX_PARTS} PNG chunks")
        length, kind = struct.unpack_from(">I4s", data, place)
        if place + length + 12 > len(data):
            raise BadImageFile("it is cut short, or the length of one of its PNG chunks is wrong")
        chunks.append((kind, place, place + length + 12))
        place += length + 12
    return chunks


def _jpeg(data: bytes) -> tuple[Header, int]:
    place = 2
    for _ in range(MAX_PARTS):
        if data[place] != 0xFF:
            break
        marker = data[place + 1]
        if marker == 0xFF:  # filling
            place += 1
        elif marker == 0x01 or 0xD0 <= marker <= 0xD8:  # without content
            place += 2
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, place + 5)
            # Escaped in coded data, so each is a scan, or a part of the camera's thumbnail.
            return Header("JPEG", width, height), data.count(b"\xff\xda", place)
        elif marker in (0xD9, 0xDA):  # the end, or coded data of unknown size
            break
        else:
            place += 2 + struct.unpack_from(">H", data, place + 2)[0]
    raise BadImageFile("its JPEG header is damaged")


def _bmp(data: bytes) -> tuple[Header, int]:
    offset, size = struct.unpack_from("<II", data, 10)
    if size == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        compression = 0
    else:
        width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
    if compression not in (0, 3, 6):  # run lengths may leave pixels out
        raise BadImageFile("it is a compressed BMP, which is not read: convert it to JPEG or PNG")
    header = Header("BMP", max(0, width), abs(height))
    if offset + (header.width * bits + 31) // 32 * 4 * header.height > len(data):
        raise BadImageFile(f"it is cut short: {len(data)} bytes for a BMP of {header.width}x{header.height} pixels")
    return header, 1


def _webp(data: bytes) -> tuple[Header, int]:
    length, kind, chunk = struct.unpack_from("<I4x4sI", data, 4)
    if data[8:12] != b"WEBP" or length + 8 > len(data) or chunk + 12 > length:
        raise BadImageFile("it is cut short, or its WebP header is damaged")
    if kind == b"VP8X":
        flags, wide, high = struct.unpack_from("<I3s3s", data, 20)
        if flags & 2:
            raise BadImageFile("it is an animated WebP, which is not read: convert it to JPEG or PNG")
        return Header("WebP", 1 + int.from_bytes(wide, "little"), 1 + int.from_bytes(high, "little")), 1
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return Header("WebP", 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)), 1
    width, height = struct.unpack_from("<HH", data, 26)
    return Header("WebP", width & 0x3FFF, height & 0x3FFF), 1


_READERS: dict[bytes, Callable[[bytes], tuple[Header, int]]] = {
    b"\xff\xd8\xff": _jpeg,
    b"\x89PNG\r\n\x1a\n": _png,
    b"BM": _bmp,
    b"RIFF": _webp,
}
