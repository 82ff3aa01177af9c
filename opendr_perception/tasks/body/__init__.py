"""Body keypoints: single-person and bottom-up pose estimation, and keypoint layouts."""

from opendr_perception.tasks.body.bottom_up import BottomUpEstimator, PoseOverview
from opendr_perception.tasks.body.build import BodyMemory, PosePerceiver, build
from opendr_perception.tasks.body.calibration import ScoreCurves, curves_of
from opendr_perception.tasks.body.layouts import LAYOUTS, LIMBS, convert
from opendr_perception.tasks.body.pose import PeopleDetector, PoseEstimator, Poses
from opendr_perception.tasks.body.settings import Settings

__all__ = [
    "LAYOUTS",
    "LIMBS",
    "BodyMemory",
    "BottomUpEstimator",
    "PeopleDetector",
    "PoseEstimator",
    "PoseOverview",
    "PosePerceiver",
    "Poses",
    "ScoreCurves",
    "Settings",
    "build",
    "calibration",
    "convert",
    "curves_of",
    "formats",
    "grouping",
    "layouts",
]
