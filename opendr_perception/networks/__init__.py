"""One file per published or shipped network, built from streaming blocks."""

__all__ = [
    "checkpoints",
    "co_transformer",
    "human_presence",
    "lightweight_openpose",
    "sound",
]
