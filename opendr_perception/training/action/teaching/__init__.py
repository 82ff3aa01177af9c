"""Teach actions from a few recordings: labels and poses in, a model for the node out."""

from opendr_perception.training.action.teaching.command import teach_actions
from opendr_perception.training.action.teaching.learn import Lesson, Plan, learn
from opendr_perception.training.action.teaching.source import SourceModel, read_source

__all__ = [
    "Lesson",
    "Plan",
    "SourceModel",
    "learn",
    "read_source",
    "teach_actions",
]
