"""The node `emotion_recognition`, on real images over real topics."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from opendr_perception.msg import Box, EmotionArray, Face, FaceArray
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image as ImageMessage

from opendr_perception import zoo
from opendr_perception.engine.export import export
from opendr_perception.networks.emotion.nac_tcn import CONFIGS
from opendr_perception.nodes.emotion_recognition import EmotionRecognition
from opendr_perception.nodes.face_recognition import FaceRecognition
from opendr_perception.ros.topics.pairing import LIMIT
from opendr_perception.tasks.emotion.expression import EXPRESSIONS
from opendr_perception.training.emotion.temporal.data import AFFECT
from opendr_perception.zoo.cache import sha256_of

NAN = float("nan")
FACE = (175.0, 60.0, 275.0, 170.0)
"""Box of the astronaut's face."""


def face(track: str, corners: tuple[float, ...] = FACE, yaw: float = NAN, pitch: float = NAN) -> Face:
    x_min, y_min, x_max, y_max = map(float, corners)
    box = Box(x_min=x_min, y_min=y_min, x_max=x_max, y_max=y_max)
    return Face(track_id=track, score=0.9, box=box, yaw=yaw, pitch=pitch, roll=NAN)


class Cast:
    """A camera, somebody who finds faces, and the emotions that come back."""

    def __init__(self, graph: Any, pixels: np.ndarray, prefix: str = "", transport: str = "raw") -> None:
        self.graph = graph
        self.pixels = pixels
        self.transport = transport
        self.emotions = graph.listen(EmotionArray, f"{prefix}emotions", publishers=1)
        self.faces = graph.publisher(FaceArray, f"{prefix}faces")
        kind, topic = {
            "raw": (ImageMessage, "image_raw"),
            "compressed": (CompressedImage, "image_raw/compressed"),
        }[transport]
        self.camera = graph.publisher(kind, f"{prefix}{topic}")

    def image(self, stamp: float) -> Any:
        return (self.graph.image if self.transport == "raw" else self.graph.jpeg)(self.pixels, stamp)

    def sighting(self, stamp: float, faces: list[Face]) -> FaceArray:
        height, width = self.pixels.shape[:2]
        return FaceArray(header=self.graph.header(stamp), width=width, height=height, faces=faces)

    def show(self, stamp: float, faces: list[Face], faces_first: bool = False) -> EmotionArray:
        """One image and its faces; the answer."""
        before = len(self.emotions.messages)
        if faces_first:
            self.faces.publish(self.sighting(stamp, faces))
            self.camera.publish(self.image(stamp))
        else:
            self.camera.publish(self.image(stamp))
            self.faces.publish(self.sighting(stamp, faces))
        return self.emotions.wait(before + 1)[-1]


@pytest.mark.parametrize("transport", ["raw", "compressed"])
def test_a_smile_is_recognised_whichever_message_comes_first(graph: Any, astronaut: np.ndarray, transport: str) -> None:
    graph.run(EmotionRecognition, threads=1, image_transport=transport)
    cast = Cast(graph, astronaut, transport=transport)
    for index in range(20):
        answer = cast.show(50 + index / 10, [face("3")], faces_first=index % 2 == 1)
        assert answer.header == graph.header(50 + index / 10)
        assert tuple(answer.labels) == EXPRESSIONS
        (emotion,) = answer.emotions
        assert (emotion.track_id, emotion.frames, emotion.warm) == ("3", index + 1, False)
        assert sum(emotion.probabilities) == pytest.approx(1, abs=1e-5)
        assert emotion.label == EXPRESSIONS[int(np.argmax(emotion.probabilities))]
    assert emotion.label == "happy"
    assert 0 < emotion.valence <= 1
    assert -1 <= emotion.arousal <= 1
    assert not cast.show(52.1, []).emotions


def test_a_man_who_talks_flickers_three_times_less_than_his_single_frames(
    graph: Any, talking_film: list[np.ndarray]
) -> None:
    graph.run(FaceRecognition, threads=1, identify=False)
    graph.run(EmotionRecognition, "-r", "emotions:=smooth", threads=1)
    graph.run(EmotionRecognition, "-r", "__node:=single", "-r", "emotions:=frames", threads=1, temporal="none")
    smooth, frames = (graph.listen(EmotionArray, topic, publishers=1) for topic in ("smooth", "frames"))
    camera = graph.publisher(ImageMessage, "image_raw", subscribers=3)
    for index, pixels in enumerate(talking_film):
        camera.publish(graph.image(pixels, 20 + index / 30))
        smooth.wait(index + 1)
        frames.wait(index + 1)

    def changes(messages: list[EmotionArray]) -> int:
        labels = [message.emotions[0].label for message in messages]
        return sum(before != after for before, after in pairwise(labels))

    def motion(messages: list[EmotionArray]) -> float:
        affect = [(message.emotions[0].valence, message.emotions[0].arousal) for message in messages]
        return float(np.abs(np.diff(affect, axis=0)).sum())

    assert changes(smooth.messages) * 3 <= changes(frames.messages)
    assert motion(smooth.messages) * 2.5 <= motion(frames.messages)  # with boxes of tracks, single frames rest better
    assert all(message.emotions[0].warm for message in frames.messages[2:])
    assert smooth.messages[-1].emotions[0].warm


def test_the_two_nodes_together_follow_a_man_who_talks(graph: Any, talking_head: list[np.ndarray]) -> None:
    graph.run(FaceRecognition, threads=1, identify=False)
    graph.run(EmotionRecognition, threads=1)
    emotions = graph.listen(EmotionArray, "emotions", publishers=1)
    drawn = graph.listen(ImageMessage, "emotion_recognition/image", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw", subscribers=2)
    for index, pixels in enumerate(talking_head):
        image = graph.image(pixels, 20 + index / 30)
        answer = graph.ask(camera, image, emotions)
        assert answer.header == image.header
        assert len(answer.emotions) == 1
    (emotion,) = answer.emotions
    assert emotion.track_id != ""
    assert 5 <= emotion.frames < len(talking_head)
    canvas = np.asarray(drawn.wait(len(talking_head))[-1].data).reshape(talking_head[-1].shape)
    assert (canvas != talking_head[-1]).any(), "boxes are drawn into the image"
    assert (canvas == talking_head[-1]).mean() > 0.8


def test_who_looks_away_is_judged_with_less_confidence(graph: Any, astronaut: np.ndarray) -> None:
    graph.run(EmotionRecognition, threads=1, temporal="none")
    cast = Cast(graph, astronaut)
    sure = cast.show(1.0, [face("1")]).emotions[0]
    for stamp, view in enumerate([face("1", yaw=0.8), face("1", pitch=-0.6), face("1", (200, 90, 225, 120))], start=2):
        unsure = cast.show(float(stamp), [view]).emotions[0]
        assert max(unsure.probabilities) < max(sure.probabilities)
        assert abs(unsure.valence) < abs(sure.valence)


def test_bad_faces_get_no_answer_and_harm_nobody(graph: Any, astronaut: np.ndarray) -> None:
    graph.run(EmotionRecognition, threads=1)
    cast = Cast(graph, astronaut)
    bad = [face("a", (NAN,) * 4), face("b", (50, 50, 50, 90)), face("c", (90, 90, 50, 50)), face("d", (-90, 0, -9, 50))]
    for index in range(3):
        answer = cast.show(5 + index / 10, [*bad, face(""), face("e"), face("f", (-40.0, 60.0, 60.0, 170.0))])
        assert [emotion.track_id for emotion in answer.emotions] == ["", "e", "f"]
        assert [emotion.frames for emotion in answer.emotions] == [0, index + 1, index + 1]
        assert all(np.isfinite(emotion.probabilities).all() for emotion in answer.emotions)


def test_faces_of_an_image_of_another_size_are_rejected(graph: Any, astronaut: np.ndarray) -> None:
    graph.run(EmotionRecognition, threads=1)
    cast = Cast(graph, astronaut)
    sighting = cast.sighting(1.0, [face("1")])
    sighting.width, sighting.height = 640, 480
    cast.camera.publish(cast.image(1.0))
    cast.faces.publish(sighting)
    values = graph.diagnosis("faces", rejected=1)
    assert "640x480, but the image of its stamp has 512x512" in values["last problem"]
    assert cast.show(1.1, [face("1")]).emotions[0].frames == 1


def test_tracks_begin_anew_after_a_gap_and_when_time_goes_back(graph: Any, astronaut: np.ndarray) -> None:
    graph.run(EmotionRecognition, threads=1)
    cast = Cast(graph, astronaut)
    for stamp, frames in [(10.0, 1), (10.1, 2), (10.2, 3), (12.0, 1), (12.1, 2), (3.0, 1), (3.1, 2)]:
        assert cast.show(stamp, [face("1")]).emotions[0].frames == frames


def test_stamps_that_never_match_are_told_with_both_topics_and_the_offset(
    graph: Any, astronaut: np.ndarray, capfd: pytest.CaptureFixture[str]
) -> None:
    graph.run(EmotionRecognition, threads=1)
    cast = Cast(graph, astronaut[:64, :64])
    expected = (
        f"{graph.namespace}/faces: no image on {graph.namespace}/image_raw has the same stamp; the nearest one is"
    )
    printed, index = "", 0

    def said() -> bool:
        nonlocal printed, index
        index += 1
        cast.camera.publish(cast.image(30 + index / 10))
        cast.faces.publish(cast.sighting(30.04 + index / 10, []))
        printed += capfd.readouterr().err
        return expected in printed

    graph.wait(said, lambda: f"the warning is missing in {printed}")
    assert f"{expected} 0.040 s earlier" in printed
    values = graph.diagnosis("faces", "has the same stamp", received=index - LIMIT, dropped=index - LIMIT)
    assert values["level"] == "1"
    assert not cast.emotions.messages

    assert cast.show(100.0, []).header == graph.header(100.0)
    graph.diagnosis("faces", "images arrive", processed=1)


def test_a_network_with_other_labels_runs_with_the_average(
    graph: Any, astronaut: np.ndarray, models: dict[str, zoo.ModelFile], tmp_path: Path, capfd: Any
) -> None:
    model = onnx.load(str(models["face-expression"].path))
    labels = ["Neutral", "Happiness", "Sadness", "Anger", "Fear", "Disgust", "Surprise"]
    onnx.helper.set_model_props(model, {"labels": json.dumps(labels)})
    onnx.save(model, str(tmp_path / "other.onnx"))
    graph.run(EmotionRecognition, threads=1, model=str(tmp_path / "other.onnx"))
    assert capfd.readouterr().err.count("joined by an exponential average instead") == 1
    cast = Cast(graph, astronaut)
    answers = [cast.show(50 + index / 10, [face("1")]) for index in range(6)]
    assert list(answers[-1].labels) == labels
    assert answers[-1].emotions[0].label == "Happiness"
    assert [answer.emotions[0].frames for answer in answers] == list(range(1, 7))
    assert answers[-1].emotions[0].warm


def test_two_cameras_do_not_mix(graph: Any, astronaut: np.ndarray) -> None:
    graph.run(EmotionRecognition, threads=1, streams=["front", "rear"])
    front, rear = Cast(graph, astronaut, "front/"), Cast(graph, astronaut, "rear/")
    for index in range(3):
        assert front.show(1 + index / 10, [face("1")]).emotions[0].frames == index + 1
    assert rear.show(1.0, [face("1")]).emotions[0].frames == 1


@pytest.mark.parametrize("parameter", ["model", "temporal"])
def test_a_network_of_another_kind_does_not_start(
    graph: Any, models: dict[str, zoo.ModelFile], capfd: pytest.CaptureFixture[str], parameter: str
) -> None:
    node = graph.run(EmotionRecognition, **{parameter: str(models["nanodet"].path)})
    assert graph.state(node.get_name()) == "unconfigured"
    assert "nanodet" in capfd.readouterr().err


def test_a_network_that_learned_from_films_is_taken_by_its_path(
    graph: Any, astronaut: np.ndarray, models: dict[str, zoo.ModelFile], tmp_path: Path
) -> None:
    torch.manual_seed(0)
    network = replace(CONFIGS["afew-sm"], in_channels=7, outputs=2, squash=True).build().eval()
    encoder = f"{sha256_of(models['face-expression'].path)} probabilities"
    path = tmp_path / "nac-tcn-afew-va.onnx"
    export(network, path, metadata={"labels": json.dumps(AFFECT), "encoder": encoder})
    graph.run(EmotionRecognition, threads=1, model="face-expression", temporal=str(path))
    cast = Cast(graph, astronaut)
    answers = [cast.show(50 + index / 10, [face("3")]).emotions[0] for index in range(3)]
    assert [answer.frames for answer in answers] == [1, 2, 3]
    assert {answer.label for answer in answers} == {"happy"}
    assert all(-1 <= value <= 1 for answer in answers for value in (answer.valence, answer.arousal))
