"""Films, bags, cameras and folders of images as one stream of frames."""

from opendr_perception.tasks.recordings.film import without_password
from opendr_perception.tasks.recordings.pacer import Pacer
from opendr_perception.tasks.recordings.source import VideoError
from opendr_perception.tasks.recordings.video import image_topics, open_source

__all__ = [
    "Pacer",
    "VideoError",
    "image_topics",
    "open_source",
    "packets",
    "video",
    "without_password",
]
