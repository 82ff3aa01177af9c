"""Teach actions from a few recordings: labels and poses in, a model for the node out."""

from opendr_perception.training.action.teaching.command import teach_actions
from opendr_perception.training.action.teaching.learn import Lesson, TeachingPlan, learn
from opendr_perception.training.action.teaching.source import SourceModel, read_source
from opendr_perception.training.action.teaching.trials import densities, third_person

__all__ = [
    "Lesson",
    "SourceModel",
    "TeachingPlan",
    "densities",
    "learn",
    "read_source",
    "teach_actions",
    "third_person",
]
