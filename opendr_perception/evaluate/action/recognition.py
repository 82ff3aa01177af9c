"""Accuracy of the action network on real people, read as a program on a robot reads it.

Recordings of one person are joined to streams (`streams.py`), and the recogniser sees them frame by frame as the node
does. What it says of a segment is the action with the largest mean probability in the segment's newest second: that is
what somebody who listens to the topic and averages a second hears at its end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from opendr_perception.engine.session import Session
from opendr_perception.evaluate.action.falls import falls_said, is_falls
from opendr_perception.evaluate.action.recordings import UNKNOWN, ActionRecording
from opendr_perception.evaluate.action.sets import recordings_in
from opendr_perception.evaluate.action.streams import PoseStream, Segment, alone, join
from opendr_perception.evaluate.action.watching import TOGETHER, watch
from opendr_perception.evaluate.measures import auroc, average_precision, by_subject, calibration_error
from opendr_perception.evaluate.report import DatasetError, Report
from opendr_perception.tasks.action import ActionRecogniser

Floats = npt.NDArray[np.float64]

NEWEST = 1.0
"""Seconds at the end of a segment that are read."""
LONGEST = 12
"""Recordings in a stream."""
STREAMS = "streams"
SEED = 5


@dataclass(frozen=True, eq=False)
class StreamAnswers:
    """Answers to a segment.

    Attributes:
        segment: The action.
        read: (labels,), mean probabilities of its newest second.
        often: (labels,), share of the answers that name each label, over all of the segment.
        delay: Seconds until its name came for the first time; infinite if never.
        answers: (n, labels), all of them.
    """

    segment: Segment
    read: Floats
    often: Floats
    delay: float
    answers: Floats


def evaluate_actions(dataset: Path, model: Session, part: str) -> Report:
    """Measure the recogniser on a set of recordings.

    Args:
        dataset: A file `<set>.npz` of `skeleton_sets.READERS` or of the user's own, or the folder of falls.
        model: An action network.
        part: Whose recordings: 'test', 'validation', 'train' or 'all'.

    Raises:
        DatasetError: This is no such set, or it has nobody of this part.
    """
    recogniser = ActionRecogniser(model)
    if is_falls(dataset):
        return falls_said(dataset, recogniser)
    recordings = [one for one in recordings_in(dataset) if part in (one.part, "all")]
    if not recordings:
        raise DatasetError(f"{dataset} has nobody in the part '{part}'")
    report = Report(f"actions: {dataset.stem}, {part}")
    _compare(report, STREAMS, [*listen(recogniser, [*streams_of(recordings)])], recogniser.labels)
    _compare(report, "clips", [*listen(recogniser, [alone(one) for one in recordings])], recogniser.labels)
    return report


def streams_of(recordings: Sequence[ActionRecording]) -> Iterator[PoseStream]:
    """All recordings, joined to streams of one person and rate each, in an order that is drawn once and for all."""
    rng = np.random.default_rng(SEED)
    people: defaultdict[str, list[ActionRecording]] = defaultdict(list)
    for one in recordings:
        people[one.subject].append(one)
    for several in people.values():
        order = rng.permutation(len(several))
        for start in range(0, len(order), LONGEST):
            yield join(rng, [several[k] for k in order[start : start + LONGEST]])


def listen(recogniser: ActionRecogniser, streams: Sequence[PoseStream]) -> Iterator[StreamAnswers]:
    """Let the recogniser watch streams, and write down what it says of each segment."""
    for start in range(0, len(streams), TOGETHER):
        group = streams[start : start + TOGETHER]
        for stream, answers in zip(group, watch(recogniser, group), strict=True):
            for segment in stream.segments:
                yield _heard(segment, answers[segment.begin : segment.end], stream.rate, recogniser.labels)


def _heard(segment: Segment, answers: Floats, rate: float, labels: Sequence[str]) -> StreamAnswers:
    named = answers.argmax(1)
    right = np.flatnonzero(np.isin(named, _places(segment.recording.accepted, labels)))
    return StreamAnswers(
        segment,
        answers[-max(1, round(NEWEST * rate)) :].mean(0),
        np.bincount(named, minlength=len(labels)) / len(named),
        float(right[0] / rate) if len(right) else np.inf,
        answers,
    )


def _places(names: Sequence[str], labels: Sequence[str]) -> list[int]:
    return [labels.index(name) for name in names if name in labels]


def _compare(report: Report, way: str, heard: Sequence[StreamAnswers], labels: Sequence[str]) -> None:
    """Add the figures of segments to a report."""
    accepted = [one.segment.recording.accepted for one in heard]
    nobodys = np.array([names == (UNKNOWN,) for names in accepted])
    subjects = np.array([one.segment.recording.subject for one in heard])
    readings = {"": [one.read for one in heard], ", by most answers": [one.often for one in heard]}
    for reading, values in readings.items():
        right = np.array([labels[int(v.argmax())] in names for v, names in zip(values, accepted, strict=True)])
        report.add(f"{way}: right of known actions{reading}", *by_subject(right[~nobodys], subjects[~nobodys]))
        if reading == "":
            report.count(f"{way}: segments", len(heard))
            report.table(f"{way}: by action", _by_action(heard, right))
            if nobodys.any():
                report.add(f"{way}: right of all, unknown ones too", *by_subject(right, subjects))
                report.table(f"{way}: what unknown actions are called", _called(heard, nobodys, labels))
    unknown = np.array([_unknown(one.read, labels) for one in heard])
    if 0 < nobodys.sum() < len(nobodys):
        report.add(f"{way}: AUROC of unknown", auroc(unknown, nobodys))
        report.chances[f"unknown, {way}"] = unknown, nobodys
    delays = np.array([one.delay for one in heard])[~nobodys]
    if len(delays):
        report.add(f"{way}: median seconds to the right name", float(np.median(delays)), unit="s")
    answers = np.concatenate([one.answers for one in heard])
    owners = np.repeat(np.arange(len(heard)), [len(one.answers) for one in heard])
    report.add(f"{way}: per-frame mAP", frame_map(answers, [accepted[owner] for owner in owners], labels))
    named = answers.argmax(1)
    hits = np.array([labels[k] in accepted[owner] for k, owner in zip(named, owners, strict=True)])
    report.add(f"{way}: expected calibration error of answers", calibration_error(answers.max(1), hits))
    if way == STREAMS:
        report.answers = answers.max(1).astype(np.float64), hits
        report.confused(
            [one.segment.recording.action for one in heard], np.array([one.read.argmax() for one in heard]), labels
        )


def frame_map(answers: Floats, accepted: Sequence[Sequence[str]], labels: Sequence[str]) -> float:
    """Mean average precision of the labels that are shown, over the frames of all segments [De Geest 2016].

    Args:
        answers: (n, labels) probabilities of frames.
        accepted: names that are right, of each frame; where there are several, it is not judged for any of these.
        labels: of the probabilities; UNKNOWN is no action.

    Returns:
        NaN if no frame shows an action of the labels.
    """
    found = []
    for number, label in enumerate(labels):
        shown = np.array([label in names for names in accepted])
        sure = np.array([len(names) == 1 or label not in names for names in accepted])
        if label != UNKNOWN and shown[sure].any():
            found.append(average_precision(answers[sure, number], shown[sure]))
    return float(np.mean(found)) if found else float("nan")


def _unknown(probabilities: Floats, labels: Sequence[str]) -> float:
    return float(probabilities[labels.index(UNKNOWN)] if UNKNOWN in labels else 1.0 - probabilities.max())


def _by_action(heard: Sequence[StreamAnswers], right: npt.NDArray[np.bool_]) -> dict[str, float]:
    groups: defaultdict[str, list[bool]] = defaultdict(list)
    for one, hit in zip(heard, right, strict=True):
        groups[one.segment.recording.action].append(bool(hit))
    return {f"{action} ({len(hits)})": float(np.mean(hits)) for action, hits in sorted(groups.items())}


def _called(heard: Sequence[StreamAnswers], which: npt.NDArray[np.bool_], labels: Sequence[str]) -> dict[str, float]:
    names = [labels[int(one.read.argmax())] for one, chosen in zip(heard, which, strict=True) if chosen]
    return {name: names.count(name) / len(names) for name in sorted(set(names), key=names.count, reverse=True)}
