"""The node `people` over real topics: who is there, by which id, where, and what happens."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from geometry_msgs.msg import PoseArray
from opendr_perception.msg import (
    Action,
    ActionArray,
    BodyPose,
    BodyPoseArray,
    Box,
    Detection,
    DetectionArray,
    Emotion,
    EmotionArray,
    Face,
    FaceArray,
    Keypoint,
    Person,
    PersonArray,
    PersonEvent,
    Voice,
    VoiceArray,
)
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import CameraInfo, Image, PointCloud2
from visualization_msgs.msg import MarkerArray

from opendr_perception.nodes.people import People
from opendr_perception.ros.convert import images
from opendr_perception.ros.robot.messages import OPTICAL, camera_info, transform

SIZE = {"width": 640, "height": 480}
STANDING = (290.0, 80.0, 350.0, 290.0)
HEAD = (308.0, 82.0, 332.0, 106.0)
MATRIX = np.array([[500.0, 0, 320], [0, 500.0, 240], [0, 0, 1]])


def box(corners: Sequence[float]) -> Box:
    return Box(x_min=corners[0], y_min=corners[1], x_max=corners[2], y_max=corners[3])


Bodies = Sequence[tuple[str, Sequence[float]]]


class Camera:
    """Publishes what other nodes find in images of one camera, at 10 Hz."""

    def __init__(self, graph: Any, stream: str = "", stamp: float = 100.0) -> None:
        self.graph, self.stamp = graph, stamp
        kinds = {
            "persons": DetectionArray,
            "poses": BodyPoseArray,
            "faces": FaceArray,
            "actions": ActionArray,
            "emotions": EmotionArray,
            "voices": VoiceArray,
            "image_raw": Image,
            "camera_info": CameraInfo,
            "depth/image": Image,
        }
        prefix = f"{stream}/" if stream else ""
        self.topics = {kind: graph.publisher(of, prefix + kind) for kind, of in kinds.items()}

    def show(
        self, *kinds: str, bodies: Sequence[tuple[str, Sequence[float]]] = (("b1", STANDING),), **late: float
    ) -> None:
        """Publish the next image's messages of some kinds, persons last; `late` adds to the stamp of a kind."""
        self.stamp += 0.1
        for kind in (*kinds, "persons"):
            self.topics[kind].publish(getattr(self, kind.replace("/", "_"))(self.stamp + late.get(kind, 0.0), bodies))

    def play(self, people: Any, *kinds: str, count: int = 8, **more: Any) -> PersonArray:
        """Show so many images, each once the one before is answered; the last answer."""
        for _ in range(count):
            before = len(people.messages)
            self.show(*kinds, **more)
            people.wait(before + 1)
        return people.messages[-1]

    def persons(self, stamp: float, bodies: Any) -> DetectionArray:
        found = [Detection(track_id=name, label="person", score=0.9, box=box(corners)) for name, corners in bodies]
        return DetectionArray(header=self.graph.header(stamp), detections=found, **SIZE)

    def poses(self, stamp: float, bodies: Any) -> BodyPoseArray:
        rows = [10.0, 8.0, 8.0, 9.0, 9.0, *(10.0 * k for k in range(5, 17))]  # the head, and down to the feet
        points = [Keypoint(x=c[0] + 30, y=c[1] + row, score=0.9) for _, c in bodies for row in rows]
        found = [
            BodyPose(track_id=name, score=0.9, box=box(corners), keypoints=points[17 * k : 17 * k + 17])
            for k, (name, corners) in enumerate(bodies)
        ]
        return BodyPoseArray(header=self.graph.header(stamp), layout="coco17", poses=found, **SIZE)

    def faces(self, stamp: float, bodies: Any) -> FaceArray:
        marks = [Keypoint(x=x, y=90.0, score=1.0) for x in (315.0, 325.0, 320.0, 320.0, 311.0, 329.0)]
        face = Face(
            track_id="f1", score=0.9, box=box(HEAD), landmarks=marks, identity="Ann", identity_confidence=0.6,
            identity_distance=0.2, yaw=0.0, pitch=-0.3, roll=0.0,
        )  # fmt: skip
        return FaceArray(header=self.graph.header(stamp), faces=[face], **SIZE)

    def actions(self, stamp: float, bodies: Any) -> ActionArray:
        action = Action(track_id="b1", label="walk", score=0.8, probabilities=[0.2, 0.8], frames=90, warm=True)
        return ActionArray(header=self.graph.header(stamp), labels=["stand", "walk"], actions=[action])

    def emotions(self, stamp: float, bodies: Any) -> EmotionArray:
        emotion = Emotion(track_id="f1", label="happy", probabilities=[0.1, 0.9], valence=0.7, arousal=0.2, frames=9)
        return EmotionArray(header=self.graph.header(stamp), labels=["neutral", "happy"], emotions=[emotion])

    def voices(self, stamp: float, bodies: Any) -> VoiceArray:
        voice = Voice(voice_id="7", speaking=True, score=0.9, face_id="f1")
        return VoiceArray(header=self.graph.header(stamp + 0.012), voices=[voice])  # sound has stamps of its own

    def image_raw(self, stamp: float, bodies: Any) -> Image:
        return images.to_message(np.full((480, 640, 3), 90, np.uint8), self.graph.header(stamp))

    def camera_info(self, stamp: float, bodies: Any) -> CameraInfo:
        return camera_info(self.graph.header(stamp), 640, 480, MATRIX)

    def depth_image(self, stamp: float, bodies: Any) -> Image:
        return images.to_message(np.full((240, 320), 3000, np.uint16), self.graph.header(stamp), "16UC1")


@pytest.fixture
def people(graph: Any) -> Any:
    """Answers of the node; it waits for nothing that is not there."""
    graph.run(People)
    return graph.listen(PersonArray, "people", publishers=1)


def test_everything_that_is_found_of_a_person_is_joined(graph: Any, people: Any) -> None:
    events = graph.listen(PersonEvent, "events", publishers=1)
    camera = Camera(graph)
    everything = ("image_raw", "camera_info", "poses", "faces", "actions", "emotions", "voices")
    answer = camera.play(people, *everything, count=10)
    assert answer.header == graph.header(camera.stamp)
    assert (answer.width, answer.height) == (640, 480)
    [person] = answer.people
    assert (person.body_id, person.face_id, person.name) == ("b1", "f1", "Ann")
    assert (person.name_source, person.visible) == (Person.NAME_FACE, True)
    assert person.name_confidence == pytest.approx(0.6)
    assert (person.action, person.expression, person.valence) == ("walk", "happy", pytest.approx(0.7))
    assert (person.speaking, person.voice_id) == (True, "7")
    assert person.position_source == Person.POSITION_SIZE
    assert person.distance == pytest.approx(person.position.z, rel=0.1)
    assert 2 < person.distance < 6
    assert person.zone in (Person.ZONE_SOCIAL, Person.ZONE_PUBLIC)
    assert np.linalg.eigvalsh(np.array(person.position_covariance).reshape(3, 3)).min() > 0
    assert person.looking
    assert {(event.kind, event.begins, event.person_id) for event in events.wait(2)} >= {
        ("appeared", True, person.person_id),
        ("named", True, person.person_id),
    }


def test_bodies_alone_are_people_too_and_depth_tells_where(graph: Any, people: Any) -> None:
    camera = Camera(graph)
    [person] = camera.play(people).people
    assert (person.face_id, person.name, person.position_source) == ("", "", Person.POSITION_NONE)
    assert math.isnan(person.position.x)
    assert math.isnan(person.distance)
    graph.diagnosis("joined", "without poses nobody is seen to fall, lie, wave or point; without faces nobody is named")
    [located] = camera.play(people, "camera_info", "depth/image").people
    assert located.person_id == person.person_id
    assert located.position_source == Person.POSITION_DEPTH
    assert located.position.z == pytest.approx(3.1, abs=0.1)


def test_a_voice_that_is_silent_or_nobodys_makes_nobody_speak(graph: Any, people: Any) -> None:
    camera = Camera(graph)
    for changes in ({"speaking": False}, {"face_id": ""}, {"face_id": "another"}):
        said = Voice(**{"voice_id": "7", "speaking": True, "score": 0.9, "face_id": "f1", **changes})
        camera.voices = lambda stamp, _, said=said: VoiceArray(header=graph.header(stamp), voices=[said])  # type: ignore[method-assign]
        [person] = camera.play(people, "faces", "voices", count=8).people
        assert (person.face_id, person.speaking, person.voice_id) == ("f1", False, "")


def test_nobody_is_an_empty_array(graph: Any, people: Any) -> None:
    assert Camera(graph).play(people, count=1, bodies=()).people == []


def test_results_of_other_stamps_are_not_joined_and_that_is_said(graph: Any, people: Any) -> None:
    camera = Camera(graph)
    [person] = camera.play(people, "faces", count=14, faces=-0.83).people
    assert person.face_id == ""
    graph.diagnosis("joined", "behind persons, and is not joined: both must be of one camera")


def test_results_that_are_late_are_not_said_to_be_of_another_camera(graph: Any, people: Any) -> None:
    camera = Camera(graph)
    for number in range(25):
        before = len(people.messages)
        camera.show()
        if number >= 8:
            late = camera.faces(camera.stamp, ())
            late.header.stamp = people.messages[number - 8].header.stamp
            camera.topics["faces"].publish(late)
        people.wait(before + 1)
    graph.diagnosis("joined", "faces is 0.80 s behind when people have waited 0.25 s for it, and is not joined")


def test_what_cannot_be_used_costs_nothing_but_itself(graph: Any, people: Any) -> None:
    camera = Camera(graph)
    other = camera.depth_image
    camera.depth_image = lambda stamp, bodies: images.to_message(  # type: ignore[method-assign]
        np.zeros((100, 400), np.uint16), graph.header(stamp), "16UC1"
    )
    assert len(camera.play(people, "camera_info", "depth/image").people) == 1
    graph.diagnosis("joined", "another shape")
    camera.depth_image = other  # type: ignore[method-assign]
    poses = camera.poses
    camera.poses = lambda stamp, bodies: BodyPoseArray(  # type: ignore[method-assign]
        header=graph.header(stamp), layout="ntu25", poses=poses(stamp, bodies).poses, **SIZE
    )
    [person] = camera.play(people, "camera_info", "depth/image", "poses").people
    assert person.position_source == Person.POSITION_DEPTH
    graph.diagnosis("joined", "unknown layout")


def test_a_frame_that_tf_does_not_know_locates_nobody_and_that_is_said(graph: Any) -> None:
    graph.run(People, target_frame="map")
    people = graph.listen(PersonArray, "people", publishers=1)
    answer = Camera(graph).play(people, "camera_info")
    assert answer.header.frame_id == "map"
    assert answer.people[0].position_source == Person.POSITION_NONE
    graph.diagnosis("joined", "nobody is located")


def test_tf_that_comes_late_locates_people_who_then_have_frames(graph: Any) -> None:
    kind = pytest.importorskip("tf2_msgs.msg", reason="tf2_msgs is not installed").TFMessage
    graph.run(People, target_frame="map")
    people = graph.listen(PersonArray, "people", publishers=1)
    camera = Camera(graph)
    assert camera.play(people, "camera_info").people[0].position_source == Person.POSITION_NONE
    frames: dict[str, Any] = {}
    graph.observer.create_subscription(
        kind, "/tf", lambda message: frames.update({each.child_frame_id: each for each in message.transforms}), 50
    )
    lasting = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    publisher = graph.observer.create_publisher(kind, "/tf_static", lasting)
    header = graph.header(1.0)
    header.frame_id = "map"
    publisher.publish(kind(transforms=[transform(header, "eye", (0.0, 0.0, 1.2), OPTICAL)]))

    def located() -> bool:
        person = camera.play(people, "camera_info", count=1).people[0]
        return bool(person.position_source != Person.POSITION_NONE and f"person_{person.person_id}" in frames)

    graph.wait(located, lambda: f"frames: {list(frames)}")
    [frame] = [each for name, each in frames.items() if name.startswith("person_")]
    assert frame.header.frame_id == "map"
    assert frame.transform.translation.x > 0.5, "before the camera, which looks along x"


def test_two_cameras_share_their_people_and_clocks_that_differ_are_said(
    graph: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    graph.run(People, streams=["front", "rear"])
    front = graph.listen(PersonArray, "front/people", publishers=1)
    rear = graph.listen(PersonArray, "rear/people", publishers=1)
    [ann] = Camera(graph, "front", 5000.0).play(front, "faces").people
    [again] = Camera(graph, "rear", 100.0).play(rear, "faces").people
    assert (ann.camera, again.camera) == ("front", "rear")
    assert again.name == "Ann"
    assert again.person_id == ann.person_id
    assert "behind those of another camera" in capfd.readouterr().err


def test_other_stacks_take_people_as_markers_poses_and_obstacles(graph: Any) -> None:
    graph.run(People, target_frame="eye", ground_plane=False)  # the camera's own frame, as if it lay on the floor
    people = graph.listen(PersonArray, "people", publishers=1)
    camera = Camera(graph)
    camera.play(people, "camera_info", "depth/image", "poses")
    kinds = {"markers": MarkerArray, "positions": PoseArray, "obstacles": PointCloud2}
    heard = {topic: graph.listen(kind, f"people/{topic}", publishers=1) for topic, kind in kinds.items()}
    answer = camera.play(people, "camera_info", "depth/image", "poses", count=1)
    positions = heard["positions"].find(lambda message: message.header == answer.header, "positions")
    obstacles = heard["obstacles"].find(lambda message: message.header == answer.header, "obstacles")
    markers = heard["markers"].wait()[-1]
    assert {marker.ns for marker in markers.markers} == {"", "boxes", "skeletons", "names"}
    assert positions.poses[0].position == answer.people[0].position
    assert obstacles.width > 100


def test_obstacles_need_a_floor_and_whoever_asks_for_them_is_told(
    graph: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    graph.run(People)
    people = graph.listen(PersonArray, "people", publishers=1)
    graph.listen(PointCloud2, "people/obstacles", publishers=1)
    Camera(graph).play(people, count=3)
    assert "known in target_frame only: set that parameter" in capfd.readouterr().err


def test_thirty_people_and_an_id_that_is_given_twice_are_served(graph: Any, people: Any) -> None:
    camera = Camera(graph)
    crowd = [(f"b{k}", (20.0 * k, 100.0, 20.0 * k + 18, 170.0)) for k in range(30)]
    assert len(camera.play(people, "poses", bodies=crowd).people) == 30
    twice = camera.play(people, bodies=[("b1", STANDING), ("b1", (20.0, 100.0, 38.0, 170.0))], count=1)
    assert len([person for person in twice.people if person.visible and person.body_id == "b1"]) <= 1


def test_an_id_that_is_given_to_somebody_else_is_said(
    graph: Any, people: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    camera = Camera(graph)
    [ann] = camera.play(people, "image_raw").people
    camera.image_raw = lambda stamp, _: images.to_message(  # type: ignore[method-assign]
        np.full((480, 640, 3), (200, 30, 30), np.uint8), graph.header(stamp)
    )
    answer = camera.play(people, "image_raw", bodies=[("b1", (20.0, 100.0, 80.0, 310.0))])
    assert [person.person_id == ann.person_id for person in answer.people if person.visible] == [False]
    assert "an id is given to somebody else" in capfd.readouterr().err
    camera.show("image_raw", bodies=[("b1", STANDING), ("b1", (20.0, 100.0, 80.0, 310.0))])
    graph.wait(lambda: "an id is given to two people" in capfd.readouterr().err, lambda: "nothing is said")


def test_parameters_change_while_it_runs(graph: Any, people: Any) -> None:
    node = f"{graph.namespace}/people"
    assert graph.set_parameter(node, "near", 3.0) == ""
    assert "near" in graph.set_parameter(node, "near", 1000.0)
    assert "cannot be changed" in graph.set_parameter(node, "target_frame", "odom")
