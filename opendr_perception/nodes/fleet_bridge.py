"""Node `fleet_bridge`: sends the results of this robot, never its images, to the hub of a fleet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus

from opendr_perception.ros.fleet import TOPICS, FleetError, Sender, check_name, default_name, read_rates, require_zenoh
from opendr_perception.ros.node import ManagedNode, NodeParameters, main, parameter, qos
from opendr_perception.ros.topics import names, reliability_parameter


@dataclass(frozen=True)
class Parameters(NodeParameters):
    """Parameters of `fleet_bridge`."""

    robot: str = parameter("", "Name of this robot in the fleet; empty for that of the machine.", read_only=True)
    hub: str = parameter(
        "tcp/127.0.0.1:7447",
        "Endpoint of the hub (`opendr-perception fleet`), as Zenoh writes it: tcp/HOST:PORT, or tls/HOST:PORT with "
        "certificates in `config`.",
        read_only=True,
    )
    config: str = parameter("", "File of Zenoh (JSON5), such as for certificates; empty for none.", read_only=True)
    streams: tuple[str, ...] = parameter(
        ("",), "Names of the cameras whose results are sent, as those of the other nodes.", read_only=True
    )
    rate: float = parameter(
        10.0, "Messages of each topic that are sent in a second at most.", minimum=0.1, maximum=1000.0, read_only=True
    )
    rates: tuple[str, ...] = parameter(
        ("",), "Other rates of some topics, such as poses:2 or faces:0, which is not sent.", read_only=True
    )
    qos_reliability: str = reliability_parameter()


class FleetBridge(ManagedNode):
    """events, people, persons, poses, actions, faces, emotions, ... -> the hub"""

    NAME = "fleet_bridge"
    Parameters = Parameters

    def __init__(self, **options: object) -> None:
        self._sender: Sender | None = None
        super().__init__(**options)

    def check_parameters(self, params: Any) -> None:
        check_name(params.robot or default_name())
        read_rates(params.rate, [each for each in params.rates if each])

    def configure(self) -> None:
        self.check_parameters(self.params)
        try:
            require_zenoh()
        except FleetError as error:
            raise ValueError(str(error)) from error

    def activate(self) -> None:
        params = self.params
        rates = read_rates(params.rate, [each for each in params.rates if each])
        config = Path(params.config).expanduser() if params.config else None
        try:
            self._sender = Sender(params.robot or default_name(), params.hub, rates, config)
        except FleetError as error:
            raise ValueError(str(error)) from error
        self.until_deactivate.callback(self._sender.close)
        for stream in params.streams:
            for topic, kind in TOPICS.items():
                self._subscribe(f"{stream}/{topic}".lstrip("/"), kind)

    def deactivate(self) -> None:
        self._sender = None

    def diagnose(self) -> Sequence[DiagnosticStatus]:
        if self._sender is None:
            return ()
        there = self._sender.connected
        level = DiagnosticStatus.OK if there else DiagnosticStatus.WARN
        text = "connected" if there else f"there is no hub at {self.params.hub}"
        return (self.status("hub", level, text, {"sent": self._sender.sent, "left_out": self._sender.left_out}),)

    def _subscribe(self, topic: str, kind: type) -> None:
        assert self._sender is not None  # `activate` has made it
        offer: Callable[[str, bytes], None] = self._sender.offer
        subscription = self.create_subscription(
            kind,
            names.resolve(self, topic),
            lambda data: offer(topic, bytes(data)),
            qos.newest(self.params.qos_reliability, 20 if topic.endswith("events") else 1),
            raw=True,  # it is handed on as it is
        )
        self.until_deactivate.callback(self.destroy_subscription, subscription)


if __name__ == "__main__":
    main(FleetBridge)
