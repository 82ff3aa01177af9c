"""The line between robots and hub, by real Zenoh: what is sent, in what order, and what is left out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from opendr_perception.ros.fleet import FleetError, Hub, Sender, check_name, link, read_rates
from opendr_perception.ros.fleet.link import Envelope
from opendr_perception.view import sockets

HERE = Path(__file__).parent
LIMIT = 30.0


def until(seen: Callable[[], Any], what: str, limit: float = LIMIT) -> Any:
    deadline = time.monotonic() + limit
    while not (found := seen()):
        assert time.monotonic() < deadline, f"not within {limit:g} s: {what}"
        time.sleep(0.005)
    return found


def counts(hub: Hub, robot: str, topic: str) -> tuple[int, int]:
    """Messages that came and that were left out."""
    for each in hub.status():
        if each.name == robot and topic in each.topics:
            return each.topics[topic].count, each.topics[topic].left_out
    return 0, 0


# --- without Zenoh ----------------------------------------------------------------------------------------------------


def test_without_zenoh_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zenoh", None)
    with pytest.raises(FleetError, match=r"eclipse-zenoh is not installed: pip install 'opendr_perception\[fleet\]'"):
        Hub("tcp/127.0.0.1:7447")


@pytest.mark.parametrize("name", ["", "a/b", "*", "-a", "a" * 65, "é"])
def test_names_that_are_no_part_of_a_key_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="a name has letters"):
        check_name(name)


@pytest.mark.parametrize("rate", ["poses", "poses:", "poses:x", "poses:-1", "images:1", "poses:nan"])
def test_what_is_no_rate_is_refused(rate: str) -> None:
    with pytest.raises(ValueError, match="write topic:Hz"):
        read_rates(10.0, [rate])


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"run": 1, "number": 1, "round": 1, "last": true}', b"\xff"])
def test_what_is_no_envelope_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        Envelope.decode(data)


# --- with it ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def zenoh() -> Any:
    return pytest.importorskip("zenoh", reason="eclipse-zenoh is not installed: make test-extras")


@pytest.fixture
def endpoint(zenoh: Any) -> str:
    return f"tcp/127.0.0.1:{sockets.free_port()}"


@pytest.fixture
def opened() -> Iterator[Callable[[Any], Any]]:
    with ExitStack() as stack:

        def keep(each: Any) -> Any:
            stack.callback(each.close)
            return each

        yield keep


@pytest.mark.extra
def test_a_hub_that_comes_late_gets_the_newest_and_events_first(
    endpoint: str, opened: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = opened(Sender("robot", endpoint, read_rates(10.0, ["faces:0"])))
    for number in range(30):
        sender.offer("front/persons", b"persons %d" % number)
        sender.offer("front/faces", b"not sent")
        sender.offer("front/events", b"event %d" % number)
    came: list[tuple[str, bytes]] = []
    note = Hub._note

    def noted(hub: Hub, name: str, topic: str, envelope: Envelope, data: bytes) -> None:
        came.append((topic, data))
        note(hub, name, topic, envelope, data)

    monkeypatch.setattr(Hub, "_note", noted)
    hub = opened(Hub(endpoint))
    until(lambda: len(came) >= 21, "20 events and one message")
    assert came == [("front/events", b"event %d" % k) for k in range(10, 30)] + [("front/persons", b"persons 29")]
    assert sender.connected and sender.left_out == 90 - 21
    assert hub.take_fresh() == [("robot", "front/events", b"event 29"), ("robot", "front/persons", b"persons 29")]
    assert hub.take_fresh() == []


@pytest.mark.extra
def test_what_is_left_out_is_counted_exactly_and_rates_are_kept(endpoint: str, opened: Callable[[Any], Any]) -> None:
    hub = opened(Hub(endpoint))
    sender = opened(Sender("robot", endpoint, read_rates(100.0, ["poses:2"])))
    until(lambda: sender.connected, "the hub")
    begin = time.monotonic()
    for number in range(60):
        sender.offer("persons", b"%d" % number)
        sender.offer("poses", b"%d" % number)
        time.sleep(0.02)
    took = time.monotonic() - begin
    until(lambda: sum(counts(hub, "robot", "persons")) == 60, "the last message")
    until(lambda: sum(counts(hub, "robot", "poses")) == 60, "the last message")
    assert counts(hub, "robot", "persons")[0] > 20
    assert counts(hub, "robot", "poses")[0] <= 2 * took + 3


@pytest.mark.extra
def test_a_hub_that_starts_again_is_found_and_brings_no_flood(endpoint: str, opened: Callable[[Any], Any]) -> None:
    first = Hub(endpoint)
    sender = opened(Sender("robot", endpoint, read_rates(100.0, [])))
    until(lambda: sender.connected, "the hub")
    sender.offer("persons", b"before")
    until(lambda: counts(first, "robot", "persons") == (1, 0), "a message")
    first.close()
    until(lambda: not sender.connected, "that it is gone")
    for number in range(100):
        sender.offer("persons", b"%d" % number)
    hub = opened(Hub(endpoint))
    until(lambda: counts(hub, "robot", "persons")[0], "the newest")
    sender.offer("persons", b"after")
    until(lambda: sum(counts(hub, "robot", "persons")) == 2, "the next one")
    assert [data for _, _, data in hub.take_fresh()] == [b"after"]


@pytest.mark.extra
def test_what_is_not_of_ours_is_counted_and_harms_nobody(endpoint: str, opened: Callable[[Any], Any]) -> None:
    hub = opened(Hub(endpoint))
    session = opened(link.connect("peer", endpoint))
    good = Envelope("run", 1, 1, True).encode()
    until(lambda: session.put("opendr/robot/persons", b"x", attachment=good) or hub.status(), "a message")
    before = hub.refused
    session.put("opendr/robot/persons", b"x")
    session.put("opendr/robot/persons", b"x", attachment=b"\xff")
    session.put("opendr/robot/camera", b"x", attachment=good)
    session.put("opendr/-/persons", b"x", attachment=good)
    session.put("opendr/robot/persons", bytes(link.MOST_BYTES + 1), attachment=good)
    until(lambda: hub.refused == before + 5, "that they are refused")
    [robot] = hub.status()
    assert list(robot.topics) == ["persons"]


@pytest.mark.extra
def test_an_endpoint_that_is_none_is_refused(zenoh: Any) -> None:
    with pytest.raises(FleetError, match="smoke/signals"):
        Hub("smoke/signals")


class Program:
    """A program of this folder, which prints lines of JSON."""

    def __init__(self, *command: str) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/")
        assert self.line() == "ready"

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def tell(self, text: str = "") -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{text}\n")
        self.process.stdin.flush()

    def end(self) -> list[dict[str, Any]]:
        """All that it has said."""
        out, _ = self.process.communicate("\n", timeout=60)
        return [json.loads(line) for line in out.splitlines()]


@contextmanager
def program(name: str, *arguments: str, namespace: str = "") -> Iterator[Program]:
    inside = ("ip", "netns", "exec", namespace) if namespace else ()
    started = Program(*inside, sys.executable, "-P", str(HERE / name), *arguments)
    try:
        yield started
    finally:
        started.process.kill()
        started.process.wait()


@pytest.mark.extra
def test_twenty_robots_take_little_of_two_cores(endpoint: str) -> None:
    with program("hub.py", endpoint) as hub, program("robots.py", endpoint, "20", "10", "8") as robots:
        said = json.loads(robots.line())
        last = hub.end()[-1]
    share = (said["cpu"] + last["cpu"]) / 8 / 2
    print(f"{20} robots at 10 Hz: {100 * share:.0f} % of two cores, {said['sent']} messages")
    assert share <= 0.3
    assert len(last["told"]) == 20
    assert all(count > 0.5 * said["offered"] for topics in last["told"].values() for count, _ in topics.values())


@pytest.fixture
def machines() -> Iterator[tuple[str, str]]:
    """Two network namespaces."""
    if os.geteuid() or not Path("/dev/net/tun").exists() or not shutil.which("ip"):
        pytest.skip("network namespaces need root, /dev/net/tun and ip")
    found = tuple(f"opendr-{os.getpid()}-{name}" for name in ("robot", "hub"))
    try:
        for name in found:
            if subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode:
                pytest.skip("there are no network namespaces here")
        yield found[0], found[1]
    finally:
        for name in found:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


@pytest.mark.extra
@pytest.mark.parametrize(
    "outage", [1.5, 8.0, pytest.param(30.0, marks=pytest.mark.soak)], ids=["brief", "longer than the lease", "long"]
)
def test_a_bad_line_brings_no_old_messages_after_an_outage(
    zenoh: Any, machines: tuple[str, str], outage: float
) -> None:
    robot, hub = machines
    endpoint = "tcp/10.77.0.2:7447"
    with (
        program("lossy_link.py", robot, hub, "0.2", "0.05") as line,
        program("hub.py", endpoint, namespace=hub) as taker,
        program("robots.py", endpoint, "1", "10", f"{outage + 14:g}", namespace=robot) as sender,
    ):
        first = json.loads(taker.line())
        time.sleep(3.0)
        line.tell("down")
        assert line.line() == "down"
        time.sleep(outage)  # nothing happens, which cannot be awaited
        up = time.time()
        line.tell("up")
        assert line.line() == "up"
        offered = json.loads(sender.line())["offered"]
        messages = [first, *taker.end()]
    last = messages.pop()
    after = [each for each in messages if each["at"] > up]
    old = [each for each in after if each["at"] - each["age"] < up - 0.5]
    print(f"after {outage:g} s: {len(after)} messages, {len(old)} old; the first after {after[0]['at'] - up:.1f} s")
    assert len(old) <= 1
    assert len(after) > 5, "it goes on"
    [[count, left_out]] = last["told"]["robot0"].values()
    assert len(messages) == count
    # of 3 s: a packet that is lost twice is repeated after more than a second
    assert offered - 30 <= count + left_out <= offered, "but those of the last moment, which are on their way"
