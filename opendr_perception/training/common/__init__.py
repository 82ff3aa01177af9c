"""The training loop, checkpoints, and files of weights."""
