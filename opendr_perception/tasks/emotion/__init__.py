"""Expression, valence and arousal of faces, and their course over time."""
