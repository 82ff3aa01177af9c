"""Training of the networks for human presence."""
