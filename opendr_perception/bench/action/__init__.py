"""Benchmarks of action recognition."""
