"""True if people keep their ids although their tracks end: what the node `people` says of a labelled film.

The same detections and tracks are shown to the fusion with its memory and without one, and the ids of tracks and of
people are compared with the truth. Measures are those of `tracking`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from opendr_perception.engine.session import Session
from opendr_perception.evaluate.action.falls import is_falls
from opendr_perception.evaluate.people.falls import fall_events
from opendr_perception.evaluate.people.sets import LabelledPeople, people_set
from opendr_perception.evaluate.people.tracking import Followed, measure
from opendr_perception.evaluate.report import DatasetError, Report
from opendr_perception.tasks.fusion import Settings, Sight, build
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.nms import Detections
from opendr_perception.tasks.people import PersonDetector, new_ids
from opendr_perception.tasks.people.tracking import PersonTracker

SAME_PEOPLE = {"pets09_s2l1": ((1, 19), (2, 13), (3, 11), (4, 12), (5, 9), (6, 10), (8, 14, 15, 18))}
"""Ids of a set that are of one person who has left and come back, which its labels do not tell; joined by eye."""
WAYS = {"people": Settings(), "people without memory": Settings(same_look=1.0, forget_after=0.0)}
"""Settings of the fusion that are compared with tracks alone."""


@dataclass
class SceneWatcher:
    """One fusion that sees the film, and whom it saw in the labelled frames."""

    settings: Settings
    followed: dict[int, Followed] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._perceiver = build(self.settings)
        self._memory = self._perceiver.new_memory()

    def show(self, number: int, stamp: float, found: Detections, tracks: list[str], image: Image) -> None:
        """Let a frame come."""
        sight = Sight("", (image.width, image.height), found, tracks, image)
        scene = self._perceiver(sight, self._memory, stamp)
        people = [person for person in scene.people if person.visible]
        boxes = np.array([person.box for person in people], np.float64).reshape(-1, 4)
        self.followed[number] = boxes, [person.id for person in people]


def evaluate_people(dataset: Path, model: Session, part: str) -> Report:
    """Measure how well the ids of people hold on a labelled film.

    Args:
        dataset: A film that `people_set` reads; or the folder of falls, whose events are counted.
        model: A person detector.
        part: 'train' for the first third of the labelled frames, 'test' for the others, or 'all'.

    Raises:
        DatasetError: This is no film, or not labelled.
    """
    if is_falls(dataset):
        return fall_events(dataset)
    film = people_set(dataset)
    if not film.rate:
        raise DatasetError(f"{film.name} is no film: ids need one")
    truth = {number: joined(film.labels[number], film.name) for number in film.numbers(part)}
    detector, tracker = PersonDetector(model), PersonTracker(new_ids())
    tracked: dict[int, Followed] = {}
    watchers = {name: SceneWatcher(settings) for name, settings in WAYS.items()}
    for number, image in film.frames():
        [found] = detector([image])
        stamp = 1 + number / film.rate
        tracks = tracker.update(found, stamp, image)
        known = [place for place, track in enumerate(tracks) if track]
        tracked[number] = found.boxes[known].astype(np.float64), [tracks[place] for place in known]
        for watcher in watchers.values():
            watcher.show(number, stamp, found, tracks, image)
    report = Report(f"people: {film.name}, {part}")
    report.count("labelled frames", len(truth))
    report.count("people", len({int(one) for frame in truth.values() for one in frame.ids}))
    for name, followed in {"tracks": tracked, **{name: one.followed for name, one in watchers.items()}}.items():
        figures = measure(truth, followed)
        for figure in ("IDF1", "MOTA", "precision", "recall"):
            report.add(f"{name}: {figure}", figures[figure])
        report.count(f"{name}: switches", int(figures["switches"]))
        report.count(f"{name}: ids", len({one for frame in truth for one in followed[frame][1]}))
    return report


def joined(people: LabelledPeople, name: str) -> LabelledPeople:
    """The people of a frame with one id for each, also where a set gives others to those who come back."""
    first = {one: group[0] for group in SAME_PEOPLE.get(name, ()) for one in group}
    ids = np.array([first.get(int(one), int(one)) for one in people.ids], np.int64)
    return LabelledPeople(people.boxes, ids, people.ignored)
