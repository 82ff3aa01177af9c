"""Training to join voices and faces, on tiny made voices and faces in the layouts of the real sets."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from opendr_perception.engine.session import Session
from opendr_perception.evaluate.emotion.voices import evaluate_voices, read_voices
from opendr_perception.evaluate.report import DatasetError
from opendr_perception.networks.emotion.audiovisual import AudiovisualClip
from opendr_perception.tasks.emotion import EXPRESSIONS, FaceView
from opendr_perception.tasks.emotion.audiovisual import AudiovisualModel, FaceDescriber
from opendr_perception.tasks.imaging import Image
from opendr_perception.training.common.command import application
from opendr_perception.training.emotion.audiovisual import data, export, train

RATE = 8000
CREMA_D = {"ANG": 200.0, "HAP": 400.0, "SAD": 800.0}


def write(path: Path, frequency: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    time = np.arange(RATE) / RATE
    samples = 0.3 * np.sin(2 * np.pi * frequency * rng.uniform(0.95, 1.05) * time) + rng.normal(0, 0.01, RATE)
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples * 32000).astype("<i2").tobytes())


@pytest.fixture
def voices(tmp_path: Path) -> Path:
    """Three emotions of two speakers, in the layout of CREMA-D."""
    folder = tmp_path / "AudioWAV"
    for speaker in (1001, 1002):
        for name, frequency in CREMA_D.items():
            for sentence in ("DFA", "IEO"):
                write(folder / f"{speaker}_{sentence}_{name}_XX.wav", frequency, speaker)
    return folder


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """Two faces of each expression for training and for validation, in the layout of FER2013."""
    rng, file = np.random.default_rng(0), tmp_path / "fer2013.csv"
    rows = ["emotion,pixels,Usage"]
    for usage in ("Training", "PublicTest"):
        for emotion in range(7):
            for _ in range(2):
                rows.append(f"{emotion},{' '.join(map(str, rng.integers(0, 256, 48 * 48)))},{usage}")
    file.write_text("\n".join(rows))
    return file


def run(command: object, *arguments: object) -> str:
    app = application(command)
    done = CliRunner().invoke(app, [str(each) for each in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return str(done.output)


def test_a_training_measures_who_was_left_out_and_gives_a_model(voices: Path, faces: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    options = ("--folds", 2, "--steps", 10, "--alone", 5, "--output", output)
    run(train.main, voices, "--faces", faces, *options)
    card = yaml.safe_load((output / "emotion-av.yaml").read_text())
    assert card["voices"] == 12
    assert card["faces"] == 14
    assert card["unseen speakers"]["cremad"]["voices"] == 12
    assert set(card["unseen speakers"]["cremad"]) == {"voices", "speakers", "av", "a", "v"}
    model = tmp_path / "model.onnx"
    run(export.export_weights, output / "emotion-av.npz", model)
    assert AudiovisualModel(Session(model, threads=1)).labels == EXPRESSIONS
    report = evaluate_voices(voices, Session(model, threads=1), "all")
    found = {figure.name: figure.value for figure in report.figures}
    assert found["recordings"] == 12
    assert 0 <= found["right"] <= 1
    with pytest.raises(DatasetError, match="no recording of this part"):
        evaluate_voices(voices, Session(model, threads=1), "test")


def test_a_training_of_voices_alone_has_their_labels(voices: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    run(train.main, voices, "--folds", 0, "--steps", 10, "--measured", voices, "--output", output)
    card = yaml.safe_load((output / "emotion-av.yaml").read_text())
    assert card["labels"] == ["angry", "happy", "sad"]
    assert card["sets that were not learnt"]["cremad"]["voices"] == 12


def test_what_was_interrupted_goes_on(voices: Path, tmp_path: Path) -> None:
    recordings = data.voices_of(read_voices(voices), ("angry", "happy", "sad"))
    material = train.AudiovisualMaterial(recordings, ("angry", "happy", "sad"), None, None)
    settings = train.Settings(10, dropout="none", left_out=("cremad 1001",))
    whole = train.Trainer(settings, material, tmp_path / "a.pt")
    losses = [loss for _, loss, _ in whole.run()]
    begun = train.Trainer(settings, material, tmp_path / "b.pt")
    steps = begun.run()
    for _ in range(5):
        next(steps)
    begun.save()
    resumed = train.Trainer(settings, material, tmp_path / "b.pt")
    resumed.resume()
    assert [loss for _, loss, _ in resumed.run()] == pytest.approx(losses[5:], abs=1e-5)


def test_speakers_are_divided_evenly_by_set() -> None:
    speakers = [f"ravdess {k:02}" for k in range(4)] * 2 + ["emodb 03", "emodb 08"]
    assert train.parts(speakers, 2) == [
        ("emodb 03", "ravdess 00", "ravdess 02"),
        ("emodb 08", "ravdess 01", "ravdess 03"),
    ]


@pytest.mark.parametrize(
    ("name", "label", "speaker"),
    [
        ("03a01Fa.wav", "happy", "emodb 03"),
        ("16b10Lb.wav", "bored", "emodb 16"),
        ("Actor_07/03-01-06-02-01-02-07.wav", "fearful", "ravdess 07"),
        ("AudioWAV/1091_WSI_NEU_XX.wav", "neutral", "cremad 1091"),
    ],
)
def test_voices_are_read_by_their_names(tmp_path: Path, name: str, label: str, speaker: str) -> None:
    write(tmp_path / name, 300.0, 0)
    (found,) = read_voices(tmp_path)
    assert (found.label, found.speaker) == (label, speaker)
    assert len(found.samples) == pytest.approx(22050, abs=2)


def test_a_folder_of_other_sounds_and_of_two_sets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="is not a folder"):
        read_voices(tmp_path / "none")
    write(tmp_path / "bark.wav", 300.0, 0)
    with pytest.raises(DatasetError, match="recordings of one of the sets"):
        read_voices(tmp_path)
    write(tmp_path / "03a01Fa.wav", 300.0, 0)
    write(tmp_path / "1091_WSI_NEU_XX.wav", 300.0, 0)
    with pytest.raises(DatasetError, match=r"found \['emodb', 'cremad'\]"):
        read_voices(tmp_path)


def test_dropout_of_modalities_is_that_of_the_paper() -> None:
    rng = np.random.default_rng(0)
    audio, video = np.ones((3, 2, 5), np.float32), np.ones((3, 4, 6), np.float32)
    labels = np.arange(3)
    for kind, count in (("none", 3), ("softhard", 12), ("noise", 9)):
        sounds, films, truth = data.with_dropout(audio, video, labels, kind, rng)  # type: ignore[arg-type]
        assert len(sounds) == len(films) == count
        assert np.array_equal(np.sort(truth), np.sort(np.tile(labels, count // 3)))
    sounds, films, _ = data.with_dropout(audio, video, labels, "softhard", rng)
    assert sum(not clip.any() for clip in sounds) >= 3
    assert sum(not clip.any() for clip in films) >= 3
    assert all(clip.any() or film.any() for clip, film in zip(sounds, films, strict=True))


def test_a_checkpoint_of_opendr_becomes_two_models(tmp_path: Path) -> None:
    import torch

    torch.manual_seed(0)
    network = AudiovisualClip(8, "ia").eval()
    with torch.no_grad():
        for buffer in (b for name, b in network.named_buffers() if name.endswith("running_var")):
            buffer.uniform_(0.5, 1.5)
    torch.save({"state_dict": _as_opendr(network.state_dict())}, tmp_path / "opendr.pth")
    run(export.export_weights, tmp_path / "opendr.pth", tmp_path / "av.onnx")
    model = AudiovisualModel(Session(tmp_path / "av.onnx", threads=1))
    assert model.labels == export.RAVDESS
    describe = FaceDescriber(Session(tmp_path / "av-face.onnx", threads=1), model)
    image = Image(np.random.default_rng(0).integers(0, 256, (224, 224, 3), np.uint8), "rgb8")
    face = describe(image, [FaceView(np.array([0.0, 0.0, 224.0, 224.0]))])
    audio = np.random.default_rng(1).normal(0, 100, (1, 10, 156)).astype(np.float32)
    found = model(audio, np.repeat(face[:, :, None], 15, 2))
    faces = torch.from_numpy(image.pixels).permute(2, 0, 1)[None, None].repeat(1, 15, 1, 1, 1) / 255
    with torch.no_grad():
        expected = network(torch.from_numpy(audio), faces).softmax(1).numpy()
    assert np.abs(found - expected).max() < 1e-4
    assert describe.missing.shape == (1024,)


def _as_opendr(weights: dict[str, object]) -> dict[str, object]:
    """The names and joined matrices of the peer; `test/networks/emotion` compares with the peer itself."""
    import re

    import torch

    renamed: dict[str, object] = {}
    modulator = {
        "channel.0": "channel_att.gate_c.gate_c_fc_0",
        "channel.1": "channel_att.gate_c.gate_c_bn_1",
        "channel.3": "channel_att.gate_c.gate_c_fc_final",
        "spatial.0": "spatial_att.gate_s.gate_s_conv_reduce0",
        "spatial.1": "spatial_att.gate_s.gate_s_bn_reduce0",
        "spatial.3": "spatial_att.gate_s.gate_s_conv_di_0",
        "spatial.4": "spatial_att.gate_s.gate_s_bn_di_0",
        "spatial.6": "spatial_att.gate_s.gate_s_conv_di_1",
        "spatial.7": "spatial_att.gate_s.gate_s_bn_di_1",
        "spatial.9": "spatial_att.gate_s.gate_s_conv_final",
    }
    for name, tensor in weights.items():
        if found := re.fullmatch(r"trunk\.local\.parts\.(\d)\.(\d)\.(.*)", name):
            layer = int(found[2])
            name = f"visual_model.local.{'bn' if layer % 3 else 'conv'}{int(found[1]) + 1}_{layer // 3 + 1}.{found[3]}"
        elif found := re.fullmatch(r"trunk\.modulator\.(\w+\.\d)\.(.*)", name):
            name = f"visual_model.modulator.{modulator[found[1]]}.{found[2]}"
        elif found := re.fullmatch(r"head\.(audio|video)\.(first|second)\.(\d)\.(.*)", name):
            branch = {"audio": "audio_model", "video": "visual_model"}[found[1]]
            name = f"{branch}.conv1d_{int(found[3]) + 2 * (found[2] == 'second')}.{found[4]}"
        elif name.startswith("head.classifier."):
            name = name.replace("head.classifier.", "classifier.0.")
        else:
            name = name.replace("trunk.", "visual_model.").removeprefix("head.")
        renamed[name] = tensor
    for part in ("av", "va"):
        key = renamed.pop(f"{part}.k.weight")
        assert isinstance(key, torch.Tensor)
        renamed[f"{part}.kv.weight"] = torch.cat([key, torch.zeros_like(key)])
    return renamed
