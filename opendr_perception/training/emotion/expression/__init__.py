"""Training of networks for expressions in single images."""

__all__ = [
    "data",
    "onnx_model",
]
