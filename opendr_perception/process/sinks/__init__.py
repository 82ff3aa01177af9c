"""Files of results: rosbag2 in MCAP, lines of JSON, tables of Parquet."""

from opendr_perception.process.sinks.base import ResultSource, Sink
from opendr_perception.process.sinks.choice import EXTRA, check_parquet, open_all

__all__ = ["EXTRA", "ResultSource", "Sink", "check_parquet", "open_all"]
