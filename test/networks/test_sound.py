"""The network for sounds: its steps are its clip, in torch and as an exported file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from opendr_perception.engine.export import export
from opendr_perception.engine.session import Session
from opendr_perception.engine.stateful import StateBank
from opendr_perception.networks.sound import SoundNetwork, SoundPatches, patches_of
from opendr_perception.streaming.encoder import Mode

SMALL = {"bands": 16, "widths": (4, 8), "pools": (2, 2), "channels": 16, "window": 5}


def network(layers: int = 1, mode: Mode = "causal") -> SoundNetwork:
    torch.manual_seed(1)
    built = SoundNetwork(7, layers=layers, mode=mode, **SMALL)  # type: ignore[arg-type]
    for layer in built.modules():
        if isinstance(layer, (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d)):
            layer.running_mean.normal_(0, 0.3)  # type: ignore[union-attr]
            layer.running_var.uniform_(0.5, 2)  # type: ignore[union-attr]
    return built.eval()


def test_a_patch_needs_the_frames_that_it_says() -> None:
    patches = SoundPatches(16, (4, 8), (2, 2)).eval()
    assert (patches.field, patches.hop, patches.features) == (10, 4, 32)
    assert patches.spread(torch.randn(1, 10, 16)).shape == (1, 32, 1)
    assert patches.spread(torch.randn(1, 22, 16)).shape == (1, 32, 4)


@pytest.mark.parametrize(("layers", "mode"), [(1, "causal"), (2, "causal"), (2, "window")])
def test_steps_are_the_recording(layers: int, mode: Mode) -> None:
    built = network(layers, mode)
    frames = torch.randn(2, 70, 16)
    clip = built.recordings(frames)
    patches = patches_of(frames, built.patches.field, built.patches.hop)
    steps, _ = built.steps(patches, built.initial_state(2))
    assert clip.shape == (2, 7, 16)
    torch.testing.assert_close(steps, clip, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(built(patches), clip, atol=1e-5, rtol=1e-5)


def test_the_exported_step_is_the_recording(tmp_path: Path) -> None:
    built = network()
    export(built, tmp_path / "sound.onnx", softmax=True)
    frames = torch.randn(1, 70, 16)
    clip = built.recordings(frames).softmax(1)[0].T.detach().numpy()
    bank = StateBank(Session(tmp_path / "sound.onnx", threads=1))
    patches = patches_of(frames, built.patches.field, built.patches.hop)[0].movedim(1, 0).numpy()
    steps = [bank.step((0,), patch[None]) for patch in patches]
    np.testing.assert_allclose(np.concatenate([step.output for step in steps]), clip, atol=1e-5)
    assert [bool(step.warm[0]) for step in steps] == [k >= 4 for k in range(len(steps))]


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit each other"):
        SoundPatches(20, (4, 8, 8), (2, 2, 2))
    with pytest.raises(ValueError, match="do not fit each other"):
        SoundPatches(16, (4, 8), (2,))
