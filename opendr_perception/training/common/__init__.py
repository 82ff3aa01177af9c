"""The training loop, checkpoints, and files of weights."""

__all__ = [
    "checkpoint",
    "loop",
    "muon",
    "onnx_file",
    "weights",
]
