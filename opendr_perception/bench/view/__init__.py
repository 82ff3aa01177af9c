"""Benchmarks of view control."""
