"""Sounds that are named: labelled recordings, and how often a classifier is right."""

from opendr_perception.evaluate.sound.recognition import evaluate_sounds
from opendr_perception.evaluate.sound.recordings import (
    AFTER,
    DIGITS,
    RATE,
    LabelledSound,
    between_silences,
    groups,
    read_digits,
    read_esc,
    read_folder,
    read_genres,
    read_scenes,
)

__all__ = [
    "AFTER",
    "DIGITS",
    "RATE",
    "LabelledSound",
    "between_silences",
    "evaluate_sounds",
    "groups",
    "read_digits",
    "read_esc",
    "read_folder",
    "read_genres",
    "read_scenes",
]
