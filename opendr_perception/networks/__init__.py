"""One file per published or shipped network, built from streaming blocks."""

__all__ = [
    "bag_of_features",
    "channels",
    "checkpoints",
    "co_transformer",
    "gates",
    "human_presence",
    "lightweight_openpose",
    "sound",
]
