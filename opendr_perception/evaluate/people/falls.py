"""Events of falls: does the node `people` say once that somebody falls, and never of daily life?

Key points of clips are shown as the poses of one person, together with what the action network says of them.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from opendr_perception import zoo
from opendr_perception.evaluate.action.falls import FALL, falls_in
from opendr_perception.evaluate.action.recordings import ActionRecording
from opendr_perception.evaluate.action.streams import alone
from opendr_perception.evaluate.action.watching import watch
from opendr_perception.evaluate.measures import by_subject
from opendr_perception.evaluate.report import Report
from opendr_perception.tasks.action import Action, ActionRecogniser, Actions
from opendr_perception.tasks.body import Poses
from opendr_perception.tasks.fusion import Settings, Sight, build
from opendr_perception.tasks.nms import Detections

SIZE = 640, 480
SHOULDERS, HIPS = (5, 6), (11, 12)
LEANS = math.radians(60)
"""Angle of a trunk with the vertical that everybody passes who falls."""
NETWORK = "action-research"
"""The default of the node `action_recognition`."""


def fall_events(dataset: Path) -> Report:
    """Count the clips in which an event `fall` begins, of the folder of falls."""
    recogniser = ActionRecogniser(zoo.session(NETWORK, threads=1))
    clips = [*falls_in(dataset)]
    counts = np.array([_falls(recogniser, clip) for clip in clips])
    report = Report("people: events of falls")
    fallen = np.array([clip.action == FALL for clip in clips])
    subjects = np.array([clip.subject for clip in clips])
    report.count("clips", len(clips))
    report.add("falls with an event", *by_subject(counts[fallen] > 0, subjects[fallen]))
    tips = np.array([_tips(clip) for clip in clips])
    report.count("falls in which the trunk is seen to tip", int((fallen & tips).sum()))
    report.add("those with an event", *by_subject(counts[fallen & tips] > 0, subjects[fallen & tips]))
    report.add("falls with exactly one", *by_subject(counts[fallen] == 1, subjects[fallen]))
    report.add("daily clips with an event", *by_subject(counts[~fallen] > 0, subjects[~fallen]))
    kinds = np.array([f"{clip.kind}, {clip.action}" for clip in clips])
    report.table(
        "with an event, by source",
        {f"{k} ({(kinds == k).sum()})": float((counts[kinds == k] > 0).mean()) for k in np.unique(kinds)},
    )
    return report


def _tips(clip: ActionRecording) -> bool:
    """True if the trunk is seen to lean by more than `LEANS` in some frame; else somebody else is shown, upright."""
    shoulders, hips = (clip.image[:, list(pair)].mean(axis=1) for pair in (SHOULDERS, HIPS))
    seen = clip.seen[:, [*SHOULDERS, *HIPS]].all(axis=1)
    along = (hips - shoulders)[seen]
    return bool((along[:, 1] < math.cos(LEANS) * np.linalg.norm(along, axis=1)).any())


def _falls(recogniser: ActionRecogniser, clip: ActionRecording) -> int:
    """The number of falls that begin in a clip."""
    stream = alone(clip)
    [answers] = watch(recogniser, [stream])
    perceiver = build(Settings(appear_after=0.0))
    memory = perceiver.new_memory()
    begun = 0
    for frame, (points, chances) in enumerate(zip(stream.keypoints, answers, strict=True)):
        seen = points[points[:, 2] > 0]
        if not len(seen):
            continue
        box = np.concatenate([seen[:, :2].min(axis=0), seen[:, :2].max(axis=0)]).astype(np.float32)[None]
        body = Detections(box, np.ones(1, np.float32))
        actions = Actions(recogniser.labels, [Action("1", chances, frame, True)])
        sight = Sight("", SIZE, body, ["1"], poses=Poses(body, points[None], tracks=["1"]), actions=actions)
        scene = perceiver(sight, memory, 1 + frame / stream.rate)
        begun += sum(event.kind == FALL and event.begins for event in scene.events)
    return begun
