"""The check of GPUs, in small, with the CPU in the place of a GPU; on a GPU it is run by hand."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

TOOL = runpy.run_path(str(Path(__file__).parents[1] / "tools" / "gpu_check.py"), run_name="gpu_check")
SMALL = ["--batches", "1", "2", "--repeats", "1", "--people", "3", "--seconds", "0.05"]


def test_every_model_gives_on_a_device_what_it_gives_on_the_cpu(models: Any, tmp_path: Path) -> None:
    file = tmp_path / "gpu.json"
    assert TOOL["main"](["--devices", "cpu", *SMALL, "--json", str(file)]) == 0
    found = json.loads(file.read_text())
    assert {row["model"] for row in found["rows"]} == set(TOOL["names"]())
    assert {row["batch"] for row in found["rows"]} == {1, 2}
    assert all(row["difference"] <= 1e-6 and row["here"] > 0 for row in found["rows"])
    assert found["rates"]["cpu"] > 20 and not found["failures"]


@pytest.mark.skipif("CUDAExecutionProvider" in onnxruntime.get_available_providers(), reason="there is a GPU here")
def test_a_device_that_is_not_here_is_named_once(models: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert TOOL["main"](["--devices", "cuda", *SMALL]) == 1
    said = capsys.readouterr().err
    assert said.count("error: device 'cuda' needs CUDAExecutionProvider") == 1 == said.count("error:")


def test_an_answer_that_differs_or_is_not_a_number_is_seen() -> None:
    expected = [np.array([0.0, 2.0]), np.array([True, False])]
    assert TOOL["difference"]([np.array([0.1, 2.0]), expected[1]], expected) == pytest.approx(0.05)
    assert TOOL["difference"]([np.array([np.nan, 2.0]), expected[1]], expected) == np.inf
