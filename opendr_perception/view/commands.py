"""opendr-perception view."""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import rclpy
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions

from opendr_perception.ros.fleet import FleetError, Hub
from opendr_perception.ros.node import choose_transport
from opendr_perception.view.fleet import FleetListener
from opendr_perception.view.listener import ViewListener
from opendr_perception.view.page import Page
from opendr_perception.view.recording import live, record
from opendr_perception.view.sinks import EXTRA, ViewError, ViewSink
from opendr_perception.view.sinks.quick import QuickSink
from opendr_perception.view.sockets import is_free, watchers

FLEET_EVERY = 0.1
"""Seconds after which what robots of a fleet have sent is shown."""


def view(
    file: Path | None,
    web: bool,
    port: int,
    foxglove: int,
    image: str,
    arguments: Sequence[str],
    hub: str = "",
    quick: bool = False,
) -> int:
    """Show what nodes publish, until a signal.

    Args:
        file: also written, for later; None for none.
        web: whether the page is only served, not opened here.
        port: of the page.
        foxglove: port for Foxglove; 0 for none.
        image: topic of a camera's images, below each namespace.
        arguments: for ROS.
        hub: endpoint of a fleet's hub, whose robots are shown too; '' for none.
        quick: the light page instead of rerun's.

    Returns:
        The exit status.
    """
    choose_transport()
    with ExitStack() as stack:
        try:
            url, sink = _quick(port) if quick else _rerun(port, stack)
            sinks = [sink]
            if file is not None:
                sinks.append(record(file))
            if foxglove:
                sinks.append(_foxglove(foxglove))
            for sink in sinks:
                stack.callback(sink.close)
            rclpy.init(args=[sys.argv[0], *arguments], signal_handler_options=SignalHandlerOptions.ALL)
            stack.callback(rclpy.try_shutdown)
            listener = ViewListener(sinks, image)
            stack.callback(listener.destroy_node)
            if hub:
                robots = Hub(hub, mode="peer")
                stack.callback(robots.close)
                listener.create_timer(
                    FLEET_EVERY, FleetListener(robots, sinks).look, clock=Clock(clock_type=ClockType.STEADY_TIME)
                )
        except (ViewError, FleetError, OSError, RuntimeError) as error:
            print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
            return 1
        print(f"open {url}", flush=True)
        if not web and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            webbrowser.open(url)
        executor = SingleThreadedExecutor()
        executor.add_node(listener)
        try:
            executor.spin()
        except (KeyboardInterrupt, ExternalShutdownException):
            pass
        finally:
            executor.shutdown()
    return 0


def _rerun(port: int, stack: ExitStack) -> tuple[str, ViewSink]:
    """Address and sink of rerun's page."""
    page = Page(port)
    stack.callback(page.close)
    return page.url, live(page.server_url, lambda: watchers(page.messages) > 0)


def _quick(port: int) -> tuple[str, ViewSink]:
    """Address and sink of the light page."""
    if not is_free(port):
        raise ViewError(f"port {port} is in use: choose another --port")
    sink = QuickSink(port)
    return sink.url, sink


def _foxglove(port: int) -> ViewSink:
    if not is_free(port):
        raise ViewError(f"port {port} is in use: choose another one for --foxglove")
    try:
        from opendr_perception.view.sinks.foxglove import FoxgloveSink
    except ImportError as error:
        raise ViewError(f"foxglove-sdk is not installed: {EXTRA}") from error
    return FoxgloveSink(port, partial(_looked_at, port))


def _looked_at(port: int) -> bool:
    return watchers(port) > 0
