"""Layout of the viewer that is shipped: cameras at the left; what people do, space and health at the right."""

from __future__ import annotations

from collections.abc import Sequence

from rerun import blueprint as rrb


def layout(cameras: Sequence[str]) -> rrb.Blueprint:
    """The blueprint for these cameras, each a path of images."""
    rows = [rrb.Spatial2DView(origin=camera, name=camera.removeprefix("cameras/")) for camera in cameras]
    plane = rrb.VisualBounds2D(x_range=[-1.1, 1.1], y_range=[-1.1, 1.1])
    people = rrb.Vertical(
        rrb.StateTimelineView(origin="/", contents=["/actions/**", "/emotions/**", "/events/**"], name="people"),
        rrb.Horizontal(
            rrb.Spatial3DView(origin="/space", name="space"),
            rrb.Spatial2DView(origin="/mood", name="valence (right), arousal (up)", visual_bounds=plane),
        ),
        rrb.Horizontal(
            rrb.TimeSeriesView(origin="/age", name="age of results, s"),
            rrb.TimeSeriesView(origin="/drops", name="images left out"),
        ),
    )
    return rrb.Blueprint(
        rrb.Horizontal(rrb.Grid(*rows), people, column_shares=[3, 2]),
        rrb.BlueprintPanel(state="hidden"),
        rrb.SelectionPanel(state="hidden"),
        rrb.TimePanel(state="collapsed"),
    )
