"""Files of results: rosbag2 in MCAP, lines of JSON, tables of Parquet."""

from opendr_perception.process.sinks.base import Sink, Source
from opendr_perception.process.sinks.choice import EXTRA, check_parquet, open_all

__all__ = ["EXTRA", "Sink", "Source", "check_parquet", "open_all"]
