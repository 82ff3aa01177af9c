"""Continual inference: pure functions (frame, state) -> (output, state), on torch alone."""
