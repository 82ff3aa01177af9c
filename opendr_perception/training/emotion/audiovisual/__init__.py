"""Training of networks that tell emotions from voices and faces."""

__all__ = ["export"]
