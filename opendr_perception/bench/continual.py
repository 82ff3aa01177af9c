"""Cost of a step of a continual network, against OpenDR's and against the whole clip.

All in one process, with one thread, in turn. Weights are random: they do not change the time.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from opendr_perception.bench.action.crowd import crowd
from opendr_perception.bench.action.walk import walk
from opendr_perception.bench.harness.extent import Extent
from opendr_perception.bench.harness.figure import Figure, faster, smaller_is_better
from opendr_perception.bench.harness.timing import Run, alternating, random_frames
from opendr_perception.bench.peers.pytorch import torch_is_there, torch_workspace
from opendr_perception.engine.quantise import quantise
from opendr_perception.engine.session import Session
from opendr_perception.engine.stateful import StateBank

if TYPE_CHECKING:  # a development dependency: only who runs this case needs it
    from torch import Tensor, nn

    from opendr_perception.networks.emotion.nac_tcn import ConfigName
    from opendr_perception.streaming import Streaming

Network = TypeVar("Network", bound="nn.Module")

CASE = "continual"
CLIP = 300
"""Frames of a clip of skeletons."""
SIDE = 512
"""Of the square matrices that tell how fast this machine multiplies."""
STAGES = (4, 3, 3)
"""Blocks of each width, those that are published."""
STREAMS = 16


def continual(extent: Extent) -> list[Figure]:
    """The case `continual`."""
    return [*crowd(extent), *walk(extent), *_networks(extent)]


def _networks(extent: Extent) -> list[Figure]:
    """Measurements that need torch, for the peers and for networks with random weights."""
    if not torch_is_there("networks are compared with torch"):
        return []
    rounds = extent.pick(25, 5, 1)
    with torch_workspace() as workspace:
        return [
            *_skeletons(workspace, rounds, extent.pick(CLIP, CLIP, 90), extent.pick(STAGES, STAGES, (1, 1, 1))),
            *(_batch(workspace, width, 4 * rounds) for width in extent.pick((16, 64), (16, 64), (None,))),
            _nac_tcn(workspace, extent.pick("affwild2-sm", "affwild2-sm", "afew-lg"), 4 * rounds),
            *_online_detection(workspace, 4 * rounds, extent.pick(1024, 1024, 64)),
            *_attention(workspace, 128, 5, 20 * rounds),
            *(row for size in extent.pick((1000,), (1000,), ()) for row in _attention(workspace, size, 100, rounds)),
        ]


def _skeletons(workspace: Path, rounds: int, frames: int, stages: tuple[int, int, int]) -> list[Figure]:
    """CoST-GCN* with two persons and 400 classes, against OpenDR's step, its clip, and the arithmetic alone."""
    import torch

    from opendr_perception.networks.action.co_st_gcn import CoStGcn
    from opendr_perception.streaming import step_macs

    network = _lively(CoStGcn("openpose18", 400, frames=frames, stages=stages))
    bank = StateBank(_exported(network, workspace))
    quantise(workspace / "network.onnx", workspace / "small.onnx")
    small = StateBank(Session(workspace / "small.onnx", threads=1))
    frame = random_frames(1, 3, 18, 2)
    matrix = torch.randn(SIDE, SIDE)
    runs = {
        "ours": (_stepping(bank, frame), 10),
        "int8": (_stepping(small, frame), 10),
        "product": (lambda: matrix @ matrix, 10),
    }
    times = alternating({**runs, **_opendr(workspace, torch.from_numpy(frame), frames)}, rounds)
    arithmetic = step_macs(network) / SIDE**3 * times["product"]
    step = "CoST-GCN* step, OpenPose-18, 2 persons, 400 classes"
    figures = [
        faster(
            CASE, f"{step}, within 1.5x of its products", times["ours"], arithmetic, 1 / 1.5, "rate of a matrix product"
        ),
        smaller_is_better(CASE, "state of CoST-GCN* per person", "MB", bank.nbytes / network.persons / 1e6, 3.5),
    ]
    if "step" in times:
        figures += [
            faster(CASE, step, times["ours"], times["step"], 5, "OpenDR 3.0, forward_step"),
            faster(CASE, f"{step}, 8 bits", times["int8"], times["step"], 8, "OpenDR 3.0, forward_step, 32 bits"),
            faster(CASE, step, times["ours"], times["clip"], 90, f"OpenDR 3.0, ST-GCN on {frames} frames"),
        ]
    return figures


def _opendr(workspace: Path, frame: Tensor, frames: int) -> dict[str, tuple[Run, int]]:
    """OpenDR's networks, ready to run; where they cannot be had, none, and a line that says why."""
    import torch

    from opendr_perception.bench.peers.opendr import PeerMissing, opendr_models

    try:
        with opendr_models(workspace) as (continual_network, clip_network):
            peer = _lively(continual_network(num_point=18, graph_type="openpose", sequence_len=frames, num_classes=400))
            whole = _lively(clip_network(400, 18, 2, 3, "openpose"))
    except PeerMissing as missing:
        print(f"figures are left out: {missing}", file=sys.stderr)
        return {}
    clip = torch.randn(1, 3, frames, 18, 2)
    for image in clip.unbind(2):  # a step costs less until all windows are filled
        peer.forward_step(image)
    return {"step": (lambda: peer.forward_step(frame), 4), "clip": (lambda: whole(clip), 1)}


def _batch(workspace: Path, width: int | None, rounds: int) -> Figure:
    """Several people in one batch, against one after the other; without a width, with the last network exported."""
    from opendr_perception.networks.action.co_st_gcn import CoStGcn

    if width is None:
        session = Session(workspace / "network.onnx", threads=1)
    else:
        session = _exported(_lively(CoStGcn("coco17", 14, persons=1, width=width, frames=90)), workspace)
    frames = random_frames(STREAMS, *(int(length or 1) for length in session.inputs[0].shape[1:]))
    single = [_stepping(StateBank(session), frames[place : place + 1]) for place in range(STREAMS)]
    runs: dict[str, tuple[Run, int]] = {
        "batch": (_stepping(StateBank(session), frames), 1),
        "single": (lambda: [step() for step in single], 1),
    }
    times = alternating(runs, rounds)
    metric = f"CoST-GCN* step, COCO-17, width {width}, {STREAMS} people"
    return faster(CASE, metric, times["batch"], times["single"], 1.5, f"{STREAMS} single steps")


def _nac_tcn(workspace: Path, config: ConfigName, rounds: int) -> Figure:
    """A step, against the clip that has to be done again for each frame without one."""
    import torch

    from opendr_perception.networks.emotion.nac_tcn import CONFIGS

    network = CONFIGS[config].build().eval().for_inference()
    bank = StateBank(_exported(network, workspace))
    clip = torch.randn(1, 440, 256)
    step = _stepping(bank, random_frames(1, 440))
    times = alternating({"ours": (step, 5), "clip": (lambda: network(clip), 1)}, rounds)
    return faster(CASE, "NAC-TCN step, AffWild2-sm", times["ours"], times["clip"], 30, "its clip of 256 frames, torch")


def _online_detection(workspace: Path, rounds: int, channels: int) -> list[Figure]:
    """CoOadTR with each frame of features, against its window that has to be done again.

    A step reads all weights for one frame, and memory is slower than arithmetic: 8 bits read a quarter, and many
    streams read them once.
    """
    import torch

    from opendr_perception.networks.action.co_oad_tr import CoOadTr

    features = 3 * channels
    networks = [CoOadTr(features, 22, blocks, channels=channels, hidden=channels).eval() for blocks in (1, 2)]
    first, second = (StateBank(_exported(network, workspace / f"b{n}.onnx")) for n, network in enumerate(networks, 1))
    quantise(workspace / "b1.onnx", workspace / "small.onnx")
    small = Session(workspace / "small.onnx", threads=1)
    window = torch.randn(1, features, 64)
    runs: dict[str, tuple[Run, int]] = {
        "b1": (_stepping(first, random_frames(1, features)), 3),
        "b2": (_stepping(second, random_frames(1, features)), 3),
        "b1, 8 bits": (_stepping(StateBank(small), random_frames(1, features)), 3),
        "streams": (_stepping(StateBank(small), random_frames(STREAMS, features)), 2),
        **{
            f"window {n}": (functools.partial(network.forward_window, window), 1)
            for n, network in enumerate(networks, 1)
        },
    }
    times = alternating(runs, rounds)
    peer, size = "its window, torch", f"{features} features, 64 frames"
    return [
        faster(CASE, f"CoOadTR-b1 step, {size}", times["b1"], times["window 1"], 50, peer),
        faster(CASE, f"CoOadTR-b1 step, {size}, 8 bits", times["b1, 8 bits"], times["window 1"], 50, peer),
        faster(
            CASE,
            f"CoOadTR-b1 step, {size}, 8 bits, each of {STREAMS} streams",
            times["streams"] / STREAMS,
            times["window 1"],
            50,
            peer,
        ),
        faster(CASE, f"CoOadTR-b2 step, {size}", times["b2"], times["window 2"], 2.6, peer),
    ]


def _attention(workspace: Path, size: int, target: float, rounds: int) -> list[Figure]:
    """Attention of the newest token, in 32 and in 8 bits, against that of a window; as many tokens as channels."""
    import torch

    from opendr_perception.streaming import SingleOutputAttention

    bank = StateBank(_exported(SingleOutputAttention(size, 8, size).eval(), workspace, (size,)))
    quantise(workspace / "network.onnx", workspace / "small.onnx")
    small = StateBank(Session(workspace / "small.onnx", threads=1))
    peer = torch.nn.MultiheadAttention(size, 8, batch_first=True).eval()
    window, token = torch.randn(1, size, size), random_frames(1, size)
    runs: dict[str, tuple[Run, int]] = {
        "32 bits": (_stepping(bank, token), 3),
        "8 bits": (_stepping(small, token), 3),
        "window": (lambda: peer(window, window, window, need_weights=False), 1),
    }
    times = alternating(runs, rounds)
    metric, beside = f"single-output attention step, {size} tokens and channels", "nn.MultiheadAttention on the window"
    return [
        faster(CASE, metric, times["32 bits"], times["window"], target, beside),
        faster(CASE, f"{metric}, 8 bits", times["8 bits"], times["window"], target, beside),
    ]


def _lively(network: Network) -> Network:
    """Give batch norms weights of the size that training leads to.

    New ones begin with 1e-6, and numbers too small to be normal would distort the times.
    """
    import torch

    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(layer.weight, 0.5, 1.5)
    return network.eval()


def _exported(network: Streaming, place: Path, frame_shape: tuple[int, ...] | None = None) -> Session:
    """A session of a network, written to a file, or to `network.onnx` of a folder."""
    from opendr_perception.engine.export import export

    path = place / "network.onnx" if place.is_dir() else place
    export(network, path, frame_shape)
    return Session(path, threads=1)


def _stepping(bank: StateBank, frames: np.ndarray) -> Run:
    keys: Sequence[int] = range(len(frames))
    return lambda: bank.step(keys, frames)
