"""Files of results: rosbag2 in MCAP, lines of JSON, tables of Parquet, files for rerun."""

from opendr_perception.process.sinks.base import ResultSource, Sink
from opendr_perception.process.sinks.choice import EXTRA, check, open_all

__all__ = ["EXTRA", "ResultSource", "Sink", "check", "open_all"]
