"""The simulated world: people, rooms, a robot with a camera."""

__all__ = [
    "model",
    "people",
    "portraits",
    "rendering",
    "robot",
    "scene",
    "talking",
    "webots",
    "world",
]
