"""Training of skeleton networks on clips of one action each, all by one protocol."""

__all__ = ["compare", "data", "layouts", "models", "train"]
