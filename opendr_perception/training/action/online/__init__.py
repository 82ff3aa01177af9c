"""Online detection of actions, on features of the action network."""

__all__ = ["compare", "data", "export", "train"]
