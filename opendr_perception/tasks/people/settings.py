"""Settings of the detection of people."""

from __future__ import annotations

from dataclasses import dataclass

from opendr_perception.settings import parameter
from opendr_perception.tasks.nms import NmsSettings


@dataclass(frozen=True)
class DetectionSettings(NmsSettings):
    """Detection and tracking of people."""

    score_threshold: float = parameter(
        0.46,
        "Detections below this score are left out. Lower values find more people and give more false positives. A "
        "track only begins with a score of 0.5, whatever this is; weaker detections continue it.",
        minimum=0.0,
        maximum=1.0,
    )
    input_size: int = parameter(
        416,
        "Longest side in pixels, a multiple of 32, to which images are resized to detect people. Larger finds people "
        "who are smaller than 50 pixels; of others it finds no more, and gives more false positives. The time "
        "grows with its square. A detector of yours that takes images of one size has that size.",
        minimum=32,
        maximum=2048,
        read_only=True,
    )
    quality: str = parameter(
        "standard",
        "high detects in two sizes of each image, input_size and three quarters of it: people whose height in one size "
        "the detector is unsure of are found in the other, for 1.7 times the time. With high_resolution, parts of an "
        "image are looked at in one size.",
        choices=("standard", "high"),
    )
    low_light: float = parameter(
        0.0,
        "In images whose mean colour, 0 to 255, is below this, contrast is stretched in each part of the image before "
        "people are detected. Worth it from about 12 down; 0 leaves all as they are. What it gains is on the page of "
        "person_detection.",
        minimum=0.0,
        maximum=255.0,
    )
    detect_every: int = parameter(
        1,
        "People are detected in every so many images that are processed, and carried by optical flow in between. Who "
        "appears in between is seen later. What that costs in accuracy is on the page of person_detection.",
        minimum=1,
        maximum=30,
    )
    tracking: bool = parameter(
        True, "Give each person an id that stays from image to image; false leaves track_id empty."
    )


@dataclass(frozen=True)
class Settings(DetectionSettings):
    """The detector of people."""

    model: str = parameter(
        "nanodet",
        "A person detector of the zoo or one of yours (opendr-perception models list, import), or the path of its ONNX "
        "file.",
        read_only=True,
    )
