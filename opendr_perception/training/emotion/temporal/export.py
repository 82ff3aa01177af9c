"""Write a trained temporal network of emotions as the model that the node loads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from opendr_perception.engine.export import export
from opendr_perception.networks.emotion.temporal import AffectNetwork
from opendr_perception.tasks.emotion import evidence


def export_affect(network: AffectNetwork, path: Path, labels: Sequence[str]) -> None:
    """Export one step of the network, with its labels."""
    export(network, path, metadata={"labels": json.dumps(list(labels)), "evidence_version": str(evidence.VERSION)})
