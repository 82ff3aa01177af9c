"""Recorded signals are read in physical units, and what is no signal is refused in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from opendr_perception.tasks.signals.reading import read_signal
from opendr_perception.tasks.signals.recording import SignalError

RATE = 250.0
VALUES = np.stack([np.sin(np.arange(500) / 9), np.cos(np.arange(500) / 5)], 1)
"""In mV."""


def write_edf(path: Path, kind: str = "", length: int | None = None) -> Path:
    """Two channels of 250 Hz in records of one second, with annotations and a slower channel between."""
    channels = [
        ("ECG I", "mV", -5, 5, 250),
        ("EDF Annotations", "", -1, 1, 20),
        ("Resp", "V", -1, 1, 25),
        ("ECG II", "mV", -5, 5, 250),
    ]
    columns = [
        [c[0] for c in channels],
        [""] * 4,
        [c[1] for c in channels],
        [c[2] for c in channels],
        [c[3] for c in channels],
    ]
    columns += [[-32768] * 4, [32767] * 4, [""] * 4, [c[4] for c in channels], [""] * 4]
    widths = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)
    start = f"{'0':8}{'patient':80}{'record':80}{'01.01.24':8}{'10.00.00':8}{256 * 5:<8}{kind:44}{2:<8}{1:<8}{4:<4}"
    text = start + "".join(f"{cell:<{width}}" for width, cells in zip(widths, columns, strict=True) for cell in cells)
    digital = np.rint((VALUES + 5) / 10 * 65535 - 32768).astype("<i2")
    records = []
    for k in range(2):
        part = digital[250 * k : 250 * k + 250]
        records.append(np.concatenate([part[:, 0], np.zeros(20, "<i2"), np.ones(25, "<i2"), part[:, 1]]).astype("<i2"))
    path.write_bytes((text.encode("ascii") + np.concatenate(records).tobytes())[:length])
    return path


def write_wfdb(path: Path, kind: str, invalid: bool = False) -> Path:
    digital = np.rint(VALUES * 200 + 10).astype(np.int32)
    if invalid:
        digital[7, 1] = -2048 if kind == "212" else -(2 ** (int(kind) - 1))
    flat = digital.ravel()
    if kind == "212":
        a, b = flat[::2] & 0xFFF, flat[1::2] & 0xFFF
        data = np.stack([a & 0xFF, (a >> 8) | (b >> 8) << 4, b & 0xFF], 1).astype(np.uint8).tobytes()
    elif kind == "24":
        data = b"".join(int(value).to_bytes(3, "little", signed=True) for value in flat)
    else:
        data = flat.astype(f"<i{int(kind) // 8}").tobytes()
    path.with_suffix(".dat").write_bytes(b"skip" + data)
    line = f"{path.stem}.dat {kind}+4 200(10)/mV 12 0 0 0 0 "
    path.write_text(f"# made\n{path.stem} 2 250/1 500\n{line}MLII\n{line}V5\n")
    return path


def test_edf_has_the_channels_of_the_rate_of_the_first(tmp_path: Path) -> None:
    found = read_signal(write_edf(tmp_path / "a.edf"))
    assert (found.rate, found.names, found.unit) == (250.0, ("ECG I", "ECG II"), "mV")
    np.testing.assert_allclose(found.samples, VALUES, atol=1e-4)


def test_edf_that_is_cut_off_has_its_whole_records(tmp_path: Path) -> None:
    path = write_edf(tmp_path / "a.edf", length=256 * 5 + 545 * 2 + 100)
    np.testing.assert_allclose(read_signal(path).samples, VALUES[:250], atol=1e-4)


@pytest.mark.parametrize("kind", ["16", "212", "24", "32"])
def test_wfdb_is_read_in_all_formats(tmp_path: Path, kind: str) -> None:
    found = read_signal(write_wfdb(tmp_path / "100.hea", kind, invalid=True))
    expected = VALUES.copy()
    expected[7, 1] = np.nan
    assert (found.rate, found.names, found.unit) == (250.0, ("MLII", "V5"), "mV")
    np.testing.assert_allclose(found.samples, expected, atol=0.003)


def test_csv_tells_its_rate_by_its_times(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = [f"{k / RATE:.4f},{a:.5f},{b:.5f}" for k, (a, b) in enumerate(VALUES)]
    path.write_text("time,I,II\n" + "\n".join(rows).replace(f"{VALUES[3, 0]:.5f}", ""))
    found = read_signal(path)
    assert (found.rate, found.names) == (250.0, ("I", "II"))
    assert np.isnan(found.samples[3, 0]), "an empty cell is no value"
    assert found.pick(["II"]).samples[5, 0] == pytest.approx(VALUES[5, 1], abs=1e-4)
    assert found.pick(["1", "0"]).names == ("II", "I")


def test_bare_numbers_and_arrays_need_a_rate_when_they_have_none(tmp_path: Path) -> None:
    np.savetxt(tmp_path / "a.csv", VALUES[:, 0])
    np.savez(tmp_path / "a.npz", ecg=VALUES, fs=RATE)
    assert read_signal(tmp_path / "a.csv", 360.0).rate == 360.0
    assert read_signal(tmp_path / "a.npz").samples.shape == (500, 2)
    with pytest.raises(SignalError, match=r"a\.csv: its rate is not known: set the parameter rate"):
        read_signal(tmp_path / "a.csv")
    with pytest.raises(SignalError, match="it says 250 Hz, not 360"):
        read_signal(tmp_path / "a.npz", 360.0)


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("a.csv", "", "it is empty"),
        ("a.csv", "1,2\n3\n", "row 2 has 1 cells, not 2"),
        ("a.csv", "t,x\n0,1\n5,1\n6,1\n7,1\n", "not evenly spaced"),
        ("a.csv", "x\ny\n", "its rate is not known"),
        ("a.npz", "no zip", "cannot be read"),
        ("a.edf", "0", "it is no EDF file"),
        ("a.edf", "0".ljust(256), "cannot be read"),
        ("a.hea", "hello", "no header of a WFDB record"),
        ("a.hea", "a/3 2 250\n", "several segments"),
        ("a.hea", "a 2 250\na.dat 16 200\n", "announces 2 signals and describes 1"),
        ("a.hea", "a 1 250\na.dat 310 200\n", "a format that is not supported"),
        ("a.hea", "a 1 250\na.dat 16 200\n", "No such file"),
        ("a.wav", "x", "a file must end with .csv, .npz, .edf, .hea"),
    ],
)
def test_what_is_no_signal_is_refused_in_one_line(tmp_path: Path, name: str, content: str, line: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(SignalError, match=line) as refused:
        read_signal(tmp_path / name)
    assert "\n" not in str(refused.value)


def test_records_that_do_not_follow_each_other_and_channels_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SignalError, match="EDF"):
        read_signal(write_edf(tmp_path / "a.edf", kind="EDF+D"))
    found = read_signal(write_edf(tmp_path / "b.edf"))
    with pytest.raises(SignalError, match="there is no channel 'V9'; there are ECG I, ECG II"):
        found.pick(["V9"])
    with pytest.raises(SignalError, match=r"b\.hea: cannot be read: No such file"):
        read_signal(tmp_path / "b.hea")
