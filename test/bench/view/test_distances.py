"""Right names by angle and distance: scenes are where they are said to be, and what was measured is kept."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path

import pytest

from opendr_perception.bench.view.distances import ANGLES, DISTANCES, RangeAnswer, read, scene_in, table
from opendr_perception.sim.scene import distance, pan


@pytest.mark.parametrize("band", range(4))
@pytest.mark.parametrize("sector", range(4))
def test_a_scene_is_in_its_band_and_sector(band: int, sector: int) -> None:
    for seed in range(20):
        scene = scene_in(["a", "b"], seed, band, sector)
        person = scene.people[0].pose
        assert DISTANCES[band] <= distance(scene.robot, person) <= DISTANCES[band + 1]
        assert ANGLES[sector] <= abs(math.degrees(pan(scene.robot, person))) <= ANGLES[sector + 1] + 1e-9
        assert max(abs(scene.robot.x), abs(scene.robot.y)) < min(scene.room.length, scene.room.width) / 2 - 1
        assert scene_in(["a", "b"], seed, band, sector) == scene


def test_the_table_counts_each_cell_and_what_is_in_a_file_stays(tmp_path: Path) -> None:
    answers = [RangeAnswer("auto", k, k % 2, 3, k < 3, 2, 1.0, 5.0, 0, 0, "") for k in range(4)]
    file = tmp_path / "range.json"
    assert read(file) == []
    file.write_text(json.dumps([asdict(answer) for answer in answers]))
    assert read(file) == answers
    rows = table(answers).splitlines()
    assert rows[2] == "| auto | 1 to 4 m | - | - | - | 2 of 2 | 100 % (34 to 100) |"
    assert rows[3].startswith("| auto | 4 to 8 m | - | - | - | 1 of 2 | 50 %")
    assert rows[-1].startswith("| **auto** | all | - | - | - | 3 of 4 | 75 %")
