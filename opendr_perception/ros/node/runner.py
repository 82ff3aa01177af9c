"""From node classes to a running process that stops cleanly."""

from __future__ import annotations

import dataclasses
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import rclpy
from rclpy.signals import SignalHandlerOptions

from opendr_perception.ros.node import shared_memory
from opendr_perception.ros.node.executor import ExecutorThread, GuardedExecutor
from opendr_perception.ros.node.managed import ManagedNode
from opendr_perception.ros.node.overrides import undeclared
from opendr_perception.ros.node.signals import StopSignals
from opendr_perception.tasks.imaging import is_utf8, printable

PATIENCE = 2.0
"""Seconds that a callback has to end when the process stops; whatever drives stands still before."""
LAST_MOMENT = 0.2
"""Seconds that threads which were told to end still have, all together."""


def main(*node_classes: type[ManagedNode]) -> NoReturn:
    """The whole of an executable: run the nodes with the arguments of the command line, then exit."""
    sys.exit(run(node_classes, sys.argv))


def run(node_classes: Sequence[type[ManagedNode]], arguments: Sequence[str]) -> int:
    """Run nodes in one process, which is to end afterwards, until a signal asks it to (`signals.STOPPING`).

    Nodes with `autostart` are configured and activated first. A node that fails stays, so that it can be tried again
    through its lifecycle services.

    Returns:
        The exit status: 0 after a signal, 1 when a node could not be made, or the executor failed.
    """
    if not all(map(is_utf8, arguments)):
        wrong = next(argument for argument in arguments if not is_utf8(argument))
        print(f"{Path(sys.argv[0]).stem}: {printable(wrong)}: ROS takes no names that are not UTF-8", file=sys.stderr)
        return 1
    choose_transport()
    signals = StopSignals()
    nodes: list[ManagedNode] = []
    try:
        # No handlers of rclpy: they would invalidate the context before the nodes have stopped what they drive.
        rclpy.init(args=list(arguments), signal_handler_options=SignalHandlerOptions.NO)
        with signals.interrupting():  # loading models takes seconds: do not make the user wait for that
            for node_class in node_classes:
                nodes.append(node_class(shares=shared_cores(node_class, node_classes)))
            shared_memory.make_private()
            for node in nodes:
                if node.params.autostart:
                    node.start()
        for problem in undeclared(nodes):
            nodes[0].get_logger().warning(problem)
        _spin_until_asked(nodes, signals)
        status = 0 if signals.asked else 1
    except KeyboardInterrupt:
        status = 0
    except Exception as error:  # noqa: BLE001 - e.g. a parameter of the wrong type: one line, not a traceback
        print(f"{Path(sys.argv[0]).stem}: {error}", file=sys.stderr)
        status = 1
    signals.safe_to_kill = True  # nothing moves that is not spun
    for node in sorted(nodes, key=lambda node: not node.DRIVES):
        _attempt(node, node.close)
    rclpy.try_shutdown()
    signals.ignore()
    _leave_threads_behind(status)
    return status


def shared_cores(node_class: type[ManagedNode], node_classes: Sequence[type[ManagedNode]]) -> Mapping[str, int]:
    """Shares of a node among others in one process: each model gets its part of the cores, at least one thread.

    A model's threads wait for each other at every layer. When the models of several nodes each take all cores, they
    wait for threads that others keep from running.

    Args:
        node_class: that it is about; one that drives has all of them.
        node_classes: of the process.
    """
    takers = [each for each in node_classes if _takes_all_cores(each)]
    if node_class not in takers or len(takers) < 2:
        return {}
    return {"threads": max(1, len(os.sched_getaffinity(0)) // len(takers))}


def choose_transport() -> None:
    """Let Fast DDS carry images, unless the user has chosen a profile or transport."""
    chosen = {"FASTDDS_DEFAULT_PROFILES_FILE", "FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_BUILTIN_TRANSPORTS"}
    if chosen.isdisjoint(os.environ):
        os.environ["FASTDDS_DEFAULT_PROFILES_FILE"] = str(share_directory() / "config" / "fastdds.xml")
    shared_memory.prepare(os.environ)


def isolate_domain() -> None:
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


def _takes_all_cores(node_class: type[ManagedNode]) -> bool:
    return not node_class.DRIVES and any(
        (field.name, field.default) == ("threads", 0) for field in dataclasses.fields(node_class.Parameters)
    )


def _spin_until_asked(nodes: Sequence[ManagedNode], signals: StopSignals) -> None:
    """Spin each node in a thread while the main one waits: Python handles signals in the main thread only.

    Each node has an executor of its own: one that wakes up looks at all that its nodes have, about twenty things each,
    and would look at all nodes for an image of one; and no node waits for a callback of another.

    At the end whatever drives stands still, before anything else is stopped.
    """
    executors = []
    for node in sorted(nodes, key=lambda node: not node.DRIVES):
        executors.append(GuardedExecutor())
        executors[-1].add_node(node)

    def ended(error: Exception | None) -> None:
        signals.wake()  # first: nothing that follows may keep what drives from standing still
        if error:  # of the middleware: the process cannot go on
            print(f"{Path(sys.argv[0]).stem}: {error}", file=sys.stderr)

    threads = [ExecutorThread(each, ended) for each in executors]
    signals.wait()
    for node in nodes:
        _attempt(node, node.stand_still)
    signals.safe_to_kill = True
    deadline = time.monotonic() + PATIENCE
    for thread in threads:
        thread.close(max(0.0, deadline - time.monotonic()))


def _attempt(node: ManagedNode, action: Callable[[], None]) -> None:
    try:
        action()
    except BaseException as error:  # noqa: BLE001 - whatever it is, the other nodes have to stop too
        print(f"{node.NAME}: {type(error).__name__}: {error}", file=sys.stderr)


def _leave_threads_behind(status: int) -> None:
    """End the process here if a thread does not end: an interpreter that ends under native code crashes."""
    deadline = time.monotonic() + LAST_MOMENT
    while sum(thread.is_alive() for thread in threading.enumerate()) > 1:
        if time.monotonic() > deadline:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
        time.sleep(0.01)
