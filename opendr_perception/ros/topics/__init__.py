"""From topics to the newest image or result of each stream, and what is wrong with it."""

from opendr_perception.ros.topics.calibration import Calibration, of_rectified_images, rectified_parameter
from opendr_perception.ros.topics.cameras import Cameras, pinhole
from opendr_perception.ros.topics.gaps import GAP_KINDS, Arrival, GapDetector, StreamStep
from opendr_perception.ros.topics.inputs import (
    ImageWithResult,
    Input,
    image_input,
    reliability_parameter,
    result_input,
    transport_parameter,
    with_images,
)
from opendr_perception.ros.topics.latest import Counts, LatestSlot
from opendr_perception.ros.topics.listener import Listener
from opendr_perception.ros.topics.packets import KINDS, PacketStream
from opendr_perception.ros.topics.pairing import Miss, Pairing
from opendr_perception.ros.topics.statistics import Statistics, Summary, statistics_message
from opendr_perception.ros.topics.stream import Stream

__all__ = [
    "GAP_KINDS",
    "KINDS",
    "Arrival",
    "Calibration",
    "Cameras",
    "Counts",
    "GapDetector",
    "ImageWithResult",
    "Input",
    "LatestSlot",
    "Listener",
    "Miss",
    "PacketStream",
    "Pairing",
    "Statistics",
    "Stream",
    "StreamStep",
    "Summary",
    "image_input",
    "names",
    "of_rectified_images",
    "pinhole",
    "rectified_parameter",
    "reliability_parameter",
    "result_input",
    "statistics_message",
    "transport_parameter",
    "with_images",
]
