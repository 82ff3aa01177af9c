"""Published weights of other formats as ONNX files."""
