"""The simulated world: people, rooms, a robot with a camera."""

__all__ = [
    "footprints",
    "life",
    "model",
    "people",
    "portraits",
    "postures",
    "rendering",
    "robot",
    "scene",
    "talking",
    "webots",
    "world",
]
