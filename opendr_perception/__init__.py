"""Independent nodes, and plain Python, that let a robot see people, and move to see them better.

    import opendr_perception as op

    poses = op.body.build()(image)  # (H, W, 3) uint8 BGR

Each capability (`people`, `body`, `face`, `emotion`, `actions`, `presence`) has `Settings` and `build`, which gives a
perceiver: see `opendr_perception.tasks.perceiver`. Nothing is loaded before it is used, and neither ROS nor torch is.
"""

import importlib
import typing

if typing.TYPE_CHECKING:
    from opendr_perception import zoo
    from opendr_perception.tasks import action as actions
    from opendr_perception.tasks import body, drawing, emotion, face, nms, people, presence
    from opendr_perception.tasks.imaging import Image, PinholeCamera, read_image
    from opendr_perception.tasks.perceiver import Moment, Perceiver
    from opendr_perception.tasks.recordings import open_source

__all__ = [
    "Image",
    "Moment",
    "Perceiver",
    "PinholeCamera",
    "actions",
    "body",
    "drawing",
    "emotion",
    "face",
    "nms",
    "open_source",
    "people",
    "presence",
    "read_image",
    "zoo",
]

_HOMES = {
    "Image": "tasks.imaging",
    "Moment": "tasks.perceiver",
    "Perceiver": "tasks.perceiver",
    "PinholeCamera": "tasks.imaging",
    "open_source": "tasks.recordings",
    "read_image": "tasks.imaging",
}
"""Modules of what is no module itself."""
_FOLDERS = {"actions": "action"}
"""`opendr_perception.action` holds the ROS actions."""


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    return importlib.import_module(
        f"{__name__}.{name}" if name == "zoo" else f"{__name__}.tasks.{_FOLDERS.get(name, name)}"
    )


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
