"""Makes whole images of interlaced films."""

from __future__ import annotations

import av
from av.filter import Graph
from av.video.frame import VideoFrame


class Deinterlacer:
    """Gives one whole image for both fields of an interlaced frame; others pass as they are.

    The fields were taken one after the other, and whoever moves is torn in lines. yadif (Niedermayer, FFmpeg) fills the
    lines of the later one from what is around them in place and time, which makes it one frame late.
    """

    def __init__(self) -> None:
        self._graph: Graph | None = None
        self._format: tuple[object, ...] = ()
        self._usable = True

    def __call__(self, frame: VideoFrame | None) -> list[VideoFrame]:
        """Take a frame, or None at the end; what is ready."""
        if frame is None:
            return self._end()
        kind = frame.width, frame.height, frame.format.name
        ready = self._end() if self._graph and kind != self._format else []
        if not self._graph and not (frame.interlaced_frame and self._usable):
            return [*ready, frame]
        try:
            if not self._graph:
                self._graph, self._format = _yadif(frame), kind
            self._graph.push(frame)
            return ready + self._pull()
        except av.FFmpegError:  # a format that it does not take: torn images are better than none
            self._graph, self._usable = None, False
            return [*ready, frame]

    def _end(self) -> list[VideoFrame]:
        ready = []
        if self._graph:
            self._graph.push(None)
            ready = self._pull()
        self._graph = None
        return ready

    def _pull(self) -> list[VideoFrame]:
        frames = []
        assert self._graph
        try:
            while True:
                pulled = self._graph.pull()
                assert isinstance(pulled, VideoFrame)
                frames.append(pulled)
        except (av.BlockingIOError, av.EOFError):
            return frames


def _yadif(frame: VideoFrame) -> Graph:
    graph = Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base, name="in"
    )
    graph.link_nodes(source, graph.add("yadif", "deint=interlaced"), graph.add("buffersink")).configure()
    return graph
