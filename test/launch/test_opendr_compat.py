"""opendr_compat.launch.py, by `ros2 launch`: the topic names of the OpenDR nodes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from opendr_perception.msg import ActionArray, BodyPoseArray, DetectionArray, EmotionArray, FaceArray
from sensor_msgs.msg import Image


def test_results_and_annotated_images_have_the_names_of_opendr(
    graph: Any, launch: Callable[..., Any], models: Any, film: Path, looping: Path
) -> None:
    launch("opendr_compat.launch.py", f"namespace:={graph.namespace}", f"video:={film}", f"params_file:={looping}")
    graph.listen(FaceArray, "/opendr/face_recognition", publishers=1)
    graph.listen(EmotionArray, "/opendr/facial_emotion_estimation", publishers=1)
    graph.listen(ActionArray, "/opendr/skeleton_recognized_action", publishers=1)
    wanted = {
        "/opendr/poses": BodyPoseArray,
        "/opendr/objects": DetectionArray,
        "/opendr/image_pose_annotated": Image,
        "/opendr/image_objects_annotated": Image,
    }
    collectors = {topic: graph.listen(kind, topic) for topic, kind in wanted.items()}
    for collector in collectors.values():
        assert collector.wait()[0].header.frame_id == "camera"
    for topic in ("/opendr/image_pose_annotated", "/opendr/image_objects_annotated"):
        assert collectors[topic].subscription.get_publisher_count() == 1
