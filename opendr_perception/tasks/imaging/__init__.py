"""Images and heatmaps: what all capabilities begin with."""

from opendr_perception.tasks.imaging.camera import PinholeCamera
from opendr_perception.tasks.imaging.encodings import Convert, by_rosbags
from opendr_perception.tasks.imaging.file import SUFFIXES, is_utf8, printable, read_image
from opendr_perception.tasks.imaging.flow import Grey, Places
from opendr_perception.tasks.imaging.header import MAX_PIXELS, BadImageFile
from opendr_perception.tasks.imaging.heatmap import Heatmap, regions, smooth
from opendr_perception.tasks.imaging.image import (
    Fit,
    Image,
    Letterbox,
    Order,
    Pixels,
    around,
    crop_resize,
    letterbox,
    square,
    to_bgr,
    warp,
)
from opendr_perception.tasks.imaging.light import is_dark, lit
from opendr_perception.tasks.imaging.message import COMPRESSED, RAW, BadImage, deserialize, is_readable
from opendr_perception.tasks.imaging.pixel_range import PixelRange, PixelRanges
from opendr_perception.tasks.imaging.rhythm import Rhythm

__all__ = [
    "COMPRESSED",
    "MAX_PIXELS",
    "RAW",
    "SUFFIXES",
    "BadImage",
    "BadImageFile",
    "Convert",
    "Fit",
    "Grey",
    "Heatmap",
    "Image",
    "Letterbox",
    "Order",
    "PinholeCamera",
    "PixelRange",
    "PixelRanges",
    "Pixels",
    "Places",
    "Rhythm",
    "around",
    "by_rosbags",
    "crop_resize",
    "deserialize",
    "is_dark",
    "is_readable",
    "is_utf8",
    "letterbox",
    "lit",
    "printable",
    "read_image",
    "regions",
    "smooth",
    "square",
    "to_bgr",
    "warp",
]
