"""Faces: detection, head pose, embedding, identity, and the gallery of enrolled people."""
