"""The node `fleet_bridge` over real topics and real Zenoh, and what shows its messages."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from opendr_perception.msg import Box, Person, PersonArray, PersonEvent

from opendr_perception.nodes.fleet_bridge import FleetBridge
from opendr_perception.ros.fleet import Hub
from opendr_perception.view import FleetListener, Overlay, fleet, sockets


def test_without_zenoh_it_names_what_to_install(
    graph: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "zenoh", None)
    graph.run(FleetBridge)
    assert graph.state(f"{graph.namespace}/fleet_bridge") == "unconfigured"
    assert "eclipse-zenoh is not installed: pip install" in capfd.readouterr().err


def test_without_zenoh_the_hub_ends_with_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "zenoh", None)
    assert fleet("tcp/127.0.0.1:7447", None, 0.0, as_json=True) == 1
    assert capsys.readouterr().err.startswith("error: eclipse-zenoh is not installed")


class Noting:
    """Sink that notes what it is given."""

    def __init__(self) -> None:
        self.overlays: list[Overlay] = []

    def looked_at(self) -> bool:
        return True

    def write(self, overlay: Overlay) -> None:
        self.overlays.append(overlay)

    def close(self) -> None:
        """There is nothing to finish."""


@pytest.mark.extra
def test_results_of_a_robot_come_to_hub_and_viewer(graph: Any) -> None:
    pytest.importorskip("zenoh", reason="eclipse-zenoh is not installed: make test-extras")
    endpoint = f"tcp/127.0.0.1:{sockets.free_port()}"
    hub, sink = Hub(endpoint), Noting()
    listener = FleetListener(hub, [sink])
    try:
        graph.run(FleetBridge, robot="cart", hub=endpoint, streams=["front"])
        person = Person(person_id="abc-1", name="Ada", visible=True, box=Box(x_max=30.0, y_max=60.0))
        messages = {
            "people": PersonArray(header=graph.header(2.5, "map"), people=[person]),
            "events": PersonEvent(header=graph.header(2.5, "map"), person_id="abc-1", kind="wave", begins=True),
        }
        for topic, message in messages.items():
            graph.publisher(type(message), f"front/{topic}").publish(message)
        graph.wait(lambda: hub.status() and len(hub.status()[0].topics) == 2, lambda: f"two topics: {hub.status()}")
        [robot] = hub.status()
        assert (robot.name, sorted(robot.topics)) == ("cart", ["front/events", "front/people"])
        listener.look()
        [overlay] = sink.overlays
        assert (overlay.stream, overlay.name, overlay.stamp) == ("/cart/front", "people", 2_500_000_000)
        assert [shape.name for shape in overlay.shapes or ()] == ["Ada"]
        graph.diagnosis("hub", "connected", sent=2)
    finally:
        hub.close()


@pytest.mark.extra
def test_the_command_tells_what_robots_see(graph: Any) -> None:
    pytest.importorskip("zenoh", reason="eclipse-zenoh is not installed: make test-extras")
    endpoint = f"tcp/127.0.0.1:{sockets.free_port()}"
    program = "import sys; sys.argv[0] = 'opendr-perception'; from opendr_perception.cli import main; main()"
    shown = graph.process(sys.executable, "-P", "-c", program, "fleet", "--listen", endpoint, "--json")
    shown.says("{}")
    graph.run(FleetBridge, robot="cart", hub=endpoint)
    people = [Person(person_id=f"abc-{k}", visible=True) for k in range(3)]
    graph.publisher(PersonArray, "people").publish(PersonArray(header=graph.header(2.5), people=people))
    shown.says('"people": 3')
    told = json.loads(next(line for line in shown.output.splitlines() if '"people": 3' in line))
    assert told["cart"]["received"] == {"people": 1}
    assert told["cart"]["left_out"] == 0


@pytest.mark.parametrize(
    ("parameters", "said"),
    [({"robot": "a/b"}, "a name has letters"), ({"rates": ["images:1"]}, "'images:1' is no rate")],
)
def test_what_cannot_be_is_refused_at_once(
    graph: Any, parameters: dict[str, Any], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    graph.run(FleetBridge, **parameters)
    assert graph.state(f"{graph.namespace}/fleet_bridge") == "unconfigured"
    assert said in capfd.readouterr().err
