"""Training of suppression: crowds, labels, loss, precision, and that it learns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.networks.nms.seq2seq import FSeq2Nms, Seq2SeqNms
from opendr_perception.tasks.nms.box_graph import build_graph
from opendr_perception.tasks.nms.overlap import pairwise_iou
from opendr_perception.tasks.people.detection import PersonDetector
from opendr_perception.training.common.weights import save
from opendr_perception.training.nms.average_precision import average_precision
from opendr_perception.training.nms.data import SHIFTED, TEST, TRAIN, ImageSet, make
from opendr_perception.training.nms.evaluate import scenes
from opendr_perception.training.nms.examples import Example, as_tensors, class_weights, loss_of, match, thin
from opendr_perception.training.nms.render import CrowdImage, compose, propose, random_camera
from opendr_perception.training.nms.simulate import HARD, STANDARD, visible_parts
from opendr_perception.training.nms.train import Settings, Trainer
from opendr_perception.training.nms.weights import load, mean
from opendr_perception.training.people.sprites import Sprite, divide


def test_people_hide_each_other_as_in_real_crowds() -> None:
    data = scenes(1, 60, [STANDARD])
    nearest = []
    for scene in data:
        overlaps = pairwise_iou(scene.people, scene.people)
        np.fill_diagonal(overlaps, 0)
        nearest += overlaps.max(axis=1, initial=0).tolist()
    assert 0.13 < np.mean(np.array(nearest) > 0.5) < 0.27
    assert 14 < np.mean([len(scene.people) for scene in data]) < 19
    assert 90 < np.mean([len(scene.boxes) for scene in data]) < 130
    for scene in data:
        assert (np.diff(scene.scores) <= 0).all()
        assert ((scene.boxes >= 0) & (scene.boxes <= [1280, 720, 1280, 720])).all()


def test_a_scene_is_the_same_whenever_it_is_asked_for() -> None:
    [once, _], [again] = scenes(3, 2, [HARD, STANDARD]), scenes(3, 1, [HARD])
    np.testing.assert_array_equal(once.boxes, again.boxes)
    assert len(once.boxes) != len(scenes(4, 1, [HARD])[0].boxes)


def test_who_stands_in_front_hides_who_stands_behind() -> None:
    boxes = np.array([[0, 0, 100, 100], [50, 0, 150, 100], [400, 0, 440, 80]], float)
    behind, front, alone = visible_parts(boxes, (640, 480))
    assert 0.4 < behind < 0.6
    assert (front, alone) == (1, 1)


def test_the_box_that_the_network_prefers_is_the_right_one() -> None:
    overlaps = np.array([[0.9, 0.1], [0.7, 0.6], [0.55, 0.8]])
    assert match(np.array([0.9, 0.8, 0.7]), overlaps).tolist() == [0, 1, -1]
    assert match(np.array([0.1, 0.8, 0.7]), overlaps).tolist() == [-1, 0, 1]
    assert match(np.array([0.5, 0.6]), np.array([[0.5], [0.4]])).tolist() == [-1, -1]
    assert match(np.array([0.5]), np.empty((1, 0))).tolist() == [-1]


def test_right_boxes_have_a_tenth_of_the_weight() -> None:
    right, wrong = class_weights([(100, 14), (50, 7)])
    assert right == pytest.approx(0.1 * 150 / 21)
    assert wrong == pytest.approx(0.9 * 150 / 129)
    assert np.isfinite(class_weights([(3, 0)])).all()


def test_the_loss_is_a_weighted_sum_with_smooth_labels() -> None:
    logits, p = torch.tensor([2.0, -1.0]), 1 / (1 + np.exp(-np.array([2.0, -1.0])))
    found = float(loss_of(logits, np.array([True, False]), (0.7, 1.1), 0.02))
    expected = -0.7 * (0.98 * np.log(p[0]) + 0.02 * np.log(1 - p[0])) - 1.1 * (
        0.02 * np.log(p[1]) + 0.98 * np.log(1 - p[1])
    )
    assert found == pytest.approx(expected, rel=1e-5)


def test_a_thinned_graph_is_the_graph_of_the_boxes_that_are_left() -> None:
    [scene] = scenes(5, 1, [STANDARD])
    kept = np.random.default_rng(0).random(len(scene.boxes)) < 0.7
    thinned = thin(as_tensors(build_graph(scene.boxes, scene.scores, scene.size)), kept)
    direct = as_tensors(build_graph(scene.boxes[kept], scene.scores[kept], scene.size))
    for one, other in zip(thinned, direct, strict=True):
        torch.testing.assert_close(one, other)


def test_precision_of_cases_that_can_be_counted() -> None:
    person, elsewhere = [0.0, 0.0, 10.0, 10.0], [50.0, 50.0, 60.0, 60.0]
    one = np.array([person])
    assert average_precision([(one, np.array([0.9]))], [one]).tolist() == [1] * 10
    double = (np.array([person, person]), np.array([0.9, 0.8]))
    assert average_precision([double], [one], [0.5]).tolist() == [1], "a double below all others costs nothing"
    wrong_first = (np.array([elsewhere, person]), np.array([0.9, 0.8]))
    assert average_precision([wrong_first], [one], [0.5]).tolist() == [0.5]
    half = average_precision([(one, np.array([0.9]))], [np.array([person, elsewhere])], [0.5])
    np.testing.assert_allclose(half, [51 / 101])
    loose = (np.array([[0.0, 0.0, 10.0, 7.2]]), np.array([0.9]))
    np.testing.assert_array_equal(average_precision([loose], [one]) > 0, np.arange(0.5, 0.96, 0.05) <= 0.72)


TINY = Settings(steps=4, rate=1e-3)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def test_a_training_that_was_interrupted_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    whole = Trainer(TINY, tmp_path / "whole.pt")
    losses = [loss for _, loss in whole.run()]
    first = Trainer(TINY, tmp_path / "part.pt")
    for step, loss in first.run():
        assert loss == losses[step - 1]
        if step == 2:
            first.save()
            break
    second = Trainer(TINY, tmp_path / "part.pt")
    second.resume()
    assert [loss for _, loss in second.run()] == losses[2:]
    for name, value in second.network.state_dict().items():
        assert torch.equal(value, whole.network.state_dict()[name])
    with pytest.raises(ValueError, match="other settings"):
        Trainer(replace(TINY, seed=2), tmp_path / "part.pt").resume()


def test_training_lowers_the_loss(tmp_path: Path) -> None:
    settings = replace(TINY, steps=16)
    losses = [loss for _, loss in Trainer(settings, tmp_path / "checkpoint.pt").run()]
    assert np.mean(losses[-4:]) < 0.9 * np.mean(losses[:2])


def test_weights_are_read_as_they_were_written(tmp_path: Path) -> None:
    network = Seq2SeqNms()
    save(network, tmp_path / "nms.npz", {})
    for name, value in load(tmp_path / "nms.npz").state_dict().items():
        torch.testing.assert_close(value, network.state_dict()[name])


def test_the_mean_of_weights_is_between_them() -> None:
    one, other = Seq2SeqNms(), Seq2SeqNms()
    expected = (one.head[1].weight + other.head[1].weight).detach() / 2
    torch.testing.assert_close(mean([one, other]).state_dict()["head.1.weight"], expected)


@torch.no_grad()
def test_a_geometric_network_that_shall_look_at_a_map_begins_with_what_it_knows(tmp_path: Path) -> None:
    network = Seq2SeqNms().eval()
    save(network, tmp_path / "geom.npz", {})
    looking = load(tmp_path / "geom.npz", channels=6)
    assert isinstance(looking, FSeq2Nms)
    [scene] = scenes(6, 1, [STANDARD])
    places = torch.from_numpy((scene.boxes / np.tile(scene.size, 2)).astype(np.float32))
    example = Example.of(scene)
    torch.testing.assert_close(
        looking.forward_map(example.graph, torch.randn(6, 9, 16), places), example.logits(network)
    )


def test_an_image_shows_the_people_whose_boxes_it_has(models: dict[str, zoo.ModelFile]) -> None:
    pixels = np.zeros((80, 32, 3), np.uint8)
    pixels[:] = (0, 0, 255)
    opacity = np.zeros((80, 32), np.uint8)
    opacity[:, 4:28] = 255
    sprites = [Sprite(pixels, opacity, body) for body in range(10)]
    assert [sprite.body for sprite in divide(sprites, held_out=True)] == [0, 5]
    rng = np.random.default_rng(2)
    image = compose(rng, random_camera(rng, STANDARD), sprites, [])
    assert len(image.people) == len(image.visible) > 0
    red = image.pixels[..., 2].astype(int) - image.pixels[..., :2].max(axis=2)
    x, y = ((image.people[-1, :2] + image.people[-1, 2:]) / 2).astype(int)
    assert red[y, x] > 80, "who stands in front is seen"
    scene = propose(PersonDetector(Session(models["nanodet"].path, threads=1)), image)
    assert (scene.scores > 0.05).all()
    assert scene.size == (image.pixels.shape[1], image.pixels.shape[0])


def test_a_network_learns_from_the_detectors_map_too(
    models: dict[str, zoo.ModelFile], street: list[np.ndarray], tmp_path: Path
) -> None:
    detector = PersonDetector(Session(models["nanodet-features"].path, threads=1), input_size=160)
    scene = propose(detector, CrowdImage(street[0], np.array([[600, 220, 635, 330]], float), np.ones(1)))
    save(Seq2SeqNms(), tmp_path / "geom.npz", {})
    start = load(tmp_path / "geom.npz", channels=128)
    before = {name: value.clone() for name, value in start.state_dict().items()}
    settings = Settings("fseq2", steps=2, images=1)
    trainer = Trainer(settings, tmp_path / "checkpoint.pt", [scene], start)
    assert all(np.isfinite(loss) for _, loss in trainer.run())
    for name in ("regions.conv_1.weight", "regions.linear.weight", "appearance.0.weight", "units.3.refresh"):
        assert torch.equal(trainer.network.state_dict()[name], before[name]) == (name == "units.3.refresh")
    with pytest.raises(ValueError, match="learns from images alone"):
        Trainer(replace(settings, images=0.5), tmp_path / "checkpoint.pt", [scene])
    with pytest.raises(ValueError, match="without the detector's map"):
        Trainer(settings, tmp_path / "checkpoint.pt", [replace(scene, features=None)])
    with pytest.raises(ValueError, match="no images"):
        Trainer(settings, tmp_path / "checkpoint.pt", [])


def test_images_are_made_once_and_shown_under_another_light(models: dict[str, zoo.ModelFile], tmp_path: Path) -> None:
    body = {"pixels": np.full((60, 24, 3), 90, np.uint8), "opacity": np.full((60, 24), 255, np.uint8)}
    sprites = {f"{name}{k}": array for k in range(2) for name, array in body.items()}
    np.savez(tmp_path / "sprites.npz", allow_pickle=False, count=2, bodies=[0, 1], **sprites)
    photographs = tmp_path / "photographs"
    photographs.mkdir()
    folder = tmp_path / "images"
    for part in (TRAIN, TEST, SHIFTED):
        make(folder, part, 1, tmp_path / "sprites.npz", photographs)
    [seen], [again] = ImageSet.of(folder / TEST.name, features=True), ImageSet.of(folder / TEST.name)
    [shifted] = ImageSet.of(folder / SHIFTED.name, features=True)
    assert again.features is None
    assert seen.features is not None
    assert seen.features.values.shape[0] == 128
    np.testing.assert_array_equal(shifted.people, seen.people)
    assert shifted.features is not None
    assert np.abs(shifted.features.values - seen.features.values).mean() > 0.01

    stamp = (folder / TRAIN.name / "00000.npz").stat().st_mtime_ns
    make(folder, TRAIN, 2, tmp_path / "sprites.npz", photographs)
    assert (folder / TRAIN.name / "00000.npz").stat().st_mtime_ns == stamp, "what is there stays"
    assert len(ImageSet.of(folder / TRAIN.name)) == 2
    np.savez(tmp_path / "sprites.npz", allow_pickle=False, count=2, bodies=[5, 1], **sprites)
    with pytest.raises(ValueError, match="made of something else"):
        make(folder, TRAIN, 3, tmp_path / "sprites.npz", photographs)
    with pytest.raises(ValueError, match="has no images"):
        ImageSet.of(tmp_path)
