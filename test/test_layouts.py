"""The layouts for RViz and Foxglove show topics that the nodes publish, of the types that their displays take."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import yaml

from opendr_perception.ros.perception.node import PerceptionNode

ROOT = Path(__file__).parents[1]
NODES = runpy.run_path(str(ROOT / "tools" / "document_nodes.py"))["node_classes"]()
DISPLAYS = {"MarkerArray": "MarkerArray", "PoseArray": "PoseArray", "PointCloud2": "PointCloud2", "Image": "Image"}
"""The message type of each of RViz's displays."""


def published() -> dict[str, str]:
    """The type of each further topic of the nodes."""
    found = {}
    for name, node in NODES.items():
        if issubclass(node, PerceptionNode):
            found[f"/{name}/image"] = "Image"
            found |= {f"/{name}/{extra.topic}": extra.type.partition("/")[2] for extra in node.OUTPUTS}
    return found


def test_rviz_shows_what_people_publishes() -> None:
    manager: dict[str, Any] = yaml.safe_load((ROOT / "rviz" / "people.rviz").read_text())["Visualization Manager"]
    topics = {
        display["Topic"]["Value"]: display["Class"].partition("/")[2]
        for display in manager["Displays"]
        if "Topic" in display
    }
    assert {topic: DISPLAYS[kind] for topic, kind in topics.items()} == {topic: published()[topic] for topic in topics}
    assert len(topics) == 4


def test_foxglove_shows_what_the_nodes_publish_in_panels_that_are_laid_out() -> None:
    layout = json.loads((ROOT / "foxglove" / "people.json").read_text())
    image, space = layout["configById"]["Image!people"], layout["configById"]["3D!people"]
    assert {published()[topic] for topic in image["imageMode"]["annotations"]} == {"ImageAnnotations"}
    assert all(topic in published() for topic in space["topics"])

    def panels(part: Any) -> set[str]:
        return {part} if isinstance(part, str) else panels(part["first"]) | panels(part["second"])

    assert panels(layout["layout"]) == set(layout["configById"])
