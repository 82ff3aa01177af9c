"""Accuracy of the classification of heart signals, by the code that the node runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from opendr_perception.engine.session import Session
from opendr_perception.evaluate.measures import by_subject, calibration_error
from opendr_perception.evaluate.report import DatasetError, Report
from opendr_perception.evaluate.signals.sets import HeartRecording, HeartSet, read_heart_set
from opendr_perception.tasks.signals.heart import HeartModel, HeartWatcher, Judgement
from opendr_perception.tasks.signals.resample import resample

HELD_OUT = {"heart-rhythm": "0", "heart-valves": "0", "heart-sound": "e", "heart-beats": "DS2"}
"""The group of each set that the shipped models have not learnt from; fixed before anything was trained."""
NEAR = 0.15
"""Seconds within which a beat that is found is one that is marked [AAMI EC57]."""
MISSED = "no beat"


def evaluate_heart(dataset: Path, session: Session, part: str) -> Report:
    """Measure a judge of heart signals.

    Args:
        dataset: a folder of a set that `sets` knows.
        session: the model; it must be for signals like these.
        part: 'test' for the recordings that the shipped model has not learnt from, 'train' for the others, or 'all'.

    Raises:
        DatasetError: there is no such set or part, or it has other labels than the model.
    """
    model, data = HeartModel(session), read_heart_set(dataset)
    recordings = of_part(data, part)
    unknown = {label for each in recordings for label in (each.label, *each.beats)} - {"", *model.labels}
    if unknown or not recordings:
        raise DatasetError(f"{dataset}: the model has the labels {', '.join(model.labels)}, not {', '.join(unknown)}")
    report = Report(f"heart: {data.name}, {part}")
    report.count("recordings", len(recordings))
    if model.by_beat:
        _of_beats(report, model, recordings)
    else:
        _of_recordings(report, model, recordings)
    return report


def of_part(data: HeartSet, part: str) -> list[HeartRecording]:
    """The recordings of a part; paced hearts are in none."""
    if part == "validation":
        raise DatasetError("heart signals have the parts train, test and all")
    judged = [each for each in data.recordings if each.group != "paced"]
    return [each for each in judged if part == "all" or (each.group == HELD_OUT[data.model]) == (part == "test")]


def watch(model: HeartModel, recording: HeartRecording) -> list[Judgement]:
    """All that is said of a recording, as if it came live; what is less than a second at its end counts too."""
    watcher = HeartWatcher(model, 0.0)
    samples = resample(recording.samples, recording.rate, model.rate)
    return [*watcher.push(samples), *watcher.finish()]


def confusion(truth: Sequence[str], said: Sequence[str], labels: Sequence[str]) -> npt.NDArray[np.int64]:
    """The confusion matrix: counts of true labels (rows) and of those that were said (columns)."""
    table = np.zeros((len(labels), len(labels)), np.int64)
    for pair in zip(truth, said, strict=True):
        table[labels.index(pair[0]), labels.index(pair[1])] += 1
    return table


def f1(table: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """F1 of each label of a confusion table; 0 for one that was neither there nor said."""
    found: npt.NDArray[np.float64] = 2 * np.diag(table) / np.maximum(table.sum(0) + table.sum(1), 1)
    return found


def whole(answers: Sequence[Judgement]) -> npt.NDArray[np.float32]:
    """Probabilities (labels,) of a recording: the mean of the answers about full windows; the last answer where the
    recording is shorter than one; (0,) where nothing was said."""
    told = [each for each in answers if len(each.probabilities)]
    full = [each for each in told if each.warm] or told[-1:]
    mean: npt.NDArray[np.float32] = np.mean([each.probabilities for each in full], 0) if full else np.zeros(0, "f4")
    return mean


def _of_recordings(report: Report, model: HeartModel, recordings: Sequence[HeartRecording]) -> None:
    truth, said, scores = [], [], []
    for each in recordings:
        found = whole(watch(model, each))
        truth.append(each.label)
        said.append(model.labels[int(np.argmax(found))] if len(found) else "")
        scores.append(float(found.max(initial=0.0)))
    report.count("recordings of which nothing was said", said.count(""))
    labels = [*model.labels, ""]
    table = confusion(truth, said, labels)
    there = [place for place, label in enumerate(labels) if label in truth]
    recall = np.diag(table)[there] / table.sum(1)[there]
    report.add("macro F1", float(f1(table)[there].mean()))
    report.add("balanced accuracy", float(recall.mean()))
    right = np.array([a == b for a, b in zip(truth, said, strict=True)])
    report.add("accuracy", *by_subject(right, np.array([each.name for each in recordings])))
    _believed(report, scores, right)
    report.table("F1", {labels[place]: float(f1(table)[place]) for place in there})
    report.confused(truth, np.array([labels.index(each) for each in said]), [*model.labels, "nothing"])
    report.table("recall", {labels[place]: float(value) for place, value in zip(there, recall, strict=True)})


def _of_beats(report: Report, model: HeartModel, recordings: Sequence[HeartRecording]) -> None:
    truth: list[str] = []
    said: list[str] = []
    scores: list[float] = []  # of the beats that are found and labelled
    right: list[bool] = []
    found_in_all = marked_in_all = 0
    for each in recordings:
        answers = watch(model, each)
        times = np.array([found.end / model.rate for found in answers])
        labels = [model.labels[int(np.argmax(found.probabilities))] for found in answers]
        pairs = match(each.times, times)
        marked_in_all, found_in_all = marked_in_all + len(each.times), found_in_all + len(pairs)
        for place, label in enumerate(each.beats):
            if label:
                truth.append(label)
                said.append(labels[pairs[place]] if place in pairs else MISSED)
                if place in pairs:
                    scores.append(float(answers[pairs[place]].probabilities.max()))
                    right.append(said[-1] == label)
        for place in set(range(len(answers))) - set(pairs.values()):
            truth.append(MISSED)
            said.append(labels[place])
    report.count("beats that are marked", marked_in_all)
    report.add("of these found", found_in_all / max(marked_in_all, 1))
    report.add("beats found that are marked", 1 - truth.count(MISSED) / max(len(said), 1))
    names = [*model.labels, MISSED]
    table = confusion(truth, said, names)
    report.table("F1", dict(zip(model.labels, f1(table).tolist(), strict=False)))
    report.table("recall", {n: float(table[k, k] / max(table[k].sum(), 1)) for k, n in enumerate(model.labels)})
    report.confused(truth, np.array([names.index(each) for each in said]), names)
    _believed(report, scores, np.array(right, bool))
    counts = Counter(truth)
    for label in model.labels:
        report.count(f"{label} beats", counts[label])
    if "ventricular" in names:
        report.add("ventricular F1", float(f1(table)[names.index("ventricular")]))


def _believed(report: Report, scores: Sequence[float], right: npt.NDArray[np.bool_]) -> None:
    """Note how far scores can be read as probabilities."""
    if len(scores):
        report.answers = (np.array(scores), right)
        report.add("expected calibration error", calibration_error(scores, right))


def match(marked: npt.NDArray[np.float64], found: npt.NDArray[np.float64]) -> dict[int, int]:
    """Match marked beats with found ones, as indices: each with the nearest within NEAR, each once."""
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for place, time in enumerate(marked.tolist()):
        first = int(np.searchsorted(found, time - NEAR))
        last = int(np.searchsorted(found, time + NEAR))
        free = [k for k in range(first, last) if k not in taken]
        if free:
            pairs[place] = min(free, key=lambda k: abs(float(found[k]) - time))
            taken.add(pairs[place])
    return pairs
