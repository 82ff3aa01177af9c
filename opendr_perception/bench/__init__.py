"""Measured comparisons with peers."""
