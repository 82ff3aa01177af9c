"""Sampled signals: their order in time, their rate, where they come from."""
