"""Benchmarks of expressions and emotions."""
