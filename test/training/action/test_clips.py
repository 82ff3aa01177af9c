"""Skeleton networks on clips: readers of the public sets, bones, trainings, comparisons."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from opendr_perception.networks.action.skeletons import SKELETONS
from opendr_perception.training.action.clips import compare, layouts
from opendr_perception.training.action.clips.data import SkeletonClips, clip_set
from opendr_perception.training.action.clips.models import BEGUN_WITH, NETWORKS, ClipShape, bones, network
from opendr_perception.training.action.clips.train import Settings, Trainer, keep_scores, scores_of
from opendr_perception.training.common.weights import save

SHAPE = ClipShape("coco17", 3, 84, 1, 4)
TINY = Settings(width=4, steps=2, batch=2)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


class Drawn(SkeletonClips):
    """Clips of noise."""

    def train(self, seed: int, step: int, size: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng((seed, step))
        return rng.random((size, 3, 84, 17, 1), np.float32), rng.integers(0, 4, size)

    def evaluation(self) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
        return {"noise": (*self.train(9, 9, 3), np.array([0, 0, 1]))}


def ntu_file(folder: Path, name: str, height: float = 0.0) -> None:
    """Two frames of one person, the second without anybody."""
    joints = [f"{k} {height} 2.0 0 0 0 0 0 0 0 0 2" for k in range(25)]
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.skeleton").write_text("\n".join(["2", "1", "72057 0 0 0 0 0 0 0 0 2", "25", *joints, "0"]))


def test_ntu_is_read_and_split_as_its_authors_say(tmp_path: Path) -> None:
    for person, camera, action in ((1, 1, 1), (3, 2, 60), (1, 3, 61)):
        ntu_file(tmp_path / "ntu", f"S001C{camera:03d}P{person:03d}R001A{action:03d}")
    found = layouts.files_of(tmp_path / "ntu", "ntu60-xsub")
    assert [(one.label, one.train) for one in found] == [(0, True), (59, False)]
    assert [one.train for one in layouts.files_of(tmp_path / "ntu", "ntu60-xview")] == [False, True]
    assert len(layouts.files_of(tmp_path / "ntu", "ntu120-xset")) == 3
    clip = layouts.read(found[0], "ntu60-xsub")
    assert clip.shape == (3, 300, 25, 2)
    np.testing.assert_allclose(clip[0, 0, :, 0], np.arange(25) - 1)  # about the middle of the spine
    assert not clip[:, 1].any()  # nobody
    np.testing.assert_array_equal(clip[:, 2], clip[:, 0])  # again from the beginning
    (tmp_path / "ntu" / "S001C001P002R001A002.skeleton").write_text("nothing")
    with pytest.raises(ValueError, match="no clip of ntu60-xsub"):
        layouts.read(layouts.files_of(tmp_path / "ntu", "ntu60-xsub")[1], "ntu60-xsub")
    with pytest.raises(ValueError, match="no clips of kinetics"):
        layouts.files_of(tmp_path / "ntu", "kinetics")


def test_kinetics_is_read(tmp_path: Path) -> None:
    person = {"pose": [0.5, 0.25] * 18, "score": [0.0, *[0.9] * 17]}
    for part in ("train", "val"):
        (tmp_path / f"kinetics_{part}").mkdir()
        row = {"label": "yoga", "label_index": 399, "has_skeleton": True}
        (tmp_path / f"kinetics_{part}_label.json").write_text(
            json.dumps({"clip": row, "no": row | {"has_skeleton": False}})
        )
        data = [{"frame_index": 1, "skeleton": [person]}, {"frame_index": 2, "skeleton": []}]
        (tmp_path / f"kinetics_{part}" / "clip.json").write_text(json.dumps({"data": data}))
    clips = clip_set("kinetics", tmp_path, tmp_path)
    frames, labels = clips.train(1, 0, 2)
    assert frames.shape == (2, 3, 300, 18, 2)
    assert labels.tolist() == [399, 399]
    np.testing.assert_allclose(frames[0, :, 0, 1, 0], [0, -0.25, 0.9])
    assert not frames[0, :, 0, 0].any()  # not seen
    with pytest.raises(ValueError, match="no layout 'ucf'"):
        clip_set("ucf", tmp_path, tmp_path)


def test_bones_lead_from_the_nearer_joint() -> None:
    clip = torch.rand(1, 4, 2, 17, 1) + 0.1
    clip[0, 2, 0, 7] = 0  # the left elbow is not seen
    found = bones(clip, SKELETONS["coco17"], 2)
    torch.testing.assert_close(found[:, :2, :, 15], clip[:, :2, :, 15] - clip[:, :2, :, 13])
    assert not found[0, :3, 0, 7].any()
    assert not found[0, :2, 0, 9].any()  # the forearm hangs on it
    assert not found[:, :2, :, 0].any()  # the centre
    torch.testing.assert_close(found[:, 3], clip[:, 3])


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_takes_clips_and_has_costs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "STEPS", 3)
    made = network(name, SHAPE, 4).eval()
    with torch.no_grad():
        assert made(torch.rand(2, 3, 84, 17, 1))[:, :, -1].shape == (2, 4)
    row = compare.costs(made, SHAPE)
    assert row["macs"] > 0 and row["state"] > 0 and row["ms"] > 0


def test_chance_is_told_by_streams_and_the_best_is_compared_on_the_same() -> None:
    streams = np.repeat(np.arange(20), 2)
    hits = streams < 15
    draws = compare._drawn(hits, streams)
    assert draws.mean() == pytest.approx(0.75, abs=0.02)
    assert draws.std() == pytest.approx(np.sqrt(0.75 * 0.25 / 20), rel=0.15)  # of 20 streams, not of 40 clips
    rows: dict[str, compare.Row] = {"best": {}, "worse": {}, "untrained": {}}
    worse = compare._drawn(hits & (streams > 3), streams)
    compare.against_best(rows, {"best": draws, "worse": worse, "untrained": np.empty(0)})
    assert rows["best"]["not behind"] == 1
    assert float(rows["worse"]["not behind"]) < 0.05
    assert not rows["untrained"]


def test_a_training_goes_on_and_both_streams_are_joined(tmp_path: Path) -> None:
    clips = Drawn(SHAPE, 2)
    whole = Trainer(TINY, clips, tmp_path / "whole.pt")
    losses = [loss for _, loss, _ in whole.run()]
    part = Trainer(TINY, clips, tmp_path / "part.pt")
    next(part.run())
    part.save()
    later = Trainer(TINY, clips, tmp_path / "part.pt")
    later.resume()
    assert [loss for _, loss, _ in later.run()] == losses[1:]
    for stream in ("joints", "bones"):
        keep_scores(tmp_path / f"scores-co-st-gcn-{stream}.npz", scores_of(whole.network, clips, stream))
    row, draws = compare.accuracies(tmp_path, "co-st-gcn")
    assert {*row} == {"joints", "bones", "both", "interval"}
    low, high = np.percentile(draws, (2.5, 97.5))
    assert low <= row["both"] <= high
    assert not len(compare.accuracies(tmp_path, "tcn")[1])
    save(whole.network, tmp_path / "co-st-gcn-joints.npz", {})
    star = replace(TINY, network="co-st-gcn-star")
    begun = Trainer(star, clips, tmp_path / "star.pt", tmp_path / f"{BEGUN_WITH[star.network]}-joints.npz")
    torch.testing.assert_close(begun.network.state_dict()["fc.weight"], whole.network.state_dict()["fc.weight"])
    with pytest.raises(ValueError, match="no skeleton network 'x'"):
        network("x", SHAPE)


def test_frames_with_an_answer_are_learned_by_their_own_labels(tmp_path: Path) -> None:
    class Labelled(Drawn):
        def train(self, seed: int, step: int, size: int) -> tuple[np.ndarray, np.ndarray]:
            labels = np.random.default_rng((seed, step)).integers(0, 4, (size, 30))
            return np.eye(5)[labels].transpose(0, 2, 1)[..., None, None].astype(np.float32).repeat(17, 3), labels

    class Knows(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.sure = torch.nn.Parameter(torch.tensor(20.0))

        def forward(self, clip: torch.Tensor) -> torch.Tensor:
            return self.sure * clip[:, :4, ::4, 0, 0]

    dense = Labelled(ClipShape("coco17", 5, 30, 1, 4, dense=True), 2)
    trainer = Trainer(TINY, dense, tmp_path / "dense.pt")
    assert np.isfinite(next(trainer.run())[1])  # each fourth frame has an answer
    trainer.network = Knows()
    assert next(trainer.run())[2] == 1.0
