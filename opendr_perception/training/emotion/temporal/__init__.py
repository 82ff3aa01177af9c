"""Training of networks for emotions over time."""
