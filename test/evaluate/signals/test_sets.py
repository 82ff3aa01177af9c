"""Sets of heart signals are read in the layouts in which they are published."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from opendr_perception.evaluate.report import DatasetError
from opendr_perception.evaluate.signals.sets import read_heart_set
from opendr_perception.evaluate.signals.wfdb_beats import read_beats


def wav(path: Path, samples: np.ndarray, rate: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples * 32767).astype("<i2").tobytes())


SOUND = np.sin(np.arange(2000) / 7).astype(np.float32)


def test_cinc_2017_is_read(tmp_path: Path) -> None:
    names = [f"A{k:05d}" for k in range(1, 11)]
    for name in names:
        savemat(tmp_path / f"{name}.mat", {"val": np.arange(900, dtype=np.int16)[None]})
    rows = [f"{name},{label}" for name, label in zip(names, "NAO~NAO~NA", strict=True)]
    (tmp_path / "REFERENCE-v3.csv").write_text("\n".join(rows) + "\n")
    found = read_heart_set(tmp_path)
    assert (found.model, len(found.recordings), found.recordings[0].rate) == ("heart-rhythm", 10, 300.0)
    assert [each.label for each in found.recordings[:4]] == ["normal", "atrial fibrillation", "other rhythm", "noise"]
    np.testing.assert_allclose(found.recordings[3].samples[-1], 0.899, rtol=1e-5)
    assert found.groups == ("0", "1", "2", "3", "4")


def test_cinc_2016_is_read_with_its_data_bases(tmp_path: Path) -> None:
    for base, row in (("a", "a0001,1"), ("e", "e00001,-1")):
        wav(tmp_path / f"training-{base}" / f"{row.split(',')[0]}.wav", SOUND, 2000)
        (tmp_path / f"training-{base}" / "REFERENCE.csv").write_text(row + "\n")
    found = read_heart_set(tmp_path)
    assert [(each.label, each.group) for each in found.recordings] == [("abnormal", "a"), ("normal", "e")]
    assert found.model == "heart-sound" and found.recordings[0].rate == 2000


def test_the_valves_are_read_from_their_folders(tmp_path: Path) -> None:
    wav(tmp_path / "N_New_3" / "New_N_001.wav", SOUND, 8000)
    wav(tmp_path / "MVP_New_3" / "New_MVP_002.wav", SOUND, 8000)
    found = read_heart_set(tmp_path)
    assert [each.label for each in found.recordings] == ["mitral valve prolapse", "normal"]


def annotations(*marks: tuple[int, int]) -> bytes:
    """Codes and samples since the mark before, in PhysioNet's format."""
    words: list[int] = []
    for code, since in marks:
        if since > 1023:
            words += [59 << 10, since >> 16, since & 0xFFFF]
            since = 0
        words.append(code << 10 | since)
    return np.array([*words, 0], "<u2").tobytes()


def test_mit_bih_is_read_with_its_beats(tmp_path: Path) -> None:
    for record in ("100", "101", "102"):
        (tmp_path / f"{record}.hea").write_text(f"{record} 1 360 1000\n{record}.dat 16 200 16 0 0 0 0 MLII\n")
        (tmp_path / f"{record}.dat").write_bytes(np.arange(1000, dtype="<i2").tobytes())
        (tmp_path / f"{record}.atr").write_bytes(annotations((28, 18), (1, 72), (5, 270), (12, 100)))
    found = read_heart_set(tmp_path)
    assert [each.group for each in found.recordings] == ["DS2", "DS1", "paced"]
    np.testing.assert_allclose(found.recordings[0].times, [0.25, 1.0, 460 / 360])
    assert found.recordings[0].beats == ("normal", "ventricular", "")
    assert found.recordings[0].samples[400] == pytest.approx(2.0)


def test_annotations_may_be_far_apart_and_have_texts(tmp_path: Path) -> None:
    path = tmp_path / "x.atr"
    text = np.array([63 << 10 | 3, 0x4E28, 0x0000], "<u2").tobytes()
    path.write_bytes(annotations((1, 100_000))[:-2] + text + annotations((8, 30)))
    samples, symbols = read_beats(path)
    assert samples.tolist() == [100_000, 100_030] and symbols == ["N", "A"]
    path.write_bytes(path.read_bytes()[:4])
    with pytest.raises(ValueError, match="end in the middle"):
        read_beats(path)


def test_a_folder_without_a_set_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no set of heart signals"):
        read_heart_set(tmp_path)
    (tmp_path / "REFERENCE.csv").write_text("A00001,N\n")
    with pytest.raises(DatasetError, match="cannot be read"):
        read_heart_set(tmp_path)
