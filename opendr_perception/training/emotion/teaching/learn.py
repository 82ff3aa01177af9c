"""Learn expressions from faces beside those that a network knows: by a gate over it, or by low-rank adapters."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
import yaml
from onnx import numpy_helper
from torch import Tensor, nn

from opendr_perception.engine.session import EngineError
from opendr_perception.evaluate.report import DatasetError
from opendr_perception.files import write_text
from opendr_perception.networks.emotion.compact import CompactNet, equalised
from opendr_perception.networks.gates import GatedCompactNet, Gates, halves
from opendr_perception.tasks.emotion import Crop, ExpressionNet
from opendr_perception.training.common.adapters import fuse, learned_parameters
from opendr_perception.training.common.gating import (
    SUFFIX,
    GatePlan,
    KnownFeatures,
    beside,
    keep,
    learned_gate,
    with_labels,
)
from opendr_perception.training.common.lessons import (
    UNTAUGHT,
    AdapterPlan,
    Student,
    all_labels,
    grown,
    new_labels,
    taught_labels,
)
from opendr_perception.training.common.weights import versions
from opendr_perception.training.emotion.compact import variation
from opendr_perception.training.emotion.compact.export import export_compact, folded
from opendr_perception.training.emotion.teaching.faces import LabelledCrop
from opendr_perception.zoo import session

ExpressionNetwork = CompactNet | GatedCompactNet
HEAD = "expression"
TAKEN = 0.01
"""Of a `GatePlan`: the faces of a lab are further from those that are remembered than these are from each other."""
PREFIX = re.compile(r"(network\.)+")


@dataclass(frozen=True)
class ExpressionSource:
    """Network to begin with.

    Attributes:
        network: In evaluation mode, its normalisations folded into its convolutions.
        labels: Of its scores.
        crop: How faces are cut out for it.
        terms: Of its use: 'open' or 'research'.
        name: Of the model, or its file.
        sha256: Of the file.
        known: What lies beside it of the features of its labels.
    """

    network: ExpressionNetwork
    labels: tuple[str, ...]
    crop: Crop
    terms: str
    name: str
    sha256: str
    known: KnownFeatures | None = None


@dataclass(frozen=True)
class ExpressionLesson:
    """A network that has learned; `learned` of its parameters, the others are the source's."""

    network: ExpressionNetwork
    labels: tuple[str, ...]
    taught: tuple[str, ...]
    learned: int
    known: KnownFeatures | None = None


def read_source(path: Path, name: str = "") -> ExpressionSource:
    """Read a model that `training.emotion.compact` or a teaching has written.

    Raises:
        DatasetError: It is no such model.
    """
    try:
        opened = session(str(path))
        net, content = ExpressionNet(opened), path.read_bytes()
        weights = _weights(content)
        network = _network(weights, len(net.labels))
        known = beside(path)
    except (OSError, EngineError, KeyError, ValueError, RuntimeError) as error:
        raise DatasetError(f"{path} is no network of expressions that can be taught") from error
    digest = hashlib.sha256(content).hexdigest()
    return ExpressionSource(
        network.eval(),
        tuple(net.labels),
        net.crop,
        opened.metadata.get("terms", "open"),
        name or path.name,
        digest,
        known,
    )


def _weights(content: bytes) -> dict[str, Tensor]:
    return {
        PREFIX.sub("", tensor.name, count=1): torch.from_numpy(numpy_helper.to_array(tensor).copy())
        for tensor in onnx.load_model_from_string(content).graph.initializer
        if PREFIX.match(tensor.name)
    }


def _network(weights: Mapping[str, Tensor], labels: int) -> ExpressionNetwork:
    """A folded network of the size that its weights have, and the gates over it."""
    gates = {name: value for name, value in weights.items() if name.startswith("gates.")}
    biases = [value for name, value in sorted(gates.items()) if name.endswith(".bias")]
    network = _compact({n: v for n, v in weights.items() if n not in gates}, labels - sum(len(b) - 1 for b in biases))
    if not biases:
        return network
    over = Gates(gates["gates.layers.0.weight"].shape[1], [len(bias) - 1 for bias in biases])
    gated = GatedCompactNet(network, over)
    gated.gates.load_state_dict({name.removeprefix("gates."): value for name, value in gates.items()})
    return gated


def _compact(weights: Mapping[str, Tensor], classes: int) -> CompactNet:
    first = weights["layers.0.0.weight"]
    numbers = sorted({int(name.split(".")[1]) for name in weights if name.startswith("layers.")})[1:]
    blocks = [0]
    for number in numbers:
        if f"layers.{number}.second.weight" in weights:
            blocks[-1] += 1
        else:
            blocks.append(0)
    network = folded(CompactNet(classes, len(first), blocks, (first.shape[2] - 1) // 2))
    network.load_state_dict(dict(weights))
    return network


def learn(
    source: ExpressionSource,
    faces: Sequence[LabelledCrop],
    plan: AdapterPlan,
    tell: Callable[[int, float], None] = lambda step, loss: None,
) -> ExpressionLesson:
    """Learn from faces; those without a label shall be called as the source calls them.

    Raises:
        DatasetError: Nothing is labelled.
    """
    taught = taught_labels(one.label for one in faces)
    torch.manual_seed(plan.seed)
    labels = all_labels(source.labels, taught)
    if plan.adapter == "head":
        return _gated(source, faces, labels, plan, tell)
    if not isinstance(source.network, CompactNet):
        raise DatasetError(f"{source.name} was taught by a head of its own: go on with the adapter 'head'")
    network = copy.deepcopy(source.network)
    network.expression = grown(network.expression, len(labels) - len(source.labels), like=0)
    student = Student(network, HEAD, plan)
    images = torch.from_numpy(np.stack([one.pixels for one in faces])).float()[:, None]
    marks = torch.tensor([labels.index(one.label) if one.label else UNTAUGHT for one in faces])
    rng, shares = np.random.default_rng(plan.seed), _shares(marks)
    for step in range(plan.steps):
        rows = torch.from_numpy(rng.choice(len(faces), plan.batch, p=shares))
        varied = variation.vary(images[rows], torch.Generator().manual_seed(plan.seed * 1_000_003 + step))
        planes = equalised(varied)
        with torch.no_grad():
            said = source.network(planes)
        tell(step, student.descend(step, network(planes), marks[rows], said))
    learned = learned_parameters(network)
    fuse(network)
    return ExpressionLesson(network.eval(), labels, taught, learned)


def _gated(
    source: ExpressionSource,
    faces: Sequence[LabelledCrop],
    labels: tuple[str, ...],
    plan: AdapterPlan,
    tell: Callable[[int, float], None],
) -> ExpressionLesson:
    """Learn a gate over the network, which stays as it is."""
    new = new_labels(source.labels, labels)
    inner = source.network if isinstance(source.network, CompactNet) else source.network.network
    images = torch.from_numpy(np.stack([one.pixels for one in faces])).float()[:, None]
    marks = torch.tensor([1 + new.index(one.label) if one.label in new else 0 for one in faces])
    rng, shares, seen, wanted = np.random.default_rng(plan.seed), _shares(marks), [], []
    for step in range(plan.steps):
        rows = torch.from_numpy(rng.choice(len(faces), plan.batch, p=shares))
        source_of_all = torch.Generator().manual_seed(plan.seed * 1_000_003 + step)
        with torch.no_grad():
            seen.append(halves(inner, equalised(variation.vary(images[rows], source_of_all, whole=True)))[0])
        wanted.append(marks[rows])
        tell(step, 0.0)
    features, truth = torch.cat(seen), torch.cat(wanted)
    before = [*source.network.gates.layers] if isinstance(source.network, GatedCompactNet) else []
    gates = Gates(features.shape[1], ())
    gates.layers.extend([*before, learned_gate(features, truth, source.known, GatePlan(TAKEN, seed=plan.seed))])
    network = GatedCompactNet(inner, gates).eval()
    learned = sum(parameter.numel() for parameter in gates.layers[-1].parameters())
    return ExpressionLesson(network, labels, new, learned, with_labels(source.known, features, truth))


def _shares(marks: Tensor) -> np.ndarray:
    """Probability of drawing each face: all labels alike, and what has none as if it were one of them."""
    values = marks.numpy()
    counts = {mark: int((values == mark).sum()) for mark in np.unique(values).tolist()}
    shares = np.array([1 / counts[mark] for mark in values.tolist()])
    return shares / shares.sum()


def write(
    output: Path, lesson: ExpressionLesson, source: ExpressionSource, faces: Sequence[LabelledCrop], plan: AdapterPlan
) -> None:
    """Write the model, from which it can be taught again, and its card."""
    counts = Counter(one.label for one in faces if one.label)
    texts = {"terms": source.terms, "crop": json.dumps(asdict(source.crop))}
    with torch.no_grad():
        _check_finite(lesson.network)
    export_compact(lesson.network, output, lesson.labels, texts)
    if lesson.known is not None:
        keep(output.with_suffix(SUFFIX), lesson.known)
    card = {
        "network": "residual network of grey faces (networks/emotion/compact.py)",
        "terms": source.terms,
        "source": {"model": source.name, "sha256": source.sha256},
        "labels": list(lesson.labels),
        "taught": {name: counts[name] for name in lesson.taught},
        "parameters": sum(parameter.numel() for parameter in lesson.network.parameters()),
        "learned_parameters": lesson.learned,
        "plan": asdict(plan),
        "limits": "scores are not calibrated; other people, ages and lights than those shown were not tested",
        **versions(),
    }
    write_text(output.with_suffix(".yaml"), yaml.safe_dump(card, sort_keys=False, width=120, allow_unicode=True))


def _check_finite(network: nn.Module) -> None:
    if not all(torch.isfinite(parameter).all() for parameter in network.parameters()):
        raise DatasetError("the training has not converged: take a smaller rank, or more examples")
