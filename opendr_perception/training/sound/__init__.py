"""Training of networks that hear."""
