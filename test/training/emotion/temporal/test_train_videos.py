"""NAC-TCN learns from videos in the layouts of the real data sets, and goes on where it ended."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from typer.testing import CliRunner

from opendr_perception.engine.session import Session
from opendr_perception.engine.stateful import StateBank
from opendr_perception.training.common.command import application
from opendr_perception.training.emotion.temporal.data import Encoder, FeatureTrack, read_clips
from opendr_perception.training.emotion.temporal.train_videos import Settings, Tracks, Trainer, main

SIZE = 8


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def colours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network for single frames, the features of which are the mean colour."""
    nodes = [
        helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["pixels", "axes"], ["sums"], keepdims=0),
        helper.make_node("Div", ["sums", "white"], ["colour"]),
    ]
    graph = helper.make_graph(
        nodes,
        "colours",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", SIZE, SIZE, 3])],
        [helper.make_tensor_value_info("colour", TensorProto.FLOAT, ["N", 3])],
        [
            helper.make_tensor("axes", TensorProto.INT64, [2], [1, 2]),
            helper.make_tensor("white", TensorProto.FLOAT, [], [255.0]),
        ],
    )
    path = tmp_path_factory.mktemp("encoder") / "colours.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8), path)
    return path


def _affect(count: int, seed: int) -> np.ndarray:
    """Valence and arousal that wander about."""
    steps = np.random.default_rng(seed).normal(0, 0.1, (count, 2))
    return np.tanh(steps.cumsum(0))


def _colour(affect: np.ndarray) -> tuple[int, int, int]:
    """Red for valence, green for arousal; BGR."""
    red, green = (127 + 120 * affect).astype(int).tolist()
    return 0, green, red


def _image(path: Path, colour: tuple[int, int, int], size: int = SIZE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full((size, size, 3), colour, np.uint8))


@pytest.fixture
def affwild2(tmp_path: Path) -> Path:
    """A clip for each part; the second frame of each has no face, and the third no annotation."""
    root = tmp_path / "AffWild2"
    for part, name, seed in (("Train_Set", "video1", 1), ("Validation_Set", "video2_left", 2)):
        affect = _affect(40, seed)
        lines = ["valence,arousal", *(f"{v:.4f},{a:.4f}" for v, a in affect)]
        lines[3] = "-5,-5"
        table = root / "VA_Estimation_Challenge" / part / f"{name}.txt"
        table.parent.mkdir(parents=True)
        table.write_text("\n".join(lines) + "\n")
        for number, values in enumerate(affect, 1):
            if number != 2:
                _image(root / "cropped_aligned" / name / f"{number:05d}.png", _colour(values))
    return root


@pytest.fixture
def afew_va(tmp_path: Path) -> Path:
    """Faces to the left in images that are black elsewhere, by two actors."""
    root = tmp_path / "AFEW-VA"
    for clip, actor in ((1, "a"), (2, "c"), (3, "a"), (4, "d")):
        frames = {}
        for number, values in enumerate((10 * _affect(12, clip)).round()):
            image = np.zeros((30, 60, 3), np.uint8)
            image[3:27, 3:27] = _colour(values / 10)
            path = root / f"{clip:03d}" / f"{number:05d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            assert cv2.imwrite(str(path), image)
            corners = [[8, 8], [22, 8], [22, 22], [8, 22]]
            frames[f"{number:05d}"] = {"valence": values[0], "arousal": values[1], "landmarks": corners}
        text = json.dumps({"actor": actor, "frames": frames, "video_id": f"{clip:03d}"})
        (root / f"{clip:03d}" / f"{clip:03d}.json").write_text(text)
    return root


@pytest.fixture
def emoreact(tmp_path: Path) -> Path:
    """Videos that turn red where there is happiness."""
    root = tmp_path / "EmoReact"
    (root / "Labels").mkdir(parents=True)
    for folder, part in (("Train", "Train"), ("Validation", "Val")):
        names, rows = [], []
        (root / "Data" / folder).mkdir(parents=True)
        for number in range(4):
            happy = number % 2
            name = f"CHILD'S{number}_{part}.avi"
            writer = cv2.VideoWriter(str(root / "Data" / folder / name), cv2.VideoWriter_fourcc(*"MJPG"), 25, (32, 32))
            for _ in range(6):
                writer.write(np.full((32, 32, 3), (0, 0, 200 * happy), np.uint8))
            writer.release()
            quoted = name.replace("'", "''")
            names.append(f"'{quoted}'")
            rows.append(f"0,1,0,{happy},0,0,0,0,4.5")
        (root / "Labels" / f"{part}_names.txt").write_text("\n".join(names) + "\n")
        (root / "Labels" / f"{part.lower()}_labels.text").write_text("\n".join(rows) + "\n")
    return root


def test_affwild2(affwild2: Path, colours: Path, tmp_path: Path) -> None:
    clips = read_clips(affwild2, "affwild2")
    assert [clip.name for clip in (*clips.train, *clips.evaluation)] == ["video1", "video2_left"]
    track = Encoder(colours, "colour", tmp_path)(clips.train[0])
    assert track.features.shape == (39, 3) and track.truth.shape == (39, 2)
    assert np.isnan(track.truth).any(1).tolist() == [False, True] + 37 * [False]
    known = ~np.isnan(track.truth).any(1)
    expected = (127 + 120 * _affect(40, 1)[[0, *range(3, 40)]]) / 255
    assert np.abs(track.features[known, :2] - expected).max() < 0.01


def test_faces_of_afew_va_are_cut_out(afew_va: Path, colours: Path, tmp_path: Path) -> None:
    clips = read_clips(afew_va, "afew-va")
    parts = [{clip.name for clip in part} for part in (clips.train, clips.evaluation)]
    assert set.union(*parts) == {"001", "002", "003", "004"} and not set.intersection(*parts)
    assert any({"001", "003"} <= part for part in parts)  # who acts in both acts in one part
    clip = clips.train[0]
    track = Encoder(colours, "colour", tmp_path)(clip)
    assert np.abs(track.features[:, :2] - (127 + 120 * track.truth) / 255).max() < 0.01
    assert np.abs(track.truth).max() <= 1


def test_only_the_end_of_a_video_of_emoreact_has_an_answer(emoreact: Path, colours: Path, tmp_path: Path) -> None:
    clips = read_clips(emoreact, "emoreact")
    assert [clip.name for clip in clips.train] == [f"CHILD'S{number}_Train" for number in range(4)]
    track = Encoder(colours, "colour", tmp_path)(clips.train[1])
    assert track.features.shape == (6, 3) and np.isnan(track.truth[:-1]).all()
    assert track.truth[-1].tolist() == [0, 1, 0, 1, 0, 0, 0, 0]
    assert track.features[-1, 0] > 0.7


def test_features_are_computed_once(affwild2: Path, colours: Path, tmp_path: Path) -> None:
    clip = read_clips(affwild2, "affwild2").train[0]
    first = Encoder(colours, "colour", tmp_path)(clip)
    for path in clip.frames:
        path.unlink()
    assert np.array_equal(Encoder(colours, "colour", tmp_path)(clip).features, first.features)


def _tracks(count: int) -> Tracks:
    """Affect that can be read off the first two features."""
    affects = [_affect(60, seed).astype(np.float32) for seed in range(count)]
    noise = np.random.default_rng(0).normal(size=(count, 60, 3)).astype(np.float32)
    tracks = [FeatureTrack(np.concatenate([a, n], 1), a) for a, n in zip(affects, noise, strict=True)]
    return Tracks(("valence", "arousal"), tracks[: count // 2], tracks[count // 2 :])


def test_a_resumed_training_ends_where_an_uninterrupted_one_does(tmp_path: Path) -> None:
    settings, tracks = Settings("afew-va", steps=6, batch=2), _tracks(4)
    whole = Trainer(settings, tracks, tmp_path / "whole.pt")
    losses = [loss for _, loss in whole.run()]
    first = Trainer(settings, tracks, tmp_path / "parts.pt")
    for step, _ in first.run():
        if step == 3:
            first.save()
            break
    second = Trainer(settings, tracks, tmp_path / "parts.pt")
    second.resume()
    assert [loss for _, loss in second.run()] == losses[3:]
    assert whole.evaluate() == second.evaluate()
    other = Trainer(Settings("afew-va", steps=7, batch=2), tracks, tmp_path / "parts.pt")
    with pytest.raises(ValueError, match="other settings"):
        other.resume()


def test_it_learns(tmp_path: Path) -> None:
    trainer = Trainer(Settings("afew-va", steps=80, batch=4, rate=5e-3), _tracks(16), tmp_path / "checkpoint.pt")
    before = trainer.evaluate()
    for _ in trainer.run():
        pass
    after = trainer.evaluate()
    assert min(after.values()) > 0.6 > max(before.values())


@pytest.mark.parametrize(("layout", "figure"), [("affwild2", "valence"), ("emoreact", "happiness")])
def test_the_command(request, colours: Path, tmp_path: Path, layout: str, figure: str) -> None:
    data: Path = request.getfixturevalue(layout)
    app = application(main)
    options = ["--data", str(data), "--layout", layout, "--encoder", str(colours), "--feature", "colour"]
    options += ["--output", str(tmp_path / "out"), "--steps", "2", "--batch", "2"]
    result = CliRunner().invoke(app, options)
    assert result.exit_code == 0, result.output
    assert "step 2/2" in result.output and figure in result.output
    session = Session(tmp_path / "out" / f"nac-tcn-{layout}.onnx", threads=1)
    assert figure in json.loads(session.metadata["labels"])
    step = StateBank(session).step(["somebody"], np.zeros((1, 3), np.float32))
    assert step.output.shape == (1, len(json.loads(session.metadata["labels"])))


@pytest.fixture
def refuse(colours: Path, tmp_path: Path) -> Callable[..., str]:
    """Run the command, which must fail; gives what it says."""

    def run(*options: str) -> str:
        app = application(main)
        result = CliRunner().invoke(app, [*options, "--encoder", str(colours), "--output", str(tmp_path / "out")])
        assert result.exit_code == 1
        return result.output

    return run


def test_what_is_wrong_is_said_in_one_line(refuse: Callable[..., str], affwild2: Path, tmp_path: Path) -> None:
    assert "choose one of affwild2, afew-va, emoreact" in refuse("--data", str(affwild2), "--layout", "semaine")
    said = refuse("--data", str(affwild2), "--layout", "emoreact")
    assert "no annotated clips for the training" in said and len(said.strip().splitlines()) == 1
    assert "probabilities" in refuse("--data", str(affwild2), "--layout", "affwild2")
    broken = next((affwild2 / "cropped_aligned" / "video1").iterdir())
    broken.write_bytes(b"no image")
    options = ("--data", str(affwild2), "--layout", "affwild2", "--feature", "colour")
    assert f"{broken} is not an image" in refuse(*options)
