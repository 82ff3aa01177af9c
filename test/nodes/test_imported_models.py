"""Models that a user has imported, in the nodes, over real topics: what they see is where it is in the image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from opendr_perception.msg import BodyPoseArray, Box, DetectionArray, EmotionArray, Face, FaceArray
from opendr_perception.srv import EnrollFace
from sensor_msgs.msg import Image as ImageMessage

from opendr_perception import zoo
from opendr_perception.active.perception import GalleryRecogniser
from opendr_perception.nodes.emotion_recognition import EmotionRecognition
from opendr_perception.nodes.face_recognition import FaceRecognition
from opendr_perception.nodes.person_detection import PersonDetection
from opendr_perception.nodes.pose_estimation import PoseEstimation
from opendr_perception.tasks.face import align, similarity
from opendr_perception.tasks.imaging import Image
from opendr_perception.zoo.importing import import_model

PERSON = (60, 30, 120, 150)
"""Bright area of the image, in pixels of its 256 x 192."""
CELL = 3
"""Pixels of the image in one of what the detector sees."""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> zoo.Cache:
    """A user's cache with nothing in it."""
    monkeypatch.setenv("OPENDR_PERCEPTION_CACHE", str(tmp_path / "cache"))
    return zoo.Cache(tmp_path / "cache")


def scene() -> np.ndarray:
    pixels = np.zeros((192, 256, 3), np.uint8)
    x_min, y_min, x_max, y_max = PERSON
    pixels[y_min:y_max, x_min:x_max] = 255
    return pixels


def test_an_imported_detector_finds_people_where_they_are(graph: Any, exports: Any, cache: zoo.Cache) -> None:
    import_model("yolo", exports.bright_box(), "mine", "of this test")
    graph.run(PersonDetection, threads=1, model="mine")
    persons = graph.listen(DetectionArray, "persons", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")
    answer = graph.ask(camera, graph.image(scene()), persons)
    [person] = answer.detections
    found = (person.box.x_min, person.box.y_min, person.box.x_max, person.box.y_max)
    assert np.abs(np.subtract(found, PERSON)).max() <= CELL
    assert person.score == pytest.approx(0.9)
    assert (answer.width, answer.height) == (256, 192)
    assert not graph.ask(camera, graph.image(np.zeros_like(scene())), persons).detections


def test_a_detector_of_one_size_cannot_look_in_two(graph: Any, exports: Any, cache: zoo.Cache) -> None:
    import_model("yolo", exports.bright_box(), "mine")
    graph.run(PersonDetection, threads=1, model="mine")
    problem = graph.set_parameter("person_detection", "quality", "high")
    assert "quality 'high' needs a detector that takes images of any size; mine.onnx takes 96x64 pixels only" in problem


def test_imported_poses_are_those_of_people_that_an_imported_detector_has_found(
    graph: Any, exports: Any, cache: zoo.Cache
) -> None:
    import_model("yolo", exports.bright_box(), "boxes")
    import_model("rtmpose", exports.bright_keypoints("rtmpose"), "keypoints")
    graph.run(PoseEstimation, threads=1, model="keypoints", detector="boxes")
    poses = graph.listen(BodyPoseArray, "poses", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")
    pixels = np.where(scene() > 0, 140, 0).astype(np.uint8)
    pixels[98:104, 78:84] = 255  # one place of the person is brighter
    answer = graph.ask(camera, graph.image(pixels), poses)
    [pose] = answer.poses
    assert answer.layout == "coco17" and len(pose.keypoints) == 17
    assert all(abs(point.x - 81) <= 3.5 and abs(point.y - 101) <= 3.5 for point in pose.keypoints)


def test_a_model_of_another_task_is_refused_at_once(graph: Any, exports: Any, cache: zoo.Cache) -> None:
    import_model("rtmpose", exports.bright_keypoints("rtmpose"), "keypoints")
    graph.run(PersonDetection, threads=1, model="keypoints")
    message = graph.diagnosis("person_detection", "cannot configure")["message"]
    assert "a model of the format 'simcc' is no person detector" in message
    assert "\n" not in message


def test_an_imported_face_detector_and_embedder_know_somebody_again(
    graph: Any, exports: Any, cache: zoo.Cache, tmp_path: Path, astronaut: np.ndarray
) -> None:
    """The detector says where the face is, whatever is there: here the astronaut is brought under its landmarks."""
    import_model("yunet", exports.one_face(), "faces")
    import_model("arcface", exports.stripes(448, 112), "points")
    gallery = tmp_path / "gallery"
    graph.run(FaceRecognition, threads=1, model="faces", embedder="points", gallery=str(gallery), border=0.0)
    faces = graph.listen(FaceArray, "faces", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")
    scale = 8
    portrait = np.zeros((64 * scale, 96 * scale, 3), np.uint8)
    turn = similarity(np.array([[200.0, 108], [246, 112], [227, 152]]), exports.LANDMARKS[[0, 1, 3]] * scale)
    cv2.warpAffine(astronaut, turn, portrait.shape[1::-1], dst=portrait, borderMode=cv2.BORDER_REPLICATE)
    [face] = graph.ask(camera, graph.image(portrait, 10.0), faces).faces
    seen = [(point.x, point.y) for point in face.landmarks]
    np.testing.assert_allclose(seen[:3], exports.LANDMARKS[:3] * scale, atol=0.5)
    assert [point.score > 0 for point in face.landmarks] == [True] * 4 + [False] * 2, "nobody has seen the ears"
    assert face.identity == ""
    images = [graph.image(portrait)]
    answer = graph.call(EnrollFace, "face_recognition/enroll", EnrollFace.Request(name="ann", images=images))
    assert answer.success, answer.message
    for step in range(1, 6):
        [face] = graph.ask(camera, graph.image(portrait, 10 + step / 10), faces).faces
    assert face.identity == "ann" and face.identity_distance < 0.05

    import_model("facenet", exports.stripes(128, 160), "others")
    graph.run(FaceRecognition, "-r", "__node:=other", threads=1, model="faces", embedder="others", gallery=str(gallery))
    message = graph.diagnosis("other", "cannot configure")["message"]
    assert "was made with points" in message and "opendr-perception gallery rebuild" in message
    recogniser = GalleryRecogniser.open("points", zoo.session("points", threads=1), str(gallery))
    landmarks = np.array(seen, np.float32)
    crop = align(Image(portrait, "bgr8"), landmarks, alignment=recogniser.alignment)
    [known] = recogniser([crop])
    assert crop.shape == (112, 112, 3) and known.identity == "ann" and known.confidence > 0.8


def test_an_imported_network_of_expressions_gives_its_own_labels(graph: Any, exports: Any, cache: zoo.Cache) -> None:
    scores = np.array([[0, 0, 0, 0, 5, 0, 0, 0, 0.7, -0.2]], np.float32)
    import_model("hsemotion", exports("mtl.onnx", {"output": scores}, (224, 224)), "eight")
    graph.run(EmotionRecognition, threads=1, model="eight", temporal="none")
    emotions = graph.listen(EmotionArray, "emotions", publishers=1)
    camera, faces = graph.publisher(ImageMessage, "image_raw"), graph.publisher(FaceArray, "faces")
    pixels = np.random.default_rng(0).integers(0, 256, (192, 256, 3), np.uint8)
    box = Box(x_min=60.0, y_min=30.0, x_max=160.0, y_max=130.0)
    nan = float("nan")
    camera.publish(graph.image(pixels, 10.0))
    faces.publish(
        FaceArray(
            header=graph.header(10.0),
            width=256,
            height=192,
            faces=[Face(track_id="1", score=0.9, box=box, yaw=nan, pitch=nan, roll=nan)],
        )
    )
    [answer] = emotions.wait(1)
    assert list(answer.labels) == [
        *("angry", "contempt", "disgusted", "fearful", "happy", "neutral", "sad", "surprised")
    ]
    [emotion] = answer.emotions
    assert emotion.label == "happy" and emotion.probabilities[4] > 0.9
    assert emotion.valence == pytest.approx(0.7, abs=1e-3) and emotion.arousal == pytest.approx(-0.2, abs=1e-3)
