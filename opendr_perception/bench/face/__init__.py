"""Benchmarks of face detection and recognition."""
