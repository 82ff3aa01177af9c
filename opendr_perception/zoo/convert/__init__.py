"""Published weights of other formats as ONNX files."""

__all__ = [
    "builder",
    "recipes",
]
