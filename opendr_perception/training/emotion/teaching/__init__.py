"""Teach expressions from a few images of faces: labels and images in, a model for the node out."""

from opendr_perception.training.emotion.teaching.command import teach_expressions
from opendr_perception.training.emotion.teaching.faces import LabelledCrop, crops_of, gather
from opendr_perception.training.emotion.teaching.learn import (
    ExpressionLesson,
    ExpressionSource,
    learn,
    read_source,
    write,
)

__all__ = [
    "ExpressionLesson",
    "ExpressionSource",
    "LabelledCrop",
    "crops_of",
    "gather",
    "learn",
    "read_source",
    "teach_expressions",
    "write",
]
