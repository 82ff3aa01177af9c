"""How a network runs: onnxruntime sessions with explicit state."""
