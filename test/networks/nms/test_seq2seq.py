"""Seq2Seq-NMS: pairs that overlap give the answers of all pairs, published sizes and names, ONNX of any size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.networks.nms.dense import dense_logits
from opendr_perception.networks.nms.regions import APPEARANCE, RegionEncoder, region_features
from opendr_perception.networks.nms.seq2seq import SIZES, FSeq2Nms, NmsSize, Seq2SeqNms
from opendr_perception.tasks.imaging.image import Image
from opendr_perception.tasks.nms.box_graph import BoxGraph, build_graph, pair_features
from opendr_perception.tasks.nms.candidates import Candidates, Detections, FeatureMap
from opendr_perception.tasks.nms.classic import Greedy
from opendr_perception.tasks.nms.learned import LearnedNms, keep_certain
from opendr_perception.tasks.nms.overlap import pairwise_iou
from opendr_perception.tasks.people.detection import PersonDetector
from opendr_perception.training.nms.examples import as_tensors
from opendr_perception.training.nms.export import export_nms

SIZE = (640, 480)
SMALL = NmsSize(24, 16, 2)


def crowd(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Boxes that overlap, best first, and their scores."""
    rng = np.random.default_rng(seed)
    low, side = rng.uniform(0, 150, (count, 2)), rng.uniform(20, 100, (count, 2))
    return np.concatenate([low, low + side], axis=1), np.linspace(0.95, 0.1, count)


def all_pairs(boxes: np.ndarray, scores: np.ndarray) -> tuple[Tensor, Tensor]:
    """Features (N, N, 14) of all pairs, and the mask (N, N)."""
    count = len(boxes)
    rows, columns = np.indices((count, count)).reshape(2, -1)
    overlaps = pairwise_iou(boxes, boxes)
    keys = pair_features(boxes, scores, SIZE, rows, columns, overlaps.reshape(-1))
    mask = np.where(overlaps < 0.2, 0, np.where(columns.reshape(count, count) <= rows.reshape(count, count), 1, 0.1))
    return torch.from_numpy(keys).view(count, count, -1), torch.from_numpy(mask.astype(np.float32))


@pytest.mark.parametrize(("size", "parameters"), [("light", 324_701), ("medium", 868_461), ("full", 1_219_021)])
def test_sizes_are_those_published(size: str, parameters: int) -> None:
    assert sum(p.numel() for p in Seq2SeqNms(SIZES[size]).parameters()) == parameters


def test_size_with_features_of_the_detector() -> None:
    assert sum(p.numel() for p in RegionEncoder(512).parameters()) == 312_119
    assert sum(p.numel() for p in FSeq2Nms(512).parameters()) == 1_180_580


@pytest.mark.parametrize("count", [1, 2, 60])
@pytest.mark.parametrize("looks", [False, True])
@torch.no_grad()
def test_overlapping_pairs_say_what_all_pairs_say(count: int, looks: bool) -> None:
    network = Seq2SeqNms().eval()
    boxes, scores = crowd(count)
    graph = as_tensors(build_graph(boxes, scores, SIZE))
    appearance = torch.randn(count, APPEARANCE) if looks else None
    sparse = network(graph, appearance)
    dense = dense_logits(network, graph.queries, *all_pairs(boxes, scores), appearance)
    assert (sparse.sigmoid() - dense.sigmoid()).abs().max() <= 1e-5
    assert len(graph.rows) < count**2 or count < 3


def test_gradients_are_those_of_all_pairs() -> None:
    network = Seq2SeqNms(SMALL, dropout=0.0)
    boxes, scores = crowd(20)
    graph = as_tensors(build_graph(boxes, scores, SIZE))
    parameters = [
        p for name, p in network.named_parameters() if name != "units.1.refresh"
    ]  # nobody looks after the last
    mine = torch.autograd.grad(network(graph).square().sum(), parameters)
    dense = dense_logits(network, graph.queries, *all_pairs(boxes, scores))
    theirs = torch.autograd.grad(dense.square().sum(), parameters)
    for ours, wanted in zip(mine, theirs, strict=True):
        assert (ours - wanted).abs().max() <= 1e-4 * max(1.0, float(wanted.abs().max()))


@torch.no_grad()
def test_regions_are_sampled_like_cell_by_cell() -> None:
    features = torch.randn(3, 12, 20)
    boxes = torch.tensor([[2.0, 3.0, 11.5, 9.25], [0.0, 0.0, 20.0, 12.0]])
    found = region_features(features, boxes, 5)

    def sample(channel: int, x: float, y: float) -> float:
        x, y = min(max(x - 0.5, 0), 19), min(max(y - 0.5, 0), 11)
        left, top = int(x), int(y)
        right, bottom = min(left + 1, 19), min(top + 1, 11)
        upper = features[channel, top, left] * (1 - (x - left)) + features[channel, top, right] * (x - left)
        lower = features[channel, bottom, left] * (1 - (x - left)) + features[channel, bottom, right] * (x - left)
        return float(upper * (1 - (y - top)) + lower * (y - top))

    for number, (x_min, y_min, x_max, y_max) in enumerate(boxes.tolist()):
        for row in range(5):
            for column in range(5):
                x, y = x_min + (column + 0.5) / 5 * (x_max - x_min), y_min + (row + 0.5) / 5 * (y_max - y_min)
                expected = [sample(channel, x, y) for channel in range(3)]
                np.testing.assert_allclose(found[number, :, row, column], expected, atol=1e-5)


@torch.no_grad()
def test_regions_of_a_resized_map_are_those_of_the_map_after_it_was_resized() -> None:
    features, boxes = torch.randn(3, 12, 20), torch.tensor([[1.0, 0.5, 7.5, 6.0], [0.0, 0.0, 16.0, 16.0]])
    resized = torch.nn.functional.interpolate(features[None], (16, 16), mode="bilinear")[0]
    torch.testing.assert_close(region_features(features, boxes, 5, side=16), region_features(resized, boxes, 5))


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Seq2SeqNms, LearnedNms]:
    torch.manual_seed(1)
    network = Seq2SeqNms(SMALL).eval()
    path = tmp_path_factory.mktemp("nms") / "geom.onnx"
    export_nms(network, path)
    return network, LearnedNms(Session(path, threads=1), sure=False)


def scores_of(network: Seq2SeqNms, graph: BoxGraph) -> np.ndarray:
    with torch.no_grad():
        scores: np.ndarray = network(as_tensors(graph)).sigmoid().numpy()
    return scores


@pytest.mark.parametrize("count", [1, 7, 60])
def test_the_task_says_what_the_network_says_for_any_number_of_boxes(exported, count: int) -> None:
    network, nms = exported
    boxes, scores = (array.astype(np.float32) for array in crowd(count, seed=3))
    chosen = nms(Candidates(Detections(boxes, scores), SIZE))
    expected = dict(zip(map(tuple, chosen.boxes), chosen.scores, strict=True))
    kept = np.array([tuple(box) in expected for box in boxes])  # less those that are nearly another
    for box, score in zip(boxes[kept], scores_of(network, build_graph(boxes[kept], scores[kept], SIZE)), strict=True):
        assert abs(expected[tuple(box)] - score) <= 1e-5
    assert (np.diff(chosen.scores) <= 0).all()


def test_the_order_of_candidates_does_not_matter(exported) -> None:
    _, nms = exported
    boxes, scores = (array.astype(np.float32) for array in crowd(40, seed=4))
    shuffled = np.random.default_rng(0).permutation(40)
    one = nms(Candidates(Detections(boxes, scores), SIZE))
    other = nms(Candidates(Detections(boxes[shuffled], scores[shuffled]), SIZE))
    np.testing.assert_allclose(one.scores, other.scores, atol=1e-6)
    np.testing.assert_array_equal(one.boxes, other.boxes)


@pytest.mark.parametrize("size", [(1, 1), (7680, 4320), (480, 1920)])
def test_any_image_and_any_boxes_are_served(exported, size: tuple[int, int]) -> None:
    _, nms = exported
    assert len(nms(Candidates(Detections(np.empty((0, 4), np.float32), np.empty(0, np.float32)), size))) == 0
    rng = np.random.default_rng(0)
    low = rng.uniform(0, 1, (5000, 2)) * size
    boxes = np.concatenate([low, low + rng.uniform(-0.02, 0.2, (5000, 2)) * size], axis=1)
    boxes[::50] = np.nan
    boxes = np.clip(boxes, 0, np.tile(size, 2)).astype(np.float32)
    found = nms(Candidates(Detections(boxes, rng.random(5000).astype(np.float32)), size))
    assert len(found) <= 400
    assert np.isfinite(found.scores).all()
    assert len(found) > 0 or size == (1, 1)


@pytest.fixture(scope="module")
def fseq2(tmp_path_factory: pytest.TempPathFactory) -> LearnedNms:
    """One that looks at the map of nanodet's features."""
    torch.manual_seed(1)
    path = tmp_path_factory.mktemp("fseq2") / "fseq2.onnx"
    export_nms(FSeq2Nms(128, NmsSize(24, 16, 1)).eval(), path)
    return LearnedNms(Session(path, threads=1))


def test_features_and_images_are_asked_for_by_name(fseq2: LearnedNms, tmp_path: Path) -> None:
    boxes, scores = (array.astype(np.float32) for array in crowd(12))
    bare = Candidates(Detections(boxes, scores), SIZE)
    with pytest.raises(ValueError, match="feature map, which is missing"):
        fseq2(bare)
    rng = np.random.default_rng(0)
    values, frame = rng.normal(size=(128, 30, 40)).astype(np.float32), np.array([0, 0, *SIZE], np.float32)
    found = fseq2(Candidates(bare.proposals, SIZE, FeatureMap(values, frame)))
    moved = fseq2(Candidates(bare.proposals, SIZE, FeatureMap(np.roll(values, 10, axis=2), frame)))
    assert fseq2.kind == "fseq2"
    assert abs(np.sort(found.scores) - np.sort(moved.scores)).max() > 1e-6, "what the map shows decides too"

    zeros, ones = " ".join(["0"] * APPEARANCE), " ".join(["1"] * APPEARANCE)
    network = Seq2SeqNms(NmsSize(24, 16, 1)).eval()
    export_nms(network, tmp_path / "fmod.onnx", appearance=True, metadata={"fmod_mean": zeros, "fmod_std": ones})
    fmod = LearnedNms(Session(tmp_path / "fmod.onnx", threads=1))
    with pytest.raises(ValueError, match="image, which is missing"):
        fmod(bare)
    image = Image(rng.integers(0, 255, (480, 640, 3), np.uint8), "bgr8")
    assert len(fmod(Candidates(bare.proposals, SIZE, image=image))) == len(found)


def test_the_detectors_own_map_decides_too(
    models: dict[str, zoo.ModelFile], street: list[np.ndarray], fseq2: LearnedNms
) -> None:
    detector = PersonDetector(Session(models["nanodet-features"].path, threads=1), score_threshold=0.0)
    plain = PersonDetector(Session(models["nanodet"].path, threads=1))
    assert detector.has_features
    assert not plain.has_features
    detector.nms = plain.nms = fseq2
    portrait = np.ascontiguousarray(street[0][:, :320])
    for image in (street[0], portrait, street[0][:1, :1]):
        [people] = detector([Image(image, "bgr8")])
        assert len(people) > 20 or image.size == 3
    with pytest.raises(ValueError, match="feature map, which is missing"):
        plain([Image(street[0], "bgr8")])


def test_nobody_of_whom_the_detector_is_sure_is_lost(exported) -> None:
    _, alone = exported
    nms = LearnedNms(alone._session)
    boxes, scores = (array.astype(np.float32) for array in crowd(60, seed=5))
    candidates = Candidates(Detections(boxes, scores), SIZE)
    greedy, found, free = Greedy(0.5)(candidates), nms(candidates), alone(candidates)
    for threshold in (0.3, 0.5, 0.7, 0.9):
        kept = found.boxes[found.scores > threshold]
        for box in greedy.boxes[greedy.scores > threshold]:
            assert pairwise_iou(box[None], kept).max(initial=0) >= 0.5
    assert found.scores.sum() > free.scores.sum()
    raised = keep_certain(
        np.array([0.2, 0.6, 0.1], np.float32),
        Detections(
            np.array([[0, 0, 10, 10], [0, 0, 10, 9], [50, 0, 60, 10]], np.float32),
            np.array([0.9, 0.8, 0.3], np.float32),
        ),
    )
    np.testing.assert_allclose(raised, [0.2, 0.9, 0.3])
