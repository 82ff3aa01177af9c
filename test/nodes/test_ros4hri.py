"""The node `ros4hri` over real topics, read as libhri reads them; with the types that `make test` builds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from opendr_perception.msg import (
    Audio,
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
    Voice,
    VoiceArray,
)
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Bool, String

from opendr_perception.nodes import ros4hri
from opendr_perception.nodes.ros4hri import Ros4hri
from opendr_perception.ros.hri import bridge, features
from opendr_perception.ros.node import qos

SIZE = {"width": 64, "height": 48}
BODY, HEAD = Box(x_min=16.0, y_min=0.0, x_max=48.0, y_max=48.0), Box(x_min=24.0, y_min=4.0, x_max=39.5, y_max=15.0)


def test_without_hri_msgs_it_names_what_to_install(
    graph: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ROS_DISTRO", "kilted")
    monkeypatch.setattr(ros4hri, "messages", lambda package: None)
    graph.run(Ros4hri)
    assert graph.state(f"{graph.namespace}/ros4hri") == "unconfigured"
    assert "hri_msgs is not installed: apt install ros-kilted-hri-msgs" in capfd.readouterr().err


class Humans:
    """Publishes what other nodes find of one person, and hears what ros4hri makes of it."""

    def __init__(self, graph: Any, types: Any, **parameters: Any) -> None:
        self.graph, self.types, self.stamp = graph, types, 10.0
        self.root = f"{graph.namespace}/humans"
        graph.run(Ros4hri, root=self.root, **parameters)
        kinds = {
            "persons": DetectionArray, "poses": BodyPoseArray, "faces": FaceArray, "emotions": EmotionArray,
            "people": PersonArray, "voices": VoiceArray,
        }  # fmt: skip
        self.topics = {name: graph.publisher(kind, name) for name, kind in kinds.items()}

    def latched(self, kind: type, topic: str) -> list[Any]:
        """Messages of a latched topic, for whoever comes late."""
        found: list[Any] = []
        self.graph.observer.create_subscription(kind, f"{self.root}/{topic}", found.append, qos.latest())
        return found

    def until(self, found: list[Any], wanted: Any) -> Any:
        self.graph.wait(lambda: any(map(wanted, found)), lambda: f"{found[-1:]}")
        return next(filter(wanted, found))

    def show(self, topic: str, **fields: Any) -> None:
        self.stamp += 0.1
        message = {
            "persons": lambda: DetectionArray(
                **SIZE, detections=[Detection(track_id="b-1", label="person", score=0.9, box=BODY)]
            ),
            "poses": lambda: BodyPoseArray(
                **SIZE,
                layout="coco17",
                poses=[BodyPose(track_id="b-1", keypoints=[Keypoint(x=32.0, y=8.0, score=0.9)] * 17)],
            ),
            "faces": lambda: FaceArray(**SIZE, faces=[Face(track_id="f-1", score=0.8, box=HEAD)]),
            "emotions": lambda: EmotionArray(
                labels=["happy"], emotions=[Emotion(track_id="f-1", probabilities=[1.0], valence=0.5)]
            ),
            "voices": lambda: VoiceArray(voices=[Voice(voice_id="3", speaking=True)]),
            "people": lambda: PersonArray(**SIZE, people=[Person(**(self.person() | fields))]),
        }[topic]()
        message.header = self.graph.header(self.stamp)
        self.topics[topic].publish(message)

    def person(self) -> dict[str, Any]:
        return {
            "person_id": "p_1", "name": "Ann", "name_confidence": 0.6, "name_source": Person.NAME_FACE,
            "body_id": "b-1", "face_id": "f-1", "visible": True, "looking": True, "distance": 1.0, "box": BODY,
            "zone": Person.ZONE_PERSONAL, "position_source": Person.POSITION_DEPTH,
        }  # fmt: skip


@pytest.fixture
def types(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(features, "SILENT", 600.0)  # machines that run tests can be slow
    return pytest.importorskip("hri_msgs.msg", reason="hri_msgs is not installed")


def test_faces_and_bodies_have_topics_while_they_are_tracked(graph: Any, types: Any) -> None:
    humans = Humans(graph, types)
    for topic in ("persons", "faces"):
        humans.show(topic)
    tracked = humans.latched(types.IdsList, "faces/tracked")
    assert humans.until(tracked, lambda message: message.ids).ids == ["f_1"]
    roi = graph.listen(types.NormalizedRegionOfInterest2D, f"{humans.root}/faces/f_1/roi", publishers=1)
    skeletons = graph.listen(types.Skeleton2D, f"{humans.root}/bodies/b_1/skeleton2d", publishers=1)
    expressions = graph.listen(types.Expression, f"{humans.root}/faces/f_1/expression", publishers=1)
    for topic in ("faces", "persons", "poses", "emotions"):
        humans.show(topic)
    assert (roi.wait()[0].xmin, roi.wait()[0].c) == (pytest.approx(24 / 64), pytest.approx(0.8))
    assert skeletons.wait()[0].skeleton[0].x == pytest.approx(0.5)
    assert expressions.wait()[0].expression == "happy"
    assert roi.wait()[0].header.frame_id == "eye"


def test_cut_outs_are_made_of_the_image_of_the_same_stamp_while_somebody_wants_them(graph: Any, types: Any) -> None:
    humans = Humans(graph, types)
    humans.show("faces")
    cropped = graph.listen(Image, f"{humans.root}/faces/f_1/cropped", publishers=1)
    camera = graph.publisher(Image, "image_raw")  # only subscribed since somebody wants cut-outs
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[4:16, 24:40] = 200
    camera.publish(graph.image(pixels, 50.0))
    faces = FaceArray(**SIZE, header=graph.header(50.0), faces=[Face(track_id="f-1", score=0.8, box=HEAD)])

    def ask() -> bool:  # again and again, since the image may come after the faces here
        humans.topics["faces"].publish(faces)
        return bool(cropped.messages)

    graph.wait(ask, lambda: "no cut-out")
    found = cropped.wait()[0]
    assert (found.width, found.height, found.encoding) == (128, 128, "bgr8"), "as REP 155 has it"
    cut = np.array(found.data).reshape(128, 128, 3)
    assert set(cut[16:112].ravel().tolist()) == {200} and not cut[:16].any() and not cut[112:].any()


def test_persons_are_latched_with_their_parts_names_and_engagement(graph: Any, types: Any) -> None:
    humans = Humans(graph, types)
    matches = graph.listen(types.IdsMatch, f"{humans.root}/candidate_matches", publishers=1)
    humans.show("people")
    for topic, value in (("face_id", "f_1"), ("body_id", "b_1"), ("name", "Ann"), ("voice_id", "")):
        told = humans.latched(String, f"persons/p_1/{topic}")
        assert humans.until(told, lambda message: True).data == value
    assert humans.until(humans.latched(Bool, "persons/p_1/anonymous"), lambda message: True).data is False
    for listing in ("known", "tracked", "in_personal_space"):
        humans.until(humans.latched(types.IdsList, f"persons/{listing}"), lambda message: message.ids == ["p_1"])
    match = {(each.id1, each.id1_type, each.id2): each.confidence for each in matches.wait(2)}
    assert match["f_1", types.IdsMatch.FACE, "p_1"] == pytest.approx(0.6)
    engagement = graph.listen(types.EngagementLevel, f"{humans.root}/persons/p_1/engagement_status", publishers=1)
    for _ in range(12):
        humans.show("people")
    engagement.find(lambda message: message.level == types.EngagementLevel.ENGAGED, "engagement")
    humans.show("people", visible=False, face_id="f-1")
    over = matches.find(lambda each: each.confidence == 0.0, "end of a match")
    assert over.id2 == "p_1"
    humans.until(humans.latched(String, "persons/p_1/face_id"), lambda message: message.data == "")
    humans.until(humans.latched(types.IdsList, "persons/known"), lambda message: message.ids == ["p_1"])


def test_what_falls_silent_is_tracked_no_more(graph: Any, types: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    humans = Humans(graph, types)
    humans.show("voices")
    humans.show("people")
    voices = humans.latched(types.IdsList, "voices/tracked")
    persons = humans.latched(types.IdsList, "persons/tracked")
    for told in (voices, persons):
        humans.until(told, lambda message: message.ids)
    monkeypatch.setattr(features, "SILENT", 0.0)
    for told in (voices, persons):
        graph.wait(lambda t=told: not t[-1].ids, lambda: "still tracked")


def test_a_voice_has_the_sound_that_is_heard_while_it_speaks_and_while_somebody_listens(graph: Any, types: Any) -> None:
    kind = pytest.importorskip("audio_common_msgs.msg", reason="audio_common_msgs is not installed").AudioData
    humans = Humans(graph, types)
    humans.show("voices")
    sounds = graph.listen(kind, f"{humans.root}/voices/i3/audio", publishers=1)
    microphone = graph.publisher(Audio, "audio")  # only subscribed since somebody listens
    stereo = np.array([[0.5, 0.25], [-0.5, 0.0]], np.float32)
    piece = Audio(header=graph.header(50.0), sample_rate=16000, channels=2, encoding="F32LE", data=stereo.tobytes())

    def said(speaking: bool) -> bool:
        microphone.publish(piece)
        voice = Voice(voice_id="3", speaking=speaking)
        humans.topics["voices"].publish(VoiceArray(header=graph.header(51.0), voices=[voice]))
        return bool(sounds.messages)

    for _ in range(3):
        assert not said(speaking=False), "nobody speaks"
    graph.wait(lambda: said(speaking=True), lambda: "no sound of a voice")
    found = np.frombuffer(bytes(sounds.wait()[0].data), "<i2") / 2**15
    assert found.tolist() == [0.375, -0.25], "one channel, 16 bits"


def test_without_messages_of_sound_a_voice_still_speaks(
    graph: Any, types: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bridge, "messages", lambda package: None)
    humans = Humans(graph, types)
    humans.show("voices")
    speaking = graph.listen(Bool, f"{humans.root}/voices/i3/is_speaking", publishers=1)
    humans.show("voices")
    assert speaking.wait()[0].data
    assert graph.observer.count_publishers(f"{humans.root}/voices/i3/audio") == 0


def test_several_cameras_do_not_mix_their_ids(graph: Any, types: Any) -> None:
    node = graph.run(Ros4hri, root=f"{graph.namespace}/humans", streams=["front", "rear"])
    listed: list[Any] = []
    graph.observer.create_subscription(
        types.IdsList, f"{graph.namespace}/humans/faces/tracked", listed.append, qos.latest()
    )
    for stream in node.params.streams:
        message = FaceArray(**SIZE, header=graph.header(1.0), faces=[Face(track_id="f-1", score=0.8, box=HEAD)])
        graph.publisher(FaceArray, f"{stream}/faces").publish(message)
    graph.wait(lambda: listed and listed[-1].ids == ["front_f_1", "rear_f_1"], lambda: f"{listed[-1:]}")


def test_faces_gazes_and_bodies_have_frames_in_that_of_their_camera(graph: Any, types: Any) -> None:
    tf = pytest.importorskip("tf2_msgs.msg", reason="tf2_msgs is not installed").TFMessage
    humans = Humans(graph, types)
    heard: dict[str, Any] = {}

    def take(message: Any) -> None:
        heard.update({each.child_frame_id: each for each in message.transforms})

    graph.observer.create_subscription(tf, "/tf", take, 50)
    lens = graph.publisher(CameraInfo, "camera_info")
    matrix = [64.0, 0.0, 32.0, 0.0, 64.0, 24.0, 0.0, 0.0, 1.0]
    landmarks = [Keypoint(x=x, y=9.0, score=1.0) for x in (28.0, 36.0)]
    head = Face(track_id="f-1", score=0.8, box=HEAD, landmarks=landmarks, yaw=0.2, pitch=0.0, roll=0.0)
    points = [Keypoint(x=32.0, y=8.0, score=0.9) for _ in range(17)]
    for place, (x, y) in {5: (40, 16), 6: (24, 16), 11: (38, 30), 12: (26, 30)}.items():
        points[place] = Keypoint(x=float(x), y=float(y), score=0.9)

    def ask() -> bool:
        humans.stamp += 0.1
        header = graph.header(humans.stamp)
        lens.publish(CameraInfo(header=header, k=matrix, **SIZE))
        humans.show("people")
        humans.topics["faces"].publish(FaceArray(header=header, faces=[head], **SIZE))
        poses = [BodyPose(track_id="b-1", keypoints=points)]
        humans.topics["poses"].publish(BodyPoseArray(header=header, layout="coco17", poses=poses, **SIZE))
        return {"face_f_1", "gaze_f_1", "body_b_1"} <= set(heard)

    graph.wait(ask, lambda: f"frames: {list(heard)}")
    assert heard["face_f_1"].header.frame_id == heard["body_b_1"].header.frame_id == "eye"
    assert heard["gaze_f_1"].header.frame_id == "face_f_1"
    assert heard["face_f_1"].transform.translation.z == pytest.approx(1.0, abs=0.01), "as far as people says"
    assert heard["body_b_1"].transform.translation.y == pytest.approx(6 / 64, abs=0.01), "between the hips"
