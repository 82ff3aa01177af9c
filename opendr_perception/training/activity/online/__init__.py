"""Online detection of actions, on features of a video network; `training.action.online` trains it."""

__all__ = ["compare", "data", "export"]
