"""From node classes to a running process that stops cleanly."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions

from opendr_perception.ros import shared_memory
from opendr_perception.ros.managed import ManagedNode


def main(*node_classes: type[ManagedNode]) -> NoReturn:
    """The whole of an executable: run the nodes with the arguments of the command line, then exit."""
    sys.exit(run(node_classes, sys.argv))


def run(node_classes: Sequence[type[ManagedNode]], arguments: Sequence[str]) -> int:
    """Run nodes in one process until SIGINT or SIGTERM.

    Nodes with `autostart` are configured and activated first. A node that fails stays, so that it can be tried again
    through its lifecycle services; when none of them could start there is nothing to wait for.

    Returns:
        The exit status: 0 after a signal, 1 when no node could start or the executor failed.
    """
    choose_transport()
    nodes: list[ManagedNode] = []
    try:
        # No handlers of rclpy: they would invalidate the context before the nodes have stopped what they drive.
        rclpy.init(args=list(arguments), signal_handler_options=SignalHandlerOptions.NO)
        with _on_stop_signal(_interrupt):  # loading models takes seconds: do not make the user wait for that
            nodes.extend(node_class() for node_class in node_classes)
            shared_memory.make_private()
            started = [not node.params.autostart or node.start() for node in nodes]
        return _spin(nodes) if any(started) else 1
    except KeyboardInterrupt:
        return 0
    except Exception as error:  # noqa: BLE001 - e.g. a parameter of the wrong type: one line, not a traceback
        print(f"{Path(sys.argv[0]).stem}: {error}", file=sys.stderr)
        return 1
    finally:
        for node in nodes:
            node.close()
        rclpy.try_shutdown()


def choose_transport() -> None:
    """Let Fast DDS carry images, unless the user has chosen a profile or transport."""
    chosen = {"FASTDDS_DEFAULT_PROFILES_FILE", "FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_BUILTIN_TRANSPORTS"}
    if chosen.isdisjoint(os.environ):
        os.environ["FASTDDS_DEFAULT_PROFILES_FILE"] = str(share_directory() / "config" / "fastdds.xml")
    shared_memory.prepare(os.environ)


def keep_to_ourselves() -> None:
    """Let neither other robots nor a second program hear this one, unless the user has chosen where to talk."""
    choose_transport()
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    os.environ.setdefault("ROS_DOMAIN_ID", str(1 + os.getpid() % 100))


def share_directory() -> Path:
    """`share/opendr_perception` of the installation that this file belongs to."""
    prefixes = (folder for folder in Path(__file__).parents if (folder / "share" / "opendr_perception").is_dir())
    prefix = next(prefixes, None)
    if prefix is None:
        raise FileNotFoundError(f"no share/opendr_perception above {__file__}: the package is not installed")
    return prefix / "share" / "opendr_perception"


def _spin(nodes: Sequence[ManagedNode]) -> int:
    """Spin in a second thread while this one waits for a signal: Python handles signals in the main thread only."""
    executor = SingleThreadedExecutor()
    for node in nodes:
        executor.add_node(node)
    stop = threading.Event()
    failures: list[Exception] = []

    def spin() -> None:
        try:
            executor.spin()
        except Exception as error:  # noqa: BLE001 - raised again by the main thread
            failures.append(error)
        finally:
            stop.set()

    thread = threading.Thread(target=spin, name="executor", daemon=True)
    with _on_stop_signal(lambda *_: stop.set()):
        thread.start()
        stop.wait()
    executor.shutdown()
    thread.join()
    if failures:
        raise failures[0]
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextmanager
def _on_stop_signal(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    previous = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, old in previous.items():
            signal.signal(number, old)
