"""Files of other projects become checked models, and whatever is wrong with one is said in one line."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import InferenceSession
from typer.testing import CliRunner, Result

from opendr_perception import models_cli, zoo
from opendr_perception.models_cli import app
from opendr_perception.training.activity import importing
from opendr_perception.zoo import golden, imported
from opendr_perception.zoo.importing import FORMATS, import_model, reading

CELLS = 96 + 24 + 6
"""Of an image of 64 x 96 pixels."""
RANDOM = np.random.default_rng(3)
YOLO = {"output0": RANDOM.uniform(0, 1, (1, 84, CELLS)).astype(np.float32)}


@pytest.fixture
def cache(tmp_path: Path) -> zoo.Cache:
    return zoo.Cache(tmp_path / "cache")


@pytest.fixture
def run(cache: zoo.Cache, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("OPENDR_PERCEPTION_CACHE", str(cache.root))
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


def sees(exports: Any, channels: int = 96, kind: int = TensorProto.FLOAT, name: str = "sees.onnx") -> Path:
    """A network like YOLO whose first rows are the first numbers of the image as it gets it."""
    nodes = [
        helper.make_node("Reshape", ["image", "flat"], ["numbers"]),
        helper.make_node("Slice", ["numbers", "start", "end", "axis"], ["output0"]),
    ]
    constants = [
        numpy_helper.from_array(np.array(value, np.int64), key)
        for key, value in (("flat", [1, channels, -1]), ("start", [0]), ("end", [CELLS]), ("axis", [2]))
    ]
    inputs = [helper.make_tensor_value_info("image", kind, [1, 3, 64, 96])]
    outputs = [helper.make_tensor_value_info("output0", kind, [1, channels, CELLS])]
    return Path(exports.write(name, nodes, inputs, outputs, constants))


@pytest.mark.parametrize("kind", [TensorProto.FLOAT, TensorProto.FLOAT16])
def test_the_graph_makes_of_an_image_what_the_network_wants(kind: int, exports: Any, cache: zoo.Cache) -> None:
    import_model("yolo", sees(exports, kind=kind), "mine", cache=cache)
    image = golden.pattern(64, 96)
    session = InferenceSession(str(zoo.require("mine", cache).path), providers=["CPUExecutionProvider"])
    [found] = session.run(None, {"image": image})
    assert found.dtype == np.float32
    planes = (image / 255).transpose(0, 3, 1, 2)
    expected = planes.reshape(1, 96, -1)[..., :CELLS]
    np.testing.assert_allclose(found, expected, atol=1e-6 if kind == TensorProto.FLOAT else 1e-3)


def test_every_format_normalises_as_its_project_does() -> None:
    """Red, green and blue of ImageNet; YOLOX and RTMO take pixels as they are."""
    grey = {name: (np.array([124.0] * 3) - form.colours[0]) / form.colours[1] for name, form in FORMATS.items()}
    for name in ("yolox", "rtmo"):
        assert grey[name].tolist() == [124, 124, 124] and FORMATS[name].channels == "bgr"
    for name in ("yolo", "yolo-pose", "rt-detr", "d-fine"):
        np.testing.assert_allclose(grey[name], 124 / 255)
        assert FORMATS[name].channels == "rgb"
    for name in ("rtmpose", "vitpose"):
        np.testing.assert_allclose(grey[name], (124 / 255 - np.array([0.485, 0.456, 0.406])) / [0.229, 0.224, 0.225])
        assert FORMATS[name].channels == "rgb"
    np.testing.assert_allclose(grey["rtmdet"], grey["rtmpose"][::-1])
    assert FORMATS["rtmdet"].channels == "bgr"


def test_an_imported_model_is_listed_verified_used_and_removed(
    run: Callable[..., Result], exports: Any, cache: zoo.Cache
) -> None:
    source = exports("my-yolo.onnx", YOLO, notes={"license": "AGPL-3.0\nreally", "task": "detect"})
    before = source.read_bytes()
    result = run("import", "yolo", source)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "-p model:=my-yolo" in result.stdout and "AGPL-3.0 really" in result.stdout
    assert source.read_bytes() == before
    [line] = [line for line in run("list").stdout.splitlines() if line.startswith("my-yolo")]
    for text in ("person detection", "ready", "the user's", "AGPL-3.0 really"):
        assert text in line
    assert "my-yolo.onnx" in run("verify").stdout
    model = zoo.require("my-yolo", cache)
    assert isinstance(model.entry, imported.ImportedEntry)
    assert model.entry.size == model.path.stat().st_size
    notes = {each.key: each.value for each in onnx.load(str(model.path)).metadata_props}
    assert notes["source_sha256"] == model.entry.source_sha256 and notes["licence"] == "AGPL-3.0 really"
    assert run("remove", "my-yolo").exit_code == 0
    assert not model.path.exists()
    with pytest.raises(zoo.ZooError, match="'my-yolo' is unknown"):
        zoo.require("my-yolo", cache)
    assert run("remove", "my-yolo").stderr == "error: 'my-yolo' is no imported model; imported are none\n"


def test_what_is_said_on_the_command_line_goes_before_what_the_file_says(exports: Any, cache: zoo.Cache) -> None:
    source = exports("a.onnx", YOLO, notes={"license": "AGPL-3.0"})
    entry = import_model("yolo", source, "b", "bought", person=2, cache=cache)
    assert (entry.name, entry.licence) == ("b", "bought")
    notes = {each.key: each.value for each in onnx.load(str(zoo.require("b", cache).path)).metadata_props}
    assert notes["person"] == "2"


def test_a_damaged_or_exchanged_model_is_not_used(run: Callable[..., Result], exports: Any, cache: zoo.Cache) -> None:
    import_model("yolo", exports("a.onnx", YOLO), cache=cache)
    path = zoo.require("a", cache).path
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(zoo.ModelCorrupt, match=rf"{path} is corrupt.*models remove, import"):
        zoo.require("a", cache)
    result = run("verify", "a")
    assert result.exit_code == 1 and result.stderr.startswith(f"corrupt: {path}; remove it")
    path.unlink()
    with pytest.raises(zoo.ModelMissing, match="missing"):
        zoo.require("a", cache)


def test_a_model_that_computes_something_else_fails_its_check(exports: Any, cache: zoo.Cache) -> None:
    entry = import_model("yolo", exports("a.onnx", YOLO), "a", cache=cache)
    other = import_model("yolo", exports("b.onnx", {"output0": YOLO["output0"] + 0.1}), "b", cache=cache)
    golden.check_imported(entry, zoo.require("a", cache).path)
    with pytest.raises(zoo.ModelCorrupt, match=r"output 'predictions' is off by 0\.1"):
        golden.check_imported(entry, zoo.require("b", cache).path)
    assert other.golden != entry.golden


@pytest.mark.parametrize("text", ["", "[]", "{", '{"version": 2, "models": {}}', '{"version": 1, "models": {"a": {}}}'])
def test_a_damaged_list_is_one_clear_line(text: str, run: Callable[..., Result], cache: zoo.Cache) -> None:
    cache.root.mkdir()
    (cache.root / "imported.json").write_text(text)
    with pytest.raises(zoo.ZooError, match=r"imported\.json is damaged"):
        zoo.require("mine", cache)
    for command in ("list", "verify"):
        result = run(command)
        assert result.exit_code == 1 and result.stderr.count("\n") == 1
    assert zoo.load_manifest().own and zoo.require("action-open", cache), "what the package brings does not need it"


def test_the_list_cannot_speak_for_a_model_of_the_package(exports: Any, cache: zoo.Cache) -> None:
    import_model("yolo", exports("a.onnx", YOLO), cache=cache)
    path = cache.root / "imported.json"
    content = json.loads(path.read_text())
    content["models"]["nanodet"] = content["models"].pop("a")
    path.write_text(json.dumps(content))
    with pytest.raises(zoo.ZooError, match="'nanodet' is a model of this package"):
        imported.load(cache)
    content["models"]["../../evil"] = content["models"].pop("nanodet")
    path.write_text(json.dumps(content))
    with pytest.raises(zoo.ZooError, match="cannot be the name of a model"):
        imported.load(cache)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("nanodet", "'nanodet' is a model of this package"),
        ("vtest.avi", "'vtest.avi' is a model of this package"),
        ("../up", "cannot be the name"),
        ("", "cannot be the name"),
        ("a.onnx", "cannot be the name"),
        ("a b", "cannot be the name"),
    ],
)
def test_names_that_cannot_be_used_are_refused(name: str, problem: str, exports: Any, cache: zoo.Cache) -> None:
    with pytest.raises(zoo.ZooError, match=problem):
        import_model("yolo", exports("a.onnx", YOLO), name, cache=cache)


def test_a_name_is_given_once(exports: Any, cache: zoo.Cache) -> None:
    path = exports("a.onnx", YOLO)
    import_model("yolo", path, cache=cache)
    with pytest.raises(zoo.ZooError, match=r"'a' is imported already: .*models remove a"):
        import_model("yolo", path, cache=cache)


def broken_files(exports: Any, tmp_path: Path) -> dict[str, tuple[Path, str]]:
    """Files that are no models, each with what must be said."""
    good = exports("good.onnx", YOLO)
    link, pipe, cut, checkpoint = (tmp_path / name for name in ("link.onnx", "pipe.onnx", "cut.onnx", "weights.pt"))
    link.symlink_to(good)
    os.mkfifo(pipe)
    cut.write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    checkpoint.write_bytes(b"\x80\x04]\x94\x8c\x08anything\x94a.")
    text = tmp_path / "text.onnx"
    text.write_text("no model")
    outside = onnx.load(str(good))
    outside.graph.initializer[0].data_location = TensorProto.EXTERNAL
    outside.graph.initializer[0].ClearField("raw_data")
    outside.graph.initializer[0].external_data.add(key="location", value="../../etc/passwd")
    (tmp_path / "outside.onnx").write_bytes(outside.SerializeToString())
    old = onnx.load(str(good))
    old.opset_import[0].version = 7
    (tmp_path / "old.onnx").write_bytes(old.SerializeToString())
    alien = onnx.load(str(good))
    alien.opset_import.add(domain="mmdeploy", version=1)
    alien.graph.node[0].domain = "mmdeploy"
    (tmp_path / "alien.onnx").write_bytes(alien.SerializeToString())
    return {
        "link": (link, "is a symbolic link"),
        "pipe": (pipe, "is no plain file"),
        "cut off": (cut, "is not"),
        "checkpoint": (checkpoint, "is a checkpoint of PyTorch, which is never opened here"),
        "text": (text, "is not an ONNX file"),
        "missing": (tmp_path / "absent.onnx", "cannot read .*: No such file"),
        "folder": (tmp_path, "is no plain file"),
        "weights elsewhere": (tmp_path / "outside.onnx", "its weight .* lies in another file"),
        "old opset": (tmp_path / "old.onnx", "is of opset 7: export it with one of 9 to"),
        "operators of others": (tmp_path / "alien.onnx", "does not run: .*mmdeploy"),
    }


def test_broken_files_are_refused_with_one_line(
    run: Callable[..., Result], exports: Any, cache: zoo.Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path, problem in broken_files(exports, tmp_path).values():
        with pytest.raises(zoo.ZooError, match=problem):
            import_model("yolo", path, "it", cache=cache)
        result = run("import", "yolo", path, "--name", "it")
        assert result.exit_code == 1 and result.stderr.count("\n") == 1, result.stderr
    monkeypatch.setattr(reading, "LARGEST", 100)
    with pytest.raises(zoo.ZooError, match=r"good\.onnx has .* GB; at most"):
        import_model("yolo", tmp_path / "good.onnx", cache=cache)
    assert imported.load(cache) == {}
    assert not (cache.root / "imported").exists()


def wrong_files(exports: Any) -> dict[str, tuple[str, Path, str]]:
    """Models of another format than is said, each with what must be said."""
    dets = {"dets": np.zeros((1, 3, 5)), "labels": np.zeros((1, 3), np.int64)}
    nan = {"output0": np.full((1, 84, CELLS), np.nan)}
    return {
        "another format": (
            "yolo",
            exports("a.onnx", dets),
            r"is not of the format yolo: expected the outputs one of .*",
        ),
        "transposed": ("yolo", exports("b.onnx", {"o": np.zeros((1, CELLS, 85))}), r"found o float32 \(1, 126, 85\)"),
        "segmentation": (
            "yolo",
            exports("c.onnx", {**YOLO, "more": np.zeros((1, 32, 16, 24))}),
            "found output0 .*; more",
        ),
        "poses": ("yolo", exports("d.onnx", YOLO, notes={"task": "pose"}), "says that its task is 'pose'"),
        "perhaps poses": ("yolo", exports("e.onnx", {"o": np.zeros((1, 56, CELLS))}), "may be a pose network"),
        "nobody": (
            "yolo",
            exports("f.onnx", YOLO, notes={"names": "{0: 'cat', 1: 'dog'}"}),
            r"none of the classes of f.onnx is called person \(0 cat, 1 dog\): say which one",
        ),
        "grey": (
            "yolo",
            exports("g.onnx", YOLO, size=(64, 96), kind=TensorProto.DOUBLE),
            "expected one input of an image",
        ),
        "four at a time": ("yolo", exports("h.onnx", YOLO, batch=4), "takes 4 images at a time"),
        "no numbers": ("yolo", exports("i.onnx", nan), "has NaN and infinity"),
        "five keypoints": (
            "rtmpose",
            exports("j.onnx", {"x": np.zeros((1, 5, 192)), "y": np.zeros((1, 5, 128))}),
            "expected the outputs simcc_x",
        ),
        "no format": ("yolov2", exports("k.onnx", YOLO), "'yolov2' is no known format; known are yolox, yolo"),
    }


def test_files_of_other_formats_are_refused_with_what_was_expected_and_found(
    run: Callable[..., Result], exports: Any, cache: zoo.Cache
) -> None:
    for form, path, problem in wrong_files(exports).values():
        with pytest.raises(zoo.ZooError, match=problem):
            import_model(form, path, "it", cache=cache)
        result = run("import", form, path, "--name", "it")
        assert result.exit_code == 1 and result.stderr.count("\n") == 1, result.stderr
    with pytest.raises(zoo.ZooError, match="has no class 80: it has 80"):
        import_model("yolo", exports("z.onnx", YOLO), person=80, cache=cache)
    assert imported.load(cache) == {}


def test_names_of_classes_are_read_without_running_them(exports: Any, cache: zoo.Cache) -> None:
    for text in ("__import__('os')", "[" * 5000, "{", "{5: 'person'}", "(" * 100 + ")" * 100):
        source = reading.read(exports("n.onnx", YOLO, notes={"names": text}))
        assert source.class_names == []
    assert reading.read(exports("n.onnx", YOLO, notes={"names": "['a', 'person']"})).class_names == ["a", "person"]


def test_the_command_names_the_formats_that_there_are() -> None:
    assert set(models_cli.FORMATS) == set(FORMATS) and models_cli.VIDEO == importing.FORMATS
    assert {*(form.task for form in FORMATS.values()), importing.TASK} == set(models_cli.NODES)


def free_yolo(exports: Any) -> Path:
    """A network like YOLO for images of any size: its candidates are the cells of the image, averaged."""
    nodes = []
    for stride in (8, 16, 32):
        window = {"kernel_shape": [stride, stride], "strides": [stride, stride]}
        nodes += [
            helper.make_node("AveragePool", ["image"], [f"map{stride}"], **window),
            helper.make_node("Reshape", [f"map{stride}", "cells"], [f"cells{stride}"]),
        ]
    nodes += [
        helper.make_node("Concat", ["cells8", "cells16", "cells32"], ["all"], axis=2),
        helper.make_node("Tile", ["all", "times"], ["output0"]),
    ]
    constants = [
        numpy_helper.from_array(np.array(value, np.int64), key)
        for key, value in (("cells", [0, 3, -1]), ("times", [1, 28, 1]))
    ]
    inputs = [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", "channels", "height", "width"])]
    outputs = [helper.make_tensor_value_info("output0", TensorProto.FLOAT, ["batch", 84, "anchors"])]
    return Path(exports.write("free.onnx", nodes, inputs, outputs, constants))


def test_what_takes_images_of_any_size_goes_on_doing_so(exports: Any, cache: zoo.Cache) -> None:
    import_model("yolo", free_yolo(exports), cache=cache)
    session = InferenceSession(str(zoo.require("free", cache).path), providers=["CPUExecutionProvider"])
    assert [type(side) for side in session.get_inputs()[0].shape] == [str, str, str, int]
    for height, width in ((64, 96), (320, 416)):
        images = np.concatenate([golden.pattern(height, width)] * 2)
        [found] = session.run(["predictions"], {"image": images})
        cells = sum(height // stride * (width // stride) for stride in (8, 16, 32))
        assert found.shape == (2, 84, cells)
        first = images[0, :8, :8].astype(np.float64).mean(axis=(0, 1)) / 255
        np.testing.assert_allclose(found[0, :3, 0], first, atol=1e-5)


def test_a_format_of_one_size_gets_it(exports: Any, cache: zoo.Cache) -> None:
    maps = {"x": np.zeros((1, 17, 384)), "y": np.zeros((1, 17, 512))}
    import_model("rtmpose", exports("free.onnx", maps, ("height", "width"), batch="N"), cache=cache)
    session = InferenceSession(str(zoo.require("free", cache).path), providers=["CPUExecutionProvider"])
    assert session.get_inputs()[0].shape == ["N", 256, 192, 3]
    assert [each.name for each in session.get_outputs()] == ["simcc_x", "simcc_y"]
