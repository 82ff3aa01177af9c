"""The converted models themselves."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import pytest

from opendr_perception import zoo
from opendr_perception.zoo import golden
from opendr_perception.zoo.manifest import load_manifest

ort = pytest.importorskip("onnxruntime")
NAMES = list(load_manifest().models)
IMAGES = [name for name, entry in load_manifest().models.items() if "image" in entry.inputs]
"""Models that take images."""


def session(model: zoo.ModelFile) -> ort.InferenceSession:
    return ort.InferenceSession(str(model.path), providers=["CPUExecutionProvider"])


def images(model: zoo.ModelFile, count: int = 3) -> np.ndarray:
    assert model.entry is not None
    height, width = (size if isinstance(size, int) else 416 for size in model.entry.inputs["image"].shape[1:3])
    image = golden.pattern(height, width)[0]
    noise = np.random.default_rng(3).integers(0, 256, image.shape, dtype=np.uint8)
    return np.stack([image, image[::-1], noise])[:count]


@pytest.mark.parametrize("name", NAMES)
def test_inputs_and_outputs_are_those_of_the_manifest(name: str, models: dict[str, zoo.ModelFile]) -> None:
    entry, loaded = models[name].entry, session(models[name])
    assert entry is not None
    types = {"uint8": "tensor(uint8)", "float32": "tensor(float)"}
    for specs, tensors in ((entry.inputs, loaded.get_inputs()), (entry.outputs, loaded.get_outputs())):
        assert [tensor.name for tensor in tensors] == list(specs)
        for tensor, spec in zip(tensors, specs.values(), strict=True):
            assert tuple(tensor.shape) == spec.shape
            assert tensor.type == types[spec.dtype]


@pytest.mark.parametrize("name", NAMES)
def test_golden_output(name: str, models: dict[str, zoo.ModelFile]) -> None:
    entry = models[name].entry
    assert entry is not None
    golden.check(entry, models[name].path)


@pytest.mark.parametrize("name", IMAGES)
def test_a_batch_equals_its_images_one_by_one(name: str, models: dict[str, zoo.ModelFile]) -> None:
    loaded, batch = session(models[name]), images(models[name])
    together = loaded.run(None, {"image": batch})
    for number in range(len(batch)):
        alone = loaded.run(None, {"image": batch[number : number + 1]})
        for several, one in zip(together, alone, strict=True):
            np.testing.assert_allclose(several[number], one[0], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", IMAGES)
def test_the_image_is_the_only_map_that_is_transposed_before_the_last_layers(
    name: str, models: dict[str, zoo.ModelFile]
) -> None:
    operators = [node.op_type for node in onnx.load(models[name].path).graph.node]
    last = len(operators) - operators[::-1].index("Conv")
    assert Counter(operators[:last])["Transpose"] == 1
    assert "Mul" not in operators[: operators.index("Conv")]


@pytest.mark.parametrize(("height", "width"), [(320, 416), (416, 320), (32, 64), (640, 640)])
def test_nanodet_takes_every_multiple_of_32(height: int, width: int, models: dict[str, zoo.ModelFile]) -> None:
    scores, distances = session(models["nanodet"]).run(None, {"image": golden.pattern(height, width)})
    anchors = sum((height // stride) * (width // stride) for stride in (8, 16, 32))
    assert scores.shape == (1, anchors, 80)
    assert distances.shape == (1, anchors, 44)


def test_a_damaged_model_fails_its_golden_output(models: dict[str, zoo.ModelFile], tmp_path: Path) -> None:
    entry = models["face-expression"].entry
    assert entry is not None
    model = onnx.load(models["face-expression"].path)
    largest = max(model.graph.initializer, key=lambda tensor: len(tensor.raw_data))
    largest.raw_data = bytes(len(largest.raw_data))
    onnx.save(model, tmp_path / "damaged.onnx")
    with pytest.raises(zoo.ModelCorrupt, match="output 'probabilities' is off by"):
        golden.check(entry, tmp_path / "damaged.onnx")
