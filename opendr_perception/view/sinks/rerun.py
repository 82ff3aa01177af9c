"""Overlays for rerun: cameras, timelines, plots, space."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from math import cos, sin

import rerun as rr

from opendr_perception.tasks.drawing import colour_of
from opendr_perception.view.overlay import Changes, Dot, Overlay
from opendr_perception.view.sinks.layout import layout


class RerunSink:
    """Logs to a recording stream, and asks `looked_at` whether anybody looks."""

    def __init__(self, recording: rr.RecordingStream, looked_at: Callable[[], bool]) -> None:
        self.looked_at = looked_at
        self._to = recording
        self._cameras: list[str] = []
        self._changes = Changes()

    def write(self, overlay: Overlay) -> None:
        self._to.set_time("camera", timestamp=overlay.stamp * 1e-9)
        camera = f"cameras{overlay.stream or '/camera'}"
        if overlay.jpeg is not None:
            if camera not in self._cameras:
                self._cameras.append(camera)
                self._to.send_blueprint(layout(self._cameras))
            self._to.log(camera, rr.EncodedImage(contents=overlay.jpeg, media_type="image/jpeg"))
        if overlay.shapes is not None:
            names = _names([Dot(each.track, each.name, ()) for each in overlay.shapes])
            boxes = rr.Boxes2D(array=overlay.boxes, array_format=rr.Box2DFormat.XYXY, **names)
            self._to.log(f"{camera}/{overlay.name}", boxes)
            colours = [colour_of(track) for track, _ in overlay.limbs]
            limbs = rr.LineStrips2D([line for _, line in overlay.limbs], colors=colours)
            self._to.log(f"{camera}/{overlay.name}/limbs", limbs)
        timeline = f"{overlay.name}{overlay.stream}"
        for track, state in self._changes(timeline, overlay.states or {}).items():
            self._to.log(f"{timeline}/{track}", rr.StateChange(state=state))
        for path, value in overlay.plots.items():
            self._to.log(path, rr.Scalars(value))
        if overlay.moods is not None:
            places = [(dot.place[0], -dot.place[1]) for dot in overlay.moods]  # y points down in images
            self._to.log(f"mood{overlay.stream}/faces", rr.Points2D(places, radii=0.04, **_names(overlay.moods)))
        if overlay.people is not None:
            people = rr.Points3D([dot.place for dot in overlay.people], radii=0.15, **_names(overlay.people))
            self._to.log(f"space{overlay.stream}/people", people)
        if overlay.robot is not None:
            x, y, yaw = overlay.robot
            body = rr.Boxes3D(half_sizes=[(0.25, 0.2, 0.1)], centers=[(x, y, 0.1)], labels=["robot"])
            self._to.log("space/robot", body, rr.Arrows3D(vectors=[(cos(yaw), sin(yaw), 0)], origins=[(x, y, 0.1)]))

    def close(self) -> None:
        with suppress(RuntimeError):  # the server has ended before
            self._to.flush(timeout_sec=5.0)
        self._to.disconnect()


def _names(dots: Sequence[Dot]) -> dict[str, object]:
    return {"labels": [dot.name for dot in dots], "colors": [colour_of(dot.track) for dot in dots]}
