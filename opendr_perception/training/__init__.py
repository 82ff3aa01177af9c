"""Trainings of the weights that we ship: reproducible, resumable, with progress."""
