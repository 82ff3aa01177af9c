"""Training of the networks for non-maximum suppression."""
