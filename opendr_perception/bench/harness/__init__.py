"""Figures, timing, and a camera that measures latency."""
