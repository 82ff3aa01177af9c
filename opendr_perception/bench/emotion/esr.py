"""Cost of an ensemble for facial expressions per face, against OpenDR's class with the same weights.

All in one process, with one thread, in turn. Weights are random, so that how many branches are asked does not follow
from them: the output layers are made to agree, as they do on clear expressions, or to disagree to the last.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from opendr_perception.bench.harness.extent import Extent
from opendr_perception.bench.harness.figure import Figure, smaller_is_better
from opendr_perception.bench.harness.timing import Run, alternating
from opendr_perception.bench.peers.pytorch import torch_is_there, torch_threads
from opendr_perception.engine.session import Session

if TYPE_CHECKING:  # a development dependency: only who runs this case needs it
    from opendr_perception.networks.emotion.esr import Esr

CASE = "emotion"
TARGET = 2
"""Times that ours has to be faster."""


def esr_figures(extent: Extent) -> list[Figure]:
    """ESR-9 without and with attention: when all branches agree, and when all have to be asked."""
    if not torch_is_there("ESR is compared with torch"):
        return []
    import torch

    kinds = extent.pick((False, True), (False, True), (True,))
    rounds = extent.pick(20, 4, 1)
    judges = extent.pick(("agree", "differ"), ("agree", "differ"), ("differ",))
    with torch_threads(), torch.inference_mode():
        branches = extent.pick(9, 9, 2)
        return [figure for kind in kinds for figure in _compare(kind, branches, rounds, judges)]


def _compare(attention: bool, branches: int, rounds: int, judges: Sequence[str]) -> list[Figure]:
    import torch

    from opendr_perception.bench.peers.opendr import PeerMissing, opendr_ensembles
    from opendr_perception.networks.checkpoints import load_checkpoint
    from opendr_perception.networks.emotion.esr import SIZE, Esr

    with tempfile.TemporaryDirectory() as folder:
        try:
            with opendr_ensembles(Path(folder)) as classes:
                peer = classes[attention]("cpu", branches).eval()
        except PeerMissing as missing:
            print(f"figures are left out: {missing}", file=sys.stderr)
            return []
        network = Esr(branches=branches, attention=attention).eval()
        load_checkpoint(network, peer.state_dict())
        image = np.random.default_rng(0).integers(0, 256, (1, SIZE, SIZE, 3), np.uint8)
        planes = torch.from_numpy(image).permute(0, 3, 1, 2) / 255
        runs: dict[str, tuple[Run, int]] = {"peer": (lambda: peer(planes), 1)}
        for name in judges:
            session = _exported(network, Path(folder) / f"{name}.onnx", agree=name == "agree")
            runs[name] = (lambda session=session: session.run({"image": image}), 1)  # type: ignore[misc]
        times = alternating(runs, rounds)
    kind = f"ESR-{branches} with attention" if attention else f"ESR-{branches}"
    peer_name = "OpenDR 3.0, " + ("DiversifiedESR" if attention else "ESR")
    metrics = {
        "agree": f"{kind}, a face, branches agree: 5 asked",
        "differ": f"{kind}, a face, branches differ: {branches} asked",
    }
    return [
        smaller_is_better(CASE, metric, "ms", times[name], times["peer"] / TARGET, times["peer"], peer_name)
        for name, metric in metrics.items()
        if name in times
    ]


def _exported(network: Esr, path: Path, agree: bool) -> Session:
    """The network, the branches of which all say the same, or each the next of four labels."""
    import torch

    from opendr_perception.training.emotion.expression.onnx_model import ImageFormat, export_esr

    for place, judge in enumerate(network.judges()):
        judge.expression.bias.copy_(30 * torch.eye(8)[0 if agree else place % 4])
    export_esr(network, path, [str(label) for label in range(8)], ImageFormat(), early_exit=True)
    return Session(path, threads=1)
