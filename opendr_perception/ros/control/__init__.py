"""A robot that moves to see people: its topics, control loop, episodes and actions."""

from opendr_perception.ros.control.auto_follow import AutoFollow
from opendr_perception.ros.control.auto_identify import AutoIdentify
from opendr_perception.ros.control.drive_loop import DriveLoop
from opendr_perception.ros.control.episodes import Episodes
from opendr_perception.ros.control.explorer import LOOK_TIMEOUT, SETTLE, TopicExplorer
from opendr_perception.ros.control.guards import COMMANDERS, Guards, Watch
from opendr_perception.ros.control.identify import IdentifyAction
from opendr_perception.ros.control.parameters import ExplorerParameters
from opendr_perception.ros.control.sights import BODY, boxes
from opendr_perception.ros.control.state import MotionState
from opendr_perception.ros.control.stop_lock import StopLock
from opendr_perception.ros.control.topics import ControlTopics, guarded

__all__ = [
    "BODY",
    "COMMANDERS",
    "LOOK_TIMEOUT",
    "SETTLE",
    "AutoFollow",
    "AutoIdentify",
    "ControlTopics",
    "DriveLoop",
    "Episodes",
    "ExplorerParameters",
    "Guards",
    "IdentifyAction",
    "MotionState",
    "StopLock",
    "TopicExplorer",
    "Watch",
    "boxes",
    "guarded",
]
