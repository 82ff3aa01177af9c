"""Overlays for Foxglove, over its own WebSocket: images, annotations, space, and what people do as JSON."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import foxglove
from foxglove import channels
from foxglove import messages as m
from opendr_perception.ros.outputs import image_annotations
from opendr_perception.tasks.drawing import colour_of
from opendr_perception.view.overlay import Overlay

KIND = m.PointsAnnotationType
KINDS = {int(each): each for each in (KIND.Points, KIND.LineLoop, KIND.LineList)}


class _LibraryTypes:
    """Messages of Foxglove's library, whose kinds of lines are no numbers."""

    def __init__(self) -> None:
        self.ImageAnnotations: Callable[..., object] = m.ImageAnnotations
        self.TextAnnotation: Callable[..., object] = m.TextAnnotation
        self.Point2: Callable[..., object] = m.Point2
        self.Color: Callable[..., object] = m.Color
        self.PointsAnnotation: Callable[..., object] = _points


def _points(type: int, **fields: object) -> object:
    return m.PointsAnnotation(type=KINDS[type], **fields)


class FoxgloveSink:
    """Serves ws://127.0.0.1:PORT, and asks `looked_at` whether anybody looks."""

    def __init__(self, port: int, looked_at: Callable[[], bool]) -> None:
        self.looked_at = looked_at
        self._server = foxglove.start_server(name="opendr_perception", host="127.0.0.1", port=port)
        self._images = cache(channels.CompressedImageChannel)
        self._drawings = cache(channels.ImageAnnotationsChannel)
        self._spaces = cache(channels.SceneUpdateChannel)

    def write(self, overlay: Overlay) -> None:
        stamp, topic = m.Timestamp(*divmod(overlay.stamp, 10**9)), f"{overlay.stream}/{overlay.name}"
        if overlay.jpeg is not None:
            image = m.CompressedImage(timestamp=stamp, frame_id="camera", data=overlay.jpeg, format="jpeg")
            self._images(topic).log(image, log_time=overlay.stamp)
        if overlay.shapes is not None:
            drawing = image_annotations(_LibraryTypes(), stamp, overlay.shapes)
            self._drawings(f"{topic}/annotations").log(drawing, log_time=overlay.stamp)
        if overlay.people is not None:
            balls = [_ball(each.track, each.place) for each in overlay.people]
            entity = m.SceneEntity(timestamp=stamp, frame_id="people", id="people", spheres=balls)
            self._spaces(f"{topic}/space").log(m.SceneUpdate(entities=[entity]), log_time=overlay.stamp)
        if overlay.states or overlay.plots:
            foxglove.log(topic, {**(overlay.states or {}), **overlay.plots}, log_time=overlay.stamp)

    def close(self) -> None:
        self._server.stop()


def _colour(track: str) -> m.Color:
    red, green, blue = (value / 255 for value in colour_of(track))
    return m.Color(r=red, g=green, b=blue, a=1.0)


def _ball(track: str, place: tuple[float, ...]) -> m.SpherePrimitive:
    x, y, z = place
    pose = m.Pose(position=m.Vector3(x=x, y=y, z=z), orientation=m.Quaternion(x=0.0, y=0.0, z=0.0, w=1.0))
    return m.SpherePrimitive(pose=pose, size=m.Vector3(x=0.4, y=0.4, z=0.4), color=_colour(track))
