"""Training of the action network on simulated skeletons."""
