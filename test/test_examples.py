"""The examples do what they say, and stay short enough to be read."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from geometry_msgs.msg import PointStamped
from rosbags.rosbag2 import Writer
from rosbags.typesys import Stores, get_typestore
from sensor_msgs.msg import Image

from opendr_perception.sim.rendering import SimulatorError, load_mujoco

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("[0-9]*.py"))
MOST_LINES = 40


def example(number: int) -> Any:
    """The module of an example."""
    [path] = [path for path in EXAMPLES if path.name.startswith(f"{number:02}_")]
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_there_are_ten_each_with_a_test() -> None:
    assert [int(path.name[:2]) for path in EXAMPLES] == list(range(10))
    source = Path(__file__).read_text(encoding="utf-8")
    assert all(f"example({number})" in source for number in range(10))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_short_and_says_how_it_is_run(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    assert f"python examples/{path.name}" in text


def test_one_image(models: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example(0).main("", str(tmp_path / "poses.jpg"))
    assert "a person" in capsys.readouterr().out
    assert cv2.imread(str(tmp_path / "poses.jpg")).shape == (512, 512, 3)


def test_a_film(models: object, street: object) -> None:
    seen = example(1).main("", "10")
    assert len(seen) >= 2
    assert max(seen.values()) >= 8


def test_an_own_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    example(2).main(str(tmp_path / "network.onnx"))
    assert "12 answers" in capsys.readouterr().out


def test_a_gallery(models: object, astronaut: object, tmp_path: Path) -> None:
    assert example(3).main(str(tmp_path / "gallery")) == "Eileen Collins"
    assert example(3).main(str(tmp_path / "gallery")) == "Eileen Collins", "she is known already"


def test_two_cameras(models: object, street: object, talking_film: object) -> None:
    seen = example(4).main(frames="6")
    assert len(seen["front"]) >= 2
    assert len(seen["rear"]) == 1, "one man talks"
    assert not seen["front"] & seen["rear"]


def test_an_own_node(graph: Any) -> None:
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[18:23, 38:43] = 255
    graph.run(example(5).BrightestNode)
    points = graph.listen(PointStamped, "brightest", publishers=1)
    camera = graph.publisher(Image, "image_raw")
    answer = graph.ask(camera, graph.image(pixels, frame_id="eye"), points)
    assert (answer.point.x, answer.point.y, answer.header.frame_id) == (40, 20, "eye")


@pytest.mark.slow
def test_an_own_policy(models: object) -> None:
    try:
        load_mujoco()
    except SimulatorError as error:
        pytest.skip(str(error))
    outcome = example(6).main()
    assert outcome.views
    assert outcome.moves >= 1


def test_a_recording(models: object, street: list[np.ndarray], tmp_path: Path) -> None:
    types = get_typestore(Stores.LATEST)
    kind = "sensor_msgs/msg/Image"
    with Writer(tmp_path / "bag", version=9) as writer:
        connection = writer.add_connection("/camera/image_raw", kind, typestore=types)
        for number, image in enumerate(street):
            stamp = types.types["builtin_interfaces/msg/Time"](sec=7, nanosec=number * 10**8)
            header = types.types["std_msgs/msg/Header"](stamp=stamp, frame_id="eye")
            message = types.types[kind](header, *image.shape[:2], "bgr8", 0, image.shape[1] * 3, image.ravel())
            writer.write(connection, 10**9 + number, types.serialize_cdr(message, kind))
    assert example(7).main(str(tmp_path / "bag"), str(tmp_path / "people.jsonl")) == len(street)
    lines = [json.loads(line) for line in (tmp_path / "people.jsonl").read_text().splitlines()]
    assert [line["stamp"] for line in lines] == [7 * 10**9 + number * 10**8 for number in range(len(street))]
    assert all(len(line["people"]) >= 2 for line in lines)
    assert any(person["track"] for person in lines[-1]["people"])


def test_settings(models: object, street: object) -> None:
    greedy, soft, network, certain = example(8).main().values()
    assert min(greedy, soft, network) >= 2
    assert certain < greedy


def test_actions(models: object, street: object) -> None:
    with pytest.warns(UserWarning, match="may be used for research only"):
        assert example(9).main("", "15")
