"""Ids of people on films: whoever comes back is one person, also where labels give another id."""

from __future__ import annotations

import numpy as np

from opendr_perception.evaluate.people.scene import WAYS, SceneWatcher, joined
from opendr_perception.evaluate.people.sets import LabelledPeople
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.nms import Detections

BOX = np.array([[30.0, 20, 60, 110]], np.float32)
NOBODY = Detections(BOX[:0], np.zeros(0, np.float32))


def test_ids_of_one_person_are_joined() -> None:
    people = LabelledPeople(np.zeros((3, 4)), np.array([1, 19, 7]), np.zeros(3, bool))
    assert joined(people, "pets09_s2l1").ids.tolist() == [1, 1, 7]
    assert joined(people, "another set").ids.tolist() == [1, 19, 7]


def test_only_the_memory_knows_who_comes_back() -> None:
    pixels = np.full((120, 90, 3), 128, np.uint8)
    pixels[20:60, 30:60], pixels[60:110, 30:60] = (0, 0, 200), (200, 60, 0)
    seen = {}
    for name, settings in WAYS.items():
        watcher = SceneWatcher(settings)
        for number in range(80):
            here = not 20 <= number < 60
            found = Detections(BOX, np.ones(1, np.float32)) if here else NOBODY
            tracks = ["before" if number < 20 else "after"] if here else []
            watcher.show(number, 1 + number / 10, found, tracks, Image(pixels, "bgr8"))
        seen[name] = (watcher.followed[19][1], watcher.followed[79][1])
    before, after = seen["people"]
    assert before == after != []
    before, after = seen["people without memory"]
    assert before != after
