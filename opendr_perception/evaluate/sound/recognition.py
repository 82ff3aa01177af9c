"""Accuracy of the classifier of `sound_classification` on labelled recordings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from opendr_perception.engine.session import Session
from opendr_perception.evaluate.measures import auroc, by_subject, calibration_error
from opendr_perception.evaluate.report import DatasetError, Report
from opendr_perception.evaluate.sound.recordings import (
    AFTER,
    LabelledSound,
    between_silences,
    read_digits,
    read_esc,
    read_genres,
    read_labelled,
    read_scenes,
)
from opendr_perception.tasks.sound import UNKNOWN, SoundClassifier, SoundError, SoundModel

SHORT = 2.0
"""Seconds; what is shorter is heard between silences, as a word in a stream is."""

READERS: Mapping[str, Callable[[Path], Sequence[LabelledSound]]] = {
    "esc10": read_esc,
    "digits": read_digits,
    "scenes": read_scenes,
    "genres": read_genres,
    "folders": read_labelled,
}
"""By the name of the layout; the first one that reads a folder is taken."""
HELD_OUT = {"esc10": ("1",), "digits": ("theo",)}
"""Folds and speakers that the shipped networks have not heard."""


def evaluate_sounds(dataset: Path, session: Session, part: str) -> Report:
    """Measure a classifier of sounds.

    A recording is what has the largest mean probability over the answers to it. Recordings with labels that the model
    does not have should be called `unknown`; they are counted apart.

    Args:
        dataset: a folder in the layout of ESC, FSDD, TUT Acoustic Scenes or GTZAN, or with a folder for each label.
        session: the model.
        part: 'test' for what the shipped models have not heard (of ESC-10 fold 1, of the digits one speaker), 'train'
            for the others, or 'all'.

    Raises:
        DatasetError: there is no such set or part.
    """
    if part == "validation":
        raise DatasetError("sounds have the parts train, test and all")
    model, (layout, recordings) = SoundModel(session), _read(dataset)
    held_out = HELD_OUT.get(layout, ())
    chosen = [each for each in recordings if part == "all" or (each.group in held_out) == (part == "test")]
    if not chosen:
        raise DatasetError(f"{dataset}: there are no recordings of the part '{part}'; try --part all")
    report = Report(f"sounds: {dataset.name}, {part}, {session.path.stem}")
    answers = np.stack([_hear(model, each.samples) for each in chosen])
    known = np.array([each.label in model.labels for each in chosen])
    report.count("recordings", int(known.sum()))
    report.count("recordings of other sounds", int((~known).sum()))
    if known.any():
        _add_known(report, model, answers[known], [each for each in chosen if each.label in model.labels])
    others = answers[~known]
    if len(others):
        unknown = model.labels.index(UNKNOWN)
        report.add("other sounds called unknown", float((others.argmax(1) == unknown).mean()))
        if known.any():
            report.add("unknown: area under ROC", auroc(answers[:, unknown], ~known))
            report.chances[UNKNOWN] = (answers[:, unknown].astype(np.float64), ~known)
    return report


def _read(dataset: Path) -> tuple[str, Sequence[LabelledSound]]:
    if not dataset.is_dir():
        raise DatasetError(f"{dataset} is not a folder")
    for layout, reader in READERS.items():
        try:
            return layout, reader(dataset)
        except ValueError:
            continue
        except (SoundError, KeyError, OSError) as error:
            raise DatasetError(f"{dataset}: {error}") from error
    raise DatasetError(f"{dataset}: in none of the layouts {', '.join(READERS)}")


def _hear(model: SoundModel, samples: np.ndarray) -> np.ndarray:
    """Mean probabilities (labels,) over a recording, or over the end of a short one."""
    short = len(samples) < SHORT * model.rate
    if short:
        samples = between_silences(samples)
    least = model.mel.window + model.mel.hop * (model.field - 1)  # samples that one answer needs
    samples = np.pad(samples, (0, max(0, least - len(samples))))
    heard = [each.probabilities for each in SoundClassifier(model, 0.0).push(samples)]
    after = max(1, int(AFTER * model.rate / model.mel.hop / model.hop)) if short else len(heard)
    mean: np.ndarray = np.mean(heard[-after:], 0)
    return mean


def _add_known(report: Report, model: SoundModel, answers: np.ndarray, recordings: Sequence[LabelledSound]) -> None:
    truth = np.array([model.labels.index(each.label) for each in recordings])
    right, scores = answers.argmax(1) == truth, answers.max(1).astype(np.float64)
    report.add("right", *by_subject(right, np.array([f"{k}" for k in range(len(right))])))
    labels = np.unique(truth)
    report.add("mean recall", float(np.mean([right[truth == label].mean() for label in labels])))
    report.add("expected calibration error", calibration_error(scores, right))
    report.table("recall", {model.labels[label]: float(right[truth == label].mean()) for label in labels})
    report.confused([each.label for each in recordings], answers.argmax(1), model.labels)
    report.answers = (scores, right)
