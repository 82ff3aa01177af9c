"""One file per published or shipped network, built from streaming blocks."""

__all__ = [
    "checkpoints",
    "human_presence",
    "lightweight_openpose",
]
