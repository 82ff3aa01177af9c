"""Networks for facial expressions, and for emotions over time."""

__all__ = [
    "compact",
    "esr",
    "ma_net",
    "nac_tcn",
    "temporal",
]
