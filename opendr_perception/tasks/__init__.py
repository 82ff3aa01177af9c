"""One folder per capability: arrays in, dataclasses out; no ROS, no torch."""
