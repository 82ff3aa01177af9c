"""Data that face recognition comes with."""
