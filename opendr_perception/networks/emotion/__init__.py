"""Networks for facial expressions, and for emotions over time."""

__all__ = [
    "audiovisual",
    "compact",
    "efficient_face",
    "esr",
    "ma_net",
    "nac_tcn",
    "temporal",
]
