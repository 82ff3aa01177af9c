"""The node `pose_estimation`, on real images over real topics."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from opendr_perception.msg import BodyPose, BodyPoseArray
from sensor_msgs.msg import Image as ImageMessage

from opendr_perception.nodes.pose_estimation import Parameters, PoseEstimation
from opendr_perception.ros.node import parameters
from opendr_perception.tasks.body.pose import COCO17


def height_of(pose: BodyPose, part: str) -> float:
    """y of a part, the mean of left and right."""
    return sum(pose.keypoints[COCO17.index(f"{side}_{part}")].y for side in ("left", "right")) / 2


@pytest.mark.parametrize("model", ["movenet-lightning", "movenet-thunder"])
def test_pedestrians_have_keypoints_in_plausible_places_and_keep_their_ids(
    graph: Any, street: list[np.ndarray], model: str
) -> None:
    graph.run(PoseEstimation, threads=1, model=model)
    poses = graph.listen(BodyPoseArray, "poses", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")
    followed: list[set[str]] = []
    upright = whole = 0
    for index, pixels in enumerate(street):
        image = graph.image(pixels, 20 + index / 10, "street_camera")
        message = graph.ask(camera, image, poses)
        assert (message.header, message.width, message.height) == (image.header, 768, 576)
        assert message.layout == "coco17"
        assert len(message.poses) >= 2
        followed.append({pose.track_id for pose in message.poses} - {""})
        for pose in message.poses:
            assert len(pose.keypoints) == 17
            box, size = pose.box, max(pose.box.x_max - pose.box.x_min, pose.box.y_max - pose.box.y_min)
            for point in pose.keypoints:
                assert 0 <= point.score <= 1
                assert box.x_min - size < point.x < box.x_max + size
                assert box.y_min - 0.3 * size < point.y < box.y_max + 0.3 * size
            if box.y_max - box.y_min >= 60 and box.y_max < 570 and box.y_min > 5:
                whole += 1
                parts = [height_of(pose, part) for part in ("shoulder", "hip", "knee", "ankle")]
                upright += parts == sorted(parts)
    assert whole >= 20
    assert upright >= 0.9 * whole, f"{upright} of {whole} people stand upright"
    assert len(followed[1] & followed[-1]) >= 2


def test_an_empty_scene_is_an_empty_array(graph: Any) -> None:
    graph.run(PoseEstimation, threads=1)
    poses = graph.listen(BodyPoseArray, "poses", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")
    message = graph.ask(camera, graph.image(np.zeros((120, 160, 3), np.uint8)), poses)
    assert (message.poses, message.layout, message.width, message.height) == ([], "coco17", 160, 120)


def test_the_number_of_people_can_be_limited_while_it_runs(graph: Any, street: list[np.ndarray]) -> None:
    graph.run(PoseEstimation, threads=1)
    poses = graph.listen(BodyPoseArray, "poses", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")
    assert len(graph.ask(camera, graph.image(street[0]), poses).poses) >= 2
    assert graph.set_parameter("pose_estimation", "max_persons", 1) == ""
    assert len(graph.ask(camera, graph.image(street[0]), poses).poses) == 1
    assert "max_persons" in graph.set_parameter("pose_estimation", "max_persons", 0)
    assert graph.set_parameter("pose_estimation", "score_threshold", 1.0) == ""
    assert graph.ask(camera, graph.image(street[0]), poses).poses == []


def test_no_keypoint_is_ever_without_a_number(graph: Any, street: list[np.ndarray]) -> None:
    node = graph.run(PoseEstimation, threads=1)
    run_batch = node.perceiver.estimator._session.run_batch
    node.perceiver.estimator._session.run_batch = lambda feeds: {
        name: np.where(np.arange(3) == 1, np.nan, array) for name, array in run_batch(feeds).items()
    }
    poses = graph.listen(BodyPoseArray, "poses", publishers=1)
    drawings = graph.listen(ImageMessage, "pose_estimation/image", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")
    graph.ask(camera, graph.image(street[0]), drawings)
    [message] = poses.messages
    points = [point for pose in message.poses for point in pose.keypoints]
    assert points
    assert all(math.isfinite(point.x) and math.isfinite(point.y) and point.score == 0 for point in points)


def test_two_streams_share_the_models_but_not_the_people(
    graph: Any, street: list[np.ndarray], talking_head: list[np.ndarray]
) -> None:
    graph.run(PoseEstimation, threads=1, streams=["front", "rear"])
    videos = {"front": street, "rear": talking_head}
    poses = {name: graph.listen(BodyPoseArray, f"{name}/poses", publishers=1) for name in videos}
    cameras = {name: graph.publisher(ImageMessage, f"{name}/image_raw") for name in videos}
    for index in range(4):
        for name, video in videos.items():
            cameras[name].publish(graph.image(video[index], 100 + index / 10, name))
        for name in videos:
            poses[name].wait(index + 1)
    ids = {name: {pose.track_id for message in poses[name].messages for pose in message.poses} for name in videos}
    assert {message.header.frame_id for message in poses["rear"].messages} == {"rear"}
    assert {(message.width, message.height) for message in poses["rear"].messages} == {(176, 144)}
    assert len(ids["front"] - {""}) >= 2
    assert len(ids["rear"] - {""}) == 1, "one man talks"
    assert not (ids["front"] & ids["rear"]) - {""}


def test_a_missing_model_is_named_whichever_it_is(graph: Any) -> None:
    for name in ("model", "detector"):
        graph.run(PoseEstimation, "-r", f"__node:=without_{name}", **{name: f"/nowhere/{name}.onnx"})
    for name in ("model", "detector"):
        values = graph.diagnosis(f"without_{name}", "cannot configure")
        assert values["message"] == f"cannot configure: model file /nowhere/{name}.onnx does not exist"


def test_its_configuration_file_gives_exactly_the_defaults(graph: Any, tmp_path: Path) -> None:
    file = tmp_path / "pose_estimation.yaml"
    file.write_text(parameters.as_yaml("pose_estimation", Parameters, "Poses."))
    node = graph.run(PoseEstimation, "--params-file", str(file), "-p", "autostart:=false")
    assert node.params == Parameters(autostart=False)


@pytest.mark.parametrize("overview", ["detector", "presence"])
def test_small_people_in_a_large_image_are_found_in_high_resolution(
    graph: Any, street: list[np.ndarray], overview: str
) -> None:
    graph.run(PoseEstimation, threads=1, overview=overview, layout="openpose18", base_height_2=480)
    poses = graph.listen(BodyPoseArray, "poses", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")
    pixels = np.full((1440, 2560, 3), 128, np.uint8)
    pixels[800:1376, 1700:2468] = street[0]
    before = graph.ask(camera, graph.image(pixels), poses)
    assert graph.set_parameter("pose_estimation", "high_resolution", True) == ""
    message = graph.ask(camera, graph.image(pixels), poses)
    assert len(message.poses) > len(before.poses)
    assert (message.width, message.height, message.layout) == (2560, 1440, "openpose18")
    for pose in message.poses:
        assert len(pose.keypoints) == 18
        assert 1700 <= pose.box.x_min < pose.box.x_max <= 2468
        assert 800 <= pose.box.y_min < pose.box.y_max <= 1376
        neck, right, left = (pose.keypoints[index] for index in (1, 2, 5))
        assert neck.x == pytest.approx((left.x + right.x) / 2, abs=1e-3)
        assert neck.score == min(left.score, right.score)
    assert graph.set_parameter("pose_estimation", "layout", "coco17") == ""
    empty = graph.ask(camera, graph.image(np.full((1440, 2560, 3), 128, np.uint8)), poses)
    assert (empty.poses, empty.layout) == ([], "coco17")
    assert "base_height_1" in graph.set_parameter("pose_estimation", "base_height_1", 1)


def test_lightweight_openpose_finds_all_people_at_once(
    graph: Any, street: list[np.ndarray], openpose: tuple[Any, Path]
) -> None:
    _, file = openpose
    options = {"threads": 1, "model": str(file), "overview": "pose", "high_resolution": True, "base_height_1": 256}
    graph.run(PoseEstimation, **options)
    graph.run(PoseEstimation, "-r", "__node:=without_openpose", overview="pose")
    poses = graph.listen(BodyPoseArray, "poses", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")
    message = graph.ask(camera, graph.image(street[0]), poses)
    assert (message.layout, message.width) == ("coco17", 768)
    assert all(len(pose.keypoints) == 17 for pose in message.poses)
    assert "overview 'pose' needs Lightweight OpenPose" in graph.diagnosis("without_openpose", "cannot")["message"]
