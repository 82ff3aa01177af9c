"""Settings of pose estimation."""

from __future__ import annotations

from dataclasses import dataclass

from opendr_perception.settings import parameter
from opendr_perception.tasks.body.layouts import LAYOUTS
from opendr_perception.tasks.people import DetectionSettings

OVERVIEWS = {"detector": 0.25, "presence": 0.95, "pose": 0.1}
"""Methods of the glance, and the value of the heatmap from which on a closer look is worth it."""


@dataclass(frozen=True)
class Settings(DetectionSettings):
    """Poses."""

    model: str = parameter(
        "movenet-lightning",
        "movenet-lightning is fast, movenet-thunder is more exact at about four times the cost; movenet-multipose "
        "finds up to six people at once, for the time of one; or a pose network of yours (opendr-perception models "
        "list, import), or the path of an ONNX file: of one of these, or of Lightweight OpenPose, written by "
        "opendr_perception.training.body.export.",
        read_only=True,
    )
    people: str = parameter(
        "own",
        "Who finds the people: own, the detector of this node, which gives them ids of its own; or topic, whoever "
        "publishes persons, such as person_detection: each image waits for the persons of its stamp, poses have their "
        "ids, nobody is looked for twice, and what is set here about finding people has no effect.",
        choices=("own", "topic"),
        read_only=True,
    )
    detector: str = parameter(
        "nanodet",
        "A person detector of the zoo or one of yours (opendr-perception models list, import), or the path of its ONNX "
        "file. A pose network that finds all people at once needs it for the overview only.",
        read_only=True,
    )
    max_persons: int = parameter(
        20,
        "Largest number of people who are processed, the largest ones first; the time grows with it.",
        minimum=1,
        maximum=1000,
    )
    max_fresh: int = parameter(
        0,
        "With more people than this in an image, only so many, in turn, and those who are new, are looked at by the "
        "network; the keypoints of the others are carried by optical flow. 0 looks at everybody. What that costs in "
        "accuracy is on the node's page.",
        minimum=0,
        maximum=1000,
    )
    calibrated_scores: bool = parameter(
        False,
        "Scores of keypoints say how often one like it is right, within 10 cm, and are low for joints that the image "
        "does not show; measured on rendered people, for the networks of this package. false keeps the network's own, "
        "with which action_recognition was trained: leave it so for that node.",
    )
    layout: str = parameter(
        "coco17",
        "Order of the keypoints. openpose18 has one more, the neck: the middle of the shoulders.",
        choices=LAYOUTS,
    )
    high_resolution: bool = parameter(
        False,
        "For large images with small people: glance at the image in base_height_1, and look closer, in base_height_2, "
        "only where somebody may be. input_size is not used then.",
    )
    base_height_1: int = parameter(
        360,
        "With high_resolution: pixels of the shorter side of the image in the glance, at least; blocks of pixels are "
        "averaged. Larger finds smaller people. An image less than twice as large is looked at without a glance, at "
        "this height.",
        minimum=64,
        maximum=4096,
    )
    base_height_2: int = parameter(
        200,
        "With high_resolution: pixels of the height of each part that is looked at closer. The parts together never "
        "have more pixels than the whole image at this height, which limits the time that an image takes.",
        minimum=64,
        maximum=4096,
    )
    overview: str = parameter(
        "detector",
        "With high_resolution: method of the glance: the detector's own scores, the network of the node "
        "human_presence, or Lightweight OpenPose, if that is the model.",
        choices=OVERVIEWS,
        read_only=True,
    )
