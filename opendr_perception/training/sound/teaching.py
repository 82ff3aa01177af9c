"""Teach sounds from a few recordings: what `opendr-perception teach sounds` does.

Recordings are a folder with a folder of files for each label, or files with rows of labels; what has no row shall be
called as before. Taught is a network of `classification`, by a gate over it or by low-rank adapters.
"""

from __future__ import annotations

import copy
import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from opendr_perception import zoo
from opendr_perception.engine.session import EngineError
from opendr_perception.evaluate.report import DatasetError
from opendr_perception.evaluate.sound import LabelledSound
from opendr_perception.networks.gates import GatedClassifier, Gates
from opendr_perception.networks.sound import SoundNetwork
from opendr_perception.tasks.sound import MelConfig
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
    check_output,
    grown,
    new_labels,
    taught_labels,
)
from opendr_perception.training.common.weights import save, versions
from opendr_perception.training.sound.examples import (
    IGNORED,
    UNKNOWN,
    Distortion,
    Examples,
    SoundEvent,
    Timing,
    events_of,
    noises,
)
from opendr_perception.training.sound.export import export_weights, gates_of, load
from opendr_perception.training.sound.labelled import PIECE, gather

HEAD = "transformer.classifier"
FRAMES, NEED, KEPT = 260, 48, 20
"""Of an example; after which a sound is known, or at its end; after its end in which it is still the answer."""
SHARE = 0.3
"""Of examples that are nothing new."""
DISTORTION = Distortion(0.5, warp=0.05, stretch=0.1, echo=0.2, loudness=(-1.5, 0.7))
SPEEDS = (0.9, 1.0, 1.1)
NOISES = 40


@dataclass(frozen=True)
class SoundBeginning:
    """Network to begin with, as `classification` or a teaching has written it."""

    network: SoundNetwork
    card: dict[str, object]
    name: str
    sha256: str
    known: KnownFeatures | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """Of its answers."""
        found = self.card["labels"]
        assert isinstance(found, list)
        return tuple(found)


@dataclass(frozen=True)
class SoundLesson:
    """A network that has learned; `learned` of its parameters, the others are the source's."""

    network: SoundNetwork
    labels: tuple[str, ...]
    taught: tuple[str, ...]
    learned: int
    known: KnownFeatures | None = None


def read_source(model: Path, name: str) -> SoundBeginning:
    """Read a network by its model; its weights, an .npz, and its card lie beside it.

    Raises:
        DatasetError: They do not, or they are of something else.
    """
    weights = model.with_suffix(".npz")
    try:
        network, card = load(weights)
        digest = hashlib.sha256(weights.read_bytes()).hexdigest()
        return SoundBeginning(network.eval(), card, name, digest, beside(model))
    except OSError as error:
        raise DatasetError(
            f"{weights} is needed to teach {name}, beside the model: {error.strerror or error}"
        ) from error
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(f"{name} is no network of sounds that can be taught") from error


def learn(
    source: SoundBeginning,
    sounds: Sequence[LabelledSound],
    plan: AdapterPlan,
    tell: Callable[[int, float], None] = lambda step, loss: None,
) -> SoundLesson:
    """Learn from sounds; those with the label '' shall be called as the source calls them.

    Raises:
        DatasetError: Nothing is labelled.
    """
    taught = taught_labels(one.label for one in sounds)
    torch.manual_seed(plan.seed)
    labels = all_labels(source.labels, taught)
    examples = _examples(source, sounds, labels, plan.seed)
    if plan.adapter == "head":
        return _gated(source, labels, examples, plan, tell)
    if isinstance(source.network.transformer.classifier, GatedClassifier):
        raise DatasetError(f"{source.name} was taught by a head of its own: go on with the adapter 'head'")
    student = Student(_with_labels(source, labels), HEAD, plan)
    network = student.network
    assert isinstance(network, SoundNetwork)
    for step in range(plan.steps):
        frames, marks = map(torch.from_numpy, examples.batch(step, plan.batch))
        logits = network.recordings(frames, offset=step * 7)
        with torch.no_grad():
            said = source.network.recordings(frames, offset=step * 7)
        wanted = torch.where(marks == labels.index(UNKNOWN), UNTAUGHT, marks)
        judged = marks != IGNORED
        tell(step, student.descend(step, _rows(logits, judged), wanted[judged], _rows(said, judged)))
    learned = learned_parameters(network)
    fuse(network)
    return SoundLesson(network.eval(), labels, taught, learned)


def _gated(
    source: SoundBeginning,
    labels: tuple[str, ...],
    examples: Examples,
    plan: AdapterPlan,
    tell: Callable[[int, float], None],
) -> SoundLesson:
    """Learn a gate over the network, which stays as it is."""
    new = new_labels(source.labels, labels)
    seen, wanted = [], []
    for step in range(plan.steps):
        frames, marks = map(torch.from_numpy, examples.batch(step, plan.batch))
        judged = marks != IGNORED
        with torch.no_grad():
            seen.append(_rows(source.network.tokens(frames, offset=step * 7), judged))
        wanted.append((marks[judged] - len(source.labels) + 1).clamp(min=0))
        tell(step, 0.0)
    features, truth = torch.cat(seen), torch.cat(wanted)
    network = copy.deepcopy(source.network)
    gate = learned_gate(features, truth, source.known, GatePlan(seed=plan.seed))
    classifier: nn.Module = network.transformer.classifier
    if not isinstance(classifier, GatedClassifier):
        classifier = GatedClassifier(classifier, Gates(features.shape[1], ()))
    classifier.gates.layers.append(gate)
    network.transformer.classifier = classifier
    learned = sum(parameter.numel() for parameter in gate.parameters())
    return SoundLesson(network.eval(), labels, new, learned, with_labels(source.known, features, truth))


def _rows(values: Tensor, judged: Tensor) -> Tensor:
    """The answers (n, labels) of those tokens of (B, labels, T) that are judged (B, T)."""
    return values.transpose(1, 2)[judged]


def _with_labels(source: SoundBeginning, labels: Sequence[str]) -> SoundNetwork:
    network = copy.deepcopy(source.network)
    head = network.transformer.classifier
    assert isinstance(head, nn.Linear)
    more = grown(head, len(labels) - len(source.labels), source.labels.index(UNKNOWN))
    head.weight, head.bias, head.out_features = more.weight, more.bias, more.out_features
    return network


def _examples(source: SoundBeginning, sounds: Sequence[LabelledSound], labels: Sequence[str], seed: int) -> Examples:
    mel = source.card["mel"]
    assert isinstance(mel, dict)
    config, patches = MelConfig(**mel), source.network.patches
    known = [one for one in sounds if one.label]
    others = [*(one for one in sounds if not one.label), *noises(NOISES, PIECE, np.random.default_rng(seed))]
    unknown = labels.index(UNKNOWN)
    foreign = [SoundEvent(event.variants, unknown) for event in events_of(others, labels, config, (1.0,))]
    timing = Timing(patches.field, patches.hop, FRAMES, NEED, KEPT)
    return Examples(events_of(known, labels, config, SPEEDS), foreign, timing, unknown, SHARE, DISTORTION, seed)


def write(
    output: Path, lesson: SoundLesson, source: SoundBeginning, sounds: Sequence[LabelledSound], plan: AdapterPlan
) -> None:
    """Write the model, its weights to teach it again, and its card."""
    counts = Counter(one.label for one in sounds if one.label)
    card = {
        **{name: source.card[name] for name in ("network", "mel", "shape", "field", "hop")},
        "labels": list(lesson.labels),
        "gates": gates_of(lesson.network),
        "terms": source.card.get("terms", "open"),
        "source": {"model": source.name, "sha256": source.sha256},
        "taught": {name: counts[name] for name in lesson.taught},
        "parameters": sum(parameter.numel() for parameter in lesson.network.parameters()),
        "learned_parameters": lesson.learned,
        "plan": asdict(plan),
        "limits": "scores are not calibrated; other rooms, microphones and voices were not tested",
        **versions(),
    }
    weights = output.with_suffix(".npz")
    save(lesson.network, weights, card)
    if lesson.known is not None:
        keep(output.with_suffix(SUFFIX), lesson.known)
    try:
        export_weights(weights, output)
    except (EngineError, RuntimeError) as error:
        raise DatasetError(f"{output} cannot be written: {error}") from error


def teach_sounds(
    paths: Sequence[Path],
    labels: Path | None,
    output: Path,
    model: str,
    plan: AdapterPlan,
    tell: Callable[[int, float], None] = lambda step, loss: None,
) -> str:
    """Teach sounds, and write the model, its weights and its card; what was done, in a line.

    Args:
        paths: Folders by label, or files.
        labels: What is heard when in files.
        output: The .onnx file.
        model: What to begin with: of the zoo, or an .onnx file with its weights and card beside it.
        plan: How to learn.
        tell: Is told each step and its loss.

    Raises:
        DatasetError, ZooError, OSError: Something of it cannot be used; nothing is written then.
    """
    check_output(output)
    source = read_source(zoo.require(model).path, model)
    sounds = gather(paths, labels)
    lesson = learn(source, sounds, plan, tell)
    write(output, lesson, source, sounds, plan)
    return f"wrote {output}: {', '.join(lesson.taught)}; {lesson.learned:,} parameters learned"
