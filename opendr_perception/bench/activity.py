"""Cost of a step of a continual video network, against its clip, and against OpenDR's own CoX3D.

All in one process, with one thread, in turn. Weights are random: they do not change the time.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from opendr_perception.bench.harness.extent import Extent
from opendr_perception.bench.harness.figure import Figure, faster, larger_is_better, smaller_is_better
from opendr_perception.bench.harness.timing import Run, alternating, random_frames
from opendr_perception.bench.peers.pytorch import torch_is_there, torch_workspace
from opendr_perception.engine.session import Session
from opendr_perception.engine.stateful import StateBank
from opendr_perception.tasks import activity as room
from opendr_perception.tasks.imaging import Image

if TYPE_CHECKING:  # a development dependency: only who runs this case needs it
    from torch import Tensor

    from opendr_perception.networks.activity.x3d import Size

CASE = "activity"
TARGETS = {"s": 9.0, "m": 12.0, "l": 13.0}
"""Times that a step shall be faster than its clip; those of the paper are 5.9, 9.05 and 9.2."""
CAMERA = (480, 640)
ENDURANCE = 100_000
"""Steps after which the error is told."""


def activity(extent: Extent) -> list[Figure]:
    """The case `activity`."""
    if not torch_is_there("networks are compared with torch"):
        return []
    rounds, sizes = extent.pick(15, 3, 1), _sizes(extent)
    with torch_workspace() as workspace:
        return [
            *(figure for name, size in sizes.items() for figure in _against_clip(workspace, name, size, rounds)),
            _rate(workspace, sizes["s"], rounds),
            _endurance(extent.pick(ENDURANCE, 3000, 60)),
        ]


def _sizes(extent: Extent) -> dict[str, Size]:
    """Members of the family, or a very small one in the place of S."""
    from opendr_perception.networks.activity.x3d import SIZES, Size

    if extent is Extent.SMOKE:
        return {"s": Size(13, 32, depth=0.1, width=0.5, hidden=8)}
    return {name: SIZES[name] for name in extent.pick("sml", "sm", "")}


def _against_clip(workspace: Path, name: str, size: Size, rounds: int) -> list[Figure]:
    """One member of the family; CoX3D-S is measured against OpenDR's too, and the state of M is told."""
    import torch

    from opendr_perception.networks.activity.x3d import X3D

    side = size.side
    file = _exported(name, size, workspace)
    bank = StateBank(Session(file, threads=1))
    frame = random_frames(1, 3, side, side)
    clip = torch.randn(1, 3, size.frames, side, side)
    whole = X3D(size).eval()
    runs: dict[str, tuple[Run, int]] = {
        "step": (lambda: bank.step(["camera"], frame), 5),
        "clip": (lambda: whole(clip), 1),
    }
    if name == "s":
        runs |= _opendr(workspace, torch.from_numpy(frame))
    times = alternating(runs, rounds, warm_up=1)
    title = f"CoX3D-{name.upper()} step, {side} x {side}"
    figures = [
        faster(
            CASE,
            title,
            times["step"],
            times["clip"],
            TARGETS[name],
            f"X3D-{name.upper()} on {size.frames} frames, torch",
        )
    ]
    if "opendr" in times:
        figures.append(faster(CASE, title, times["step"], times["opendr"], 4.0, "OpenDR 3.0, CoX3D forward_step"))
    if name == "m":
        figures.append(smaller_is_better(CASE, "state of CoX3D-M per camera", "MB", bank.nbytes / 1e6, 20.0))
    return figures


def _opendr(workspace: Path, frame: Tensor) -> dict[str, tuple[Run, int]]:
    """OpenDR's network, ready to run; where it cannot be had, none, and a line that says why."""
    from opendr_perception.bench.peers.opendr import PeerMissing, opendr_co_x3d

    try:
        with opendr_co_x3d(workspace / "opendr") as build:
            peer = build(
                dim_in=3, image_size=160, temporal_window_size=13, num_classes=400, x3d_conv1_dim=12,
                x3d_conv5_dim=2048, x3d_num_groups=1, x3d_width_per_group=64, x3d_width_factor=2.0,
                x3d_depth_factor=2.2, x3d_bottleneck_factor=2.25, x3d_use_channelwise_3x3x3=True,
                x3d_dropout_rate=0.5, x3d_head_activation="softmax", x3d_head_batchnorm=False, x3d_fc_std_init=0.01,
                x3d_final_batchnorm_zero_init=False,
            ).eval()  # fmt: skip
            for _ in range(peer.receptive_field):  # a step costs less until all windows are filled
                peer.forward_step(frame)
    except PeerMissing as missing:
        print(f"figures are left out: {missing}", file=sys.stderr)
        return {}
    return {"opendr": (lambda: peer.forward_step(frame), 2)}


def _rate(workspace: Path, size: Size, rounds: int) -> Figure:
    """Images a second of the capability with CoX3D-S, if it looked at all, from a camera's pixels to the answer."""
    file = _exported("s", size, workspace)
    perceiver = room.build(room.Settings(model=str(file), threads=1, still_below=0.0))
    memory = perceiver.new_memory()
    image = Image(np.random.default_rng(0).integers(0, 256, (*CAMERA, 3), dtype=np.uint8), "bgr8")
    times = alternating({"look": (lambda: perceiver(image, memory), 5)}, rounds)
    return larger_is_better(
        CASE, f"video_activity, CoX3D-S, {size.side} x {size.side}, one core", "Hz", 1e3 / times["look"], 10.0
    )


def _endurance(steps: int) -> Figure:
    """Largest error of a small CoX3D after many steps, against a stream that has just begun with the same frames."""
    import torch

    from opendr_perception.networks.activity.x3d import CoX3D, Size

    torch.manual_seed(0)
    network = CoX3D(Size(4, 32, 0.1, 0.5, 8), 3, (4,)).eval().for_inference()
    frames = torch.randn(13, 1, 3, 32, 32)
    old = network.initial_state(1, (3, 32, 32))
    for step in range(steps):
        _, old = network.step(frames[step % 13], old)
    young = network.initial_state(1, (3, 32, 32))
    error = 0.0
    for step in range(steps, steps + network.receptive_field + 13):
        (late, old), (early, young) = network.step(frames[step % 13], old), network.step(frames[step % 13], young)
        if bool(network.warm(young)):
            error = max(error, float((late - early).abs().max()))
    return smaller_is_better(CASE, f"error of CoX3D after {steps} steps", "", error, 1e-5)


def _exported(name: str, size: Size, workspace: Path) -> Path:
    """The file of a member of the family, written once."""
    from opendr_perception.engine.export import export
    from opendr_perception.networks.activity.x3d import CoX3D

    file = workspace / f"{name}.onnx"
    if file.is_file():
        return file
    network, side = CoX3D(size).eval(), size.side
    told = {"side": side, "rate": 6.0, "horizons": list(network.horizons), "mean": 0.45, "deviation": 0.225}
    texts = {"labels": json.dumps([str(k) for k in range(400)]), "activity": json.dumps(told)}
    export(network, file, (3, side, side), softmax=True, metadata=texts)
    return file
