"""perception.launch.py under the topic names of the OpenDR ROS 2 nodes, with the same arguments.

    ros2 launch opendr_perception opendr_compat.launch.py image:=/image_raw nodes:=pose_estimation

The names are the same, the types are not: a result is one typed array for each image, with the image's header, where
OpenDR sends one opendr_interface/OpenDRPose2D for each person, or vision_msgs of ROS 2 Foxy. Code that subscribes has
to change by a few lines; docs/migration-from-opendr.md shows which. Annotated images are sensor_msgs/Image in both.
"""

from launch import LaunchDescription
from launch.actions import GroupAction, OpaqueFunction
from launch_ros.actions import SetRemap

from opendr_perception.ros.launching import PERCEPTION, perception

OPENDR_TOPICS = {
    "poses": "/opendr/poses",
    "pose_estimation:~/image": "/opendr/image_pose_annotated",
    "persons": "/opendr/objects",
    "person_detection:~/image": "/opendr/image_objects_annotated",
    "faces": "/opendr/face_recognition",
    "face_recognition:~/image": "/opendr/image_face_reco_annotated",
    "emotions": "/opendr/facial_emotion_estimation",
    "emotion_recognition:~/image": "/opendr/image_emotion_estimation_annotated",
    "actions": "/opendr/skeleton_recognized_action",
}


def generate_launch_description() -> LaunchDescription:
    remaps = [SetRemap(ours, theirs) for ours, theirs in OPENDR_TOPICS.items()]
    return LaunchDescription([*PERCEPTION, GroupAction([*remaps, OpaqueFunction(function=perception)])])
