"""Benchmarks of pose estimation."""
