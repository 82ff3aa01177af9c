"""Checkpoints of video networks become models that see one image after the other, and others are refused in a line."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from opendr_perception.msg import ActionArray
from sensor_msgs.msg import Image as ImageMessage
from torch import nn
from typer.testing import CliRunner, Result

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.models_cli import app
from opendr_perception.networks.activity import resnet
from opendr_perception.networks.activity.resnet import CoVideoResNet, Layout, VideoResNet
from opendr_perception.networks.activity.x3d import X3D, CoX3D, Size
from opendr_perception.networks.checkpoints import load_checkpoint
from opendr_perception.nodes.video_activity import VideoActivity
from opendr_perception.streaming import Streaming
from opendr_perception.tasks.activity import ActivityModel
from opendr_perception.training.activity import importing
from opendr_perception.training.activity.checkpoints import restore
from opendr_perception.training.activity.importing import VideoOptions, import_video
from opendr_perception.zoo import golden, imported

SIDE = 32
TINY = Size(13, 160, 0.2, 2 / 3, 8)
"""One block a stage; X3D-S in all else that a checkpoint does not tell."""
LABELS = ("abseiling", "air drumming", "zumba")
TINY_LAYOUTS = {
    "slow": Layout(1, ((1,), (1,), (3,), (3,)), pooled=False, channels=4, depths=(1, 1, 1, 1)),
    "i3d": Layout(5, ((3,), (3,), (3,), (1,)), pooled=True, channels=4, depths=(1, 1, 1, 1)),
}


@pytest.fixture(scope="module")
def x3d() -> X3D:
    return _random(X3D(TINY, len(LABELS)))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> zoo.Cache:
    monkeypatch.setenv("OPENDR_PERCEPTION_CACHE", str(tmp_path / "cache"))
    return zoo.Cache(tmp_path / "cache")


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    path = tmp_path / "labels.txt"
    path.write_text("\n".join(LABELS) + "\n")
    return path


@pytest.fixture
def run(cache: zoo.Cache) -> Callable[..., Result]:
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


@torch.no_grad()
def _random(network: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    for part in network.modules():
        if isinstance(part, nn.BatchNorm3d):
            part.running_mean.normal_(0, 0.1)
            part.running_var.uniform_(0.5, 1.5)
            part.weight.uniform_(0.5, 1.5)
    for name, parameter in network.named_parameters():
        if name.endswith("proj.weight"):
            parameter.normal_(0, 1)
    return network.eval()


def _saved(network: nn.Module, path: Path, key: str = "model_state") -> Path:
    torch.save({key: network.state_dict(), "epoch": 3} if key else network.state_dict(), path)
    return path


@torch.no_grad()
def _agrees(model: ActivityModel, network: Streaming) -> None:
    """Film by film the imported model says what the network says, from its first answer on."""
    images = np.random.default_rng(0).integers(0, 256, (network.delay + 4, SIDE, SIDE, 3), np.uint8)
    state, answers = network.initial_state(1, (3, SIDE, SIDE)), 0
    for image in images:
        scores = model.step(["a"], [image])
        planes = (torch.from_numpy(image).permute(2, 0, 1)[None] / 255 - 0.45) / 0.225
        expected, state = network.step(planes, state)
        assert bool(scores.valid[0]) == bool(network.valid(state))
        if scores.valid[0]:
            np.testing.assert_allclose(scores.probabilities, expected.softmax(1).numpy(), atol=1e-5)
            answers += 1
    assert answers >= 2 and np.ptp(scores.probabilities) > 0.1


def test_a_checkpoint_of_x3d_is_imported_listed_verified_and_used(
    run: Callable[..., Result], x3d: X3D, labels: Path, tmp_path: Path, cache: zoo.Cache, graph: Any
) -> None:
    file = _saved(x3d, tmp_path / "X3D_S.pyth")
    before = file.read_bytes()
    result = run("import", "x3d", file, "--labels", labels, "--side", SIDE, "--name", "mine", "--licence", "CC")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "video_activity --ros-args -p model:=mine" in result.stdout
    assert file.read_bytes() == before
    [line] = [line for line in run("list").stdout.splitlines() if line.startswith("mine")]
    assert "activity recognition" in line and "CC" in line
    assert "mine.onnx" in run("verify").stdout
    path = zoo.require("mine", cache).path
    model = ActivityModel(Session(path, threads=1))
    assert (model.labels, model.side, model.rate) == (LABELS, SIDE, 5.0)
    assert [horizon.frames for horizon in model.horizons] == [13, 64]
    network = CoX3D(TINY, len(LABELS), (13, 64), "keep_p", partial=True).eval()
    load_checkpoint(network, x3d.state_dict())
    assert model.delay == network.delay > 0
    assert [horizon.warm for horizon in model.horizons] == [network.receptive_field - 51, network.receptive_field]
    _agrees(model, network)

    again = import_video("x3d", path, "again", options=VideoOptions(labels=labels), cache=cache)
    assert (again.source, again.licence) == ("mine.onnx", "CC"), "what was exported comes in without torch"
    golden.check_imported(again, zoo.require("again", cache).path)
    damaged = onnx.load(str(path))
    for weight in damaged.graph.initializer:
        if weight.data_type == TensorProto.FLOAT and len(weight.dims) == 2:
            weight.CopyFrom(onnx.numpy_helper.from_array(np.ones(tuple(weight.dims), np.float32), weight.name))
    onnx.save(damaged, str(tmp_path / "other.onnx"))
    with pytest.raises(zoo.ModelCorrupt, match="output 'output' is off by"):
        golden.check_imported(again, tmp_path / "other.onnx")

    graph.run(VideoActivity, threads=1, model="mine")
    answers = graph.listen(ActionArray, "activities", publishers=1)
    camera = graph.publisher(ImageMessage, "image_raw")
    for place, pixels in enumerate(np.random.default_rng(1).integers(0, 256, (model.delay + 1, 48, 64, 3), np.uint8)):
        [action] = graph.ask(camera, graph.image(pixels, 20 + place / 5), answers).actions or [None]
        assert (action is None) == (place < model.delay)
    assert action is not None and action.label in LABELS and (action.frames, action.warm) == (model.delay + 1, False)


@torch.no_grad()
def test_slow_is_restored(labels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(resnet.LAYOUTS, "slow", TINY_LAYOUTS["slow"])
    clip = _random(VideoResNet("slow", 3))
    restored = restore("slow", _saved(clip, tmp_path / "slow.pyth", "state_dict"))
    assert (restored.classes, restored.side, restored.rate, restored.horizons) == (3, 224, 3.75, (8, 64))
    film = torch.randn(1, 3, 8 + restored.network.delay, SIDE, SIDE)
    state = restored.network.initial_state(1, (3, SIDE, SIDE))
    outputs, _ = restored.network.steps(film, state)
    assert torch.isfinite(outputs).all() and outputs.shape[1] == 3


def test_i3d_is_imported_and_answers_with_every_second_image(
    labels: Path, tmp_path: Path, cache: zoo.Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(resnet.LAYOUTS, "i3d", TINY_LAYOUTS["i3d"])
    clip = _random(VideoResNet("i3d", 3))
    file = _saved(clip, tmp_path / "i3d.pyth", "state_dict")
    import_video("i3d", file, options=VideoOptions(labels, side=SIDE, rate=4.0), cache=cache)
    model = ActivityModel(Session(zoo.require("i3d", cache).path, threads=1))
    assert model.rate == 4.0
    assert [horizon.frames for horizon in model.horizons] == [8, 64], "in images, though the rate is halved"
    network = CoVideoResNet("i3d", 3, (4, 32), partial=True).eval()
    load_checkpoint(network, clip.state_dict())
    _agrees(model, network)


def test_wrong_checkpoints_are_refused_with_one_line(
    run: Callable[..., Result], x3d: X3D, labels: Path, tmp_path: Path, cache: zoo.Cache
) -> None:
    state = dict(x3d.state_dict())
    lacking = {name: value for name, value in state.items() if "blocks.2.res_blocks.0.branch2.conv_b" not in name}
    other = nn.Sequential(nn.Linear(3, 4)).state_dict()
    wrong = {
        name: value.new_zeros(5, *value.shape[1:]) if "pre_norm" in name else value for name, value in state.items()
    }
    mvit = {"blocks.1.attn.pool_q.weight": torch.zeros(3), "head.proj.weight": torch.zeros(3, 4)}
    slowfast = {"blocks.0.multipathway_fusion.conv_fast_to_slow.weight": torch.zeros(3)}
    cases: dict[str, tuple[object, str, str]] = {
        "another network": (
            other,
            "x3d",
            "is a checkpoint of another network than x3d, slow, i3d: its weights are 0.w",
        ),
        "another kind": (state, "slow", "is a checkpoint of x3d, not of slow: run models import x3d"),
        "missing": (lacking, "x3d", r"does not fit x3d: the weights lack blocks\.2\.res_blocks\.0\.branch2\.conv_b"),
        "another shape": (wrong, "x3d", "does not fit x3d: .*pre_norm.* has shape"),
        "no classifier": ({k: v for k, v in state.items() if "proj" not in k}, "x3d", "lacks the weights of the cl"),
        "pools": (
            mvit,
            "x3d",
            r"MViT with the layer blocks\.1\.attn\.pool_q, and cannot see one image after the ot.*take",
        ),
        "two rates": (slowfast, "slow", r"layer blocks\.0\.multipathway_fusion\.conv_fast_to_slow, and cannot see"),
        "no weights": ({"epoch": 3}, "x3d", "has no state_dict: it holds other things beside tensors"),
        "a list": ([1], "x3d", "has no state_dict"),
        "an object": (Pickled(), "x3d", "holds more than tensors, or is damaged, and is not opened: save the weights"),
    }
    for name, (content, kind, problem) in cases.items():
        file = tmp_path / f"{name.replace(' ', '-')}-x3d_s.pyth"
        torch.save(content, file)
        result = run("import", kind, file, "--labels", labels, "--side", SIDE)
        assert result.exit_code == 1 and result.stderr.count("\n") == 1, (name, result.stderr)
        assert re.search(problem, result.stderr), result.stderr
    garbage = tmp_path / "garbage.pt"
    garbage.write_bytes(b"PK\x03\x04 cut off")
    assert "is no checkpoint of PyTorch, or damaged" in run("import", "x3d", garbage).stderr
    assert "cannot read" in run("import", "x3d", tmp_path / "absent.pyth").stderr
    assert imported.load(cache) == {} and not (cache.root / "imported").exists()


class Pickled:
    """Something that a checkpoint must not bring."""


def test_what_a_checkpoint_does_not_say_must_be_said(
    run: Callable[..., Result], x3d: X3D, labels: Path, tmp_path: Path, cache: zoo.Cache
) -> None:
    named, plain = _saved(x3d, tmp_path / "x3d_m.pt", ""), _saved(x3d, tmp_path / "best.pt", "")
    two = tmp_path / "two.txt"
    two.write_text("a\nb\n")
    twice = tmp_path / "twice.txt"
    twice.write_text("a\nb\na\n")
    broken = tmp_path / "broken.json"
    broken.write_text('{"a": 0, "b": 2, "c": 3}')
    for options, problem in {
        (named,): "say what the 3 activities of .* are called",
        (named, "--labels", two): "two.txt has 2 labels, and the network 3 activities",
        (named, "--labels", twice): "label 2 is 'a' again",
        (named, "--labels", broken): "does not number its 3 labels from 0 on",
        (named, "--labels", tmp_path / "absent.txt"): "cannot read the labels in",
        (plain, "--labels", labels): "may be X3D-S or X3D-M, which have the same weights",
        (named, "--labels", labels, "--variant", "xs"): "variant must be s, m or l, not 'xs'",
        (named, "--labels", labels, "--side", 8): "side must be 32 to 1024 pixels",
        (named, "--labels", labels, "--rate", -1): "rate must be more than 0",
        (named, "--labels", labels, "--person", 1): "--person are for graphs|--person",
    }.items():
        result = run("import", "x3d", *options)
        assert result.exit_code == 1 and result.stderr.count("\n") == 1, result.stderr
        assert re.search(problem, result.stderr), result.stderr
    assert imported.load(cache) == {}


def test_labels_of_kinetics_are_read_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    file = tmp_path / "kinetics_classnames.json"
    file.write_text(json.dumps({'"zumba"': 1, "abseiling": 0}))
    assert importing.read_labels(file, 2) == ["abseiling", "zumba"]


def _graph(path: Path, shape: list[int], op: str, **attributes: object) -> Path:
    node = helper.make_node(op, ["clip"], ["out"], name="head.pool", **attributes)
    given = helper.make_tensor_value_info("clip", TensorProto.FLOAT, shape)
    result = helper.make_tensor_value_info("out", TensorProto.FLOAT, [None] * len(shape))
    graph = helper.make_graph([node], "g", [given], [result])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))
    return path


def test_a_graph_for_clips_is_refused_with_the_layer_that_pools(
    run: Callable[..., Result], tmp_path: Path, cache: zoo.Cache
) -> None:
    clip = [1, 3, 8, 32, 32]
    file = tmp_path / "clip.onnx"
    pools = {"GlobalAveragePool": {}, "ReduceMean": {"axes": [2, 3, 4]}, "MaxPool": {"kernel_shape": [2, 1, 1]}}
    for op, attributes in pools.items():
        said = run("import", "slow", _graph(file, clip, op, **attributes)).stderr
        assert f"its layer head.pool ({op}) pools over time; import the checkpoint" in said and said.count("\n") == 1
    said = run("import", "slow", _graph(file, clip, "MaxPool", kernel_shape=[1, 2, 2])).stderr
    assert "is a network for clips, which sees each image many times; import the checkpoint" in said
    said = run("import", "slow", _graph(file, [1, 3, 8, 8], "Relu")).stderr
    assert "is no step of a video network: expected the inputs frame and state.*" in said
    assert imported.load(cache) == {}


def test_without_torch_checkpoints_are_refused_in_one_line(
    run: Callable[..., Result], x3d: X3D, labels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = _saved(x3d, tmp_path / "x3d_s.pyth")
    monkeypatch.setitem(sys.modules, "opendr_perception.training.activity.checkpoints", None)
    said = run("import", "x3d", file, "--labels", labels).stderr
    assert said.startswith("error: importing checkpoints needs torch") and said.count("\n") == 1
