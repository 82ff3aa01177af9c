"""Networks for measured signals: electrocardiograms and heart sound."""

__all__ = [
    "continual",
    "continual_bag",
    "residual",
]
