"""The code of docs/continual-inference.md runs, and gives the answers of the network that it converts."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "continual-inference.md").read_text()


def test_the_code_of_the_page_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    original, continual = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(original, names)
    network = names["network"]
    exec(continual, names)
    assert capsys.readouterr().out.splitlines()[-1].endswith("warm")
    assert names["bank"].keys() == {"anna"}  # type: ignore[attr-defined]

    frames = np.random.default_rng(0).normal(size=(44, 34)).astype(np.float32)  # 32 positions of the pool
    with torch.no_grad():
        expected = network.eval()(torch.from_numpy(frames.T[None])).softmax(1)[0, :, 0]  # type: ignore[attr-defined]
    for frame in frames:
        step = names["bank"].step(["new"], frame[None])  # type: ignore[attr-defined]
    assert step.warm.all()
    np.testing.assert_allclose(step.output[0], expected.numpy(), atol=1e-5)
