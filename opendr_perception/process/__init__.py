"""Recordings to results: every frame, by what the nodes use, on one core or on many."""

from opendr_perception.process.cluster import Ray
from opendr_perception.process.commands import process, query
from opendr_perception.process.executors import Executor, Processes, UnitOutcome, in_process
from opendr_perception.process.order import process_recordings
from opendr_perception.process.request import ProcessError, Request
from opendr_perception.process.run import UnitReport

__all__ = [
    "Executor",
    "ProcessError",
    "Processes",
    "Ray",
    "Request",
    "UnitOutcome",
    "UnitReport",
    "frames",
    "in_process",
    "inventory",
    "pipeline",
    "process",
    "process_recordings",
    "query",
    "request",
    "stage",
]
