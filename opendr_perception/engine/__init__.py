"""How a network runs: onnxruntime sessions with explicit state."""

__all__ = [
    "export",
    "quantise",
    "session",
    "stateful",
]
