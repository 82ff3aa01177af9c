"""Weights of PyTorchVideo's and OpenDR's own classes, from their packages on PyPI, give the same answers here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from opendr_perception.bench.peers.opendr import PeerMissing, opendr_co_x3d, pytorchvideo_models
from opendr_perception.networks.activity.resnet import CoVideoResNet, VideoResNet
from opendr_perception.networks.activity.x3d import SIZES, X3D, CoX3D
from opendr_perception.networks.checkpoints import load_checkpoint

pytestmark = pytest.mark.peer

RESNETS = {
    "slow": {"stem_conv_kernel_size": (1, 7, 7), "head_pool_kernel_size": (8, 2, 2)},
    "i3d": {
        "stem_conv_kernel_size": (5, 7, 7),
        "stage1_pool": torch.nn.MaxPool3d,
        "stage_conv_a_kernel_size": ((3, 1, 1), [(3, 1, 1), (1, 1, 1)], [(3, 1, 1), (1, 1, 1)], [(1, 1, 1), (3, 1, 1)]),
        "head_pool_kernel_size": (4, 2, 2),
    },
}
"""As PyTorchVideo's hub builds them, for images of 64 pixels."""


@pytest.fixture(scope="module")
def builders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple]:
    with ExitStack() as stack:
        try:
            found = stack.enter_context(pytorchvideo_models(tmp_path_factory.mktemp("peer")))
        except PeerMissing as missing:
            pytest.skip(str(missing))
        yield found


@pytest.mark.parametrize("name", ["s", "m", "l"])
@torch.no_grad()
def test_x3d(builders, randomise, name: str) -> None:
    size = SIZES[name]
    side = 96
    peer = builders[0](
        input_clip_length=size.frames, input_crop_size=side, depth_factor=size.depth, head_activation=None
    )
    randomise(peer)
    clip = torch.randn(1, 3, size.frames, side, side)
    expected = peer(clip)
    ours = X3D(name).eval()
    load_checkpoint(ours, peer.state_dict())
    _close(ours(clip), expected)
    continual = CoX3D(name).eval()
    load_checkpoint(continual, peer.state_dict())  # the same names and shapes


@pytest.mark.parametrize("name", RESNETS)
@torch.no_grad()
def test_resnet(builders, randomise, name: str) -> None:
    peer = randomise(builders[1](**RESNETS[name]))
    clip = torch.randn(1, 3, 8, 64, 64)
    expected = peer(clip)
    ours = VideoResNet(name).eval()
    load_checkpoint(ours, peer.state_dict())
    _close(ours(clip), expected)
    load_checkpoint(CoVideoResNet(name), peer.state_dict())


@torch.no_grad()
def test_co_x3d_of_opendr(tmp_path: Path, randomise) -> None:
    with ExitStack() as stack:
        try:
            build = stack.enter_context(opendr_co_x3d(tmp_path))
        except PeerMissing as missing:
            pytest.skip(str(missing))
        peer = opendr_s(build, frames=4)
    randomise(peer)
    ours = CoX3D(replace(SIZES["s"], every_norm=True), horizons=(4,)).eval()
    load_checkpoint(ours, peer.state_dict())
    planar = ours.for_inference()
    clip = torch.randn(1, 3, 40, 32, 32)
    state = planar.initial_state(1, (3, 32, 32))
    answers = 0
    for frame in clip.unbind(2):
        expected = peer.forward_step(frame)
        output, state = planar.step(frame, state)
        assert isinstance(expected, torch.Tensor) == bool(planar.valid(state))
        if isinstance(expected, torch.Tensor):
            _close(output, expected)
            answers += 1
    assert answers == 40 - planar.delay


def opendr_s(build, frames: int) -> torch.nn.Module:
    """OpenDR's CoX3D-S."""
    return build(
        dim_in=3, image_size=160, temporal_window_size=frames, num_classes=400, x3d_conv1_dim=12, x3d_conv5_dim=2048,
        x3d_num_groups=1, x3d_width_per_group=64, x3d_width_factor=2.0, x3d_depth_factor=2.2,
        x3d_bottleneck_factor=2.25, x3d_use_channelwise_3x3x3=True, x3d_dropout_rate=0.5,
        x3d_head_activation="softmax", x3d_head_batchnorm=False, x3d_fc_std_init=0.01,
        x3d_final_batchnorm_zero_init=True,
    )  # fmt: skip


def _close(ours: torch.Tensor, theirs: torch.Tensor) -> None:
    assert (ours - theirs).abs().max() <= 1e-5 * max(1.0, float(theirs.abs().max()))
