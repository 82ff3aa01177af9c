"""Execution of networks: onnxruntime sessions with explicit state."""

__all__ = [
    "export",
    "quantise",
    "session",
    "stateful",
]
