"""Simulated bodies: their measures and motion; export of Lightweight OpenPose."""
