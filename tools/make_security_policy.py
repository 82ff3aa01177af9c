"""Write config/sros2/policy.xml: what each node may publish, subscribe, serve and ask when ROS 2 security is on.

    python tools/make_security_policy.py
    python tools/make_security_policy.py --output robot.xml --nodes face_recognition view_control \\
        --together /robot/eyes --ros-args -r image_raw:=/front/image_raw -r cmd_vel:=people_vel

Nothing is listed by hand: each node is started, and asked what it has: as it is by default, and with compressed images,
simulated time and a head that looks. The models must be there (`make models`). The second form is for a robot whose
topics have other names, and for several nodes in one process, which share an enclave.
"""

from __future__ import annotations

import argparse
import importlib.util
import runpy
import sys
import tempfile
import wave
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import cv2
import numpy as np
import rclpy
from rclpy.action.graph import get_action_client_names_and_types_by_node, get_action_server_names_and_types_by_node
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import MultiDOFJointState

from opendr_perception.ros.node import ManagedNode, isolate_domain
from opendr_perception.ros.perception.node import PerceptionNode

ROOT = Path(__file__).parents[1]
FILE = ROOT / "config" / "sros2" / "policy.xml"
ENCLAVES = "/opendr_perception"
OPERATOR = "operator"
PROBE = "/probe"
"""Namespace in which nodes are looked at: what is in it is a relative name, all else an absolute one."""
VARIANTS: tuple[Mapping[str, Any], ...] = (
    {},
    {
        "use_sim_time": True,
        "image_transport": "compressed",
        "people": "topic",
        "packets": "foxglove",
        "find_speaker": True,
        "motion": "pan_tilt",
        "head": True,
    },
    {"motion": "pan_tilt", "head_command": "float64"},
    {"look_for": "actions"},
    {"look_for": "expressions"},
)
"""Parameters that decide which topics there are."""
RULES = {
    "publish": "topic",
    "subscribe": "topic",
    "reply": "service",
    "request": "service",
    "execute": "action",
    "call": "action",
}
"""Each permission of the policy's schema, version 0.2.0, and what it is about."""
INTRODUCTION = """
  Written by tools/make_security_policy.py from the running nodes. How to use it, and who may do what: docs/security.md
"""


@dataclass(frozen=True)
class Interfaces:
    """The names, relative or absolute, of what a node has, by permission (`RULES`)."""

    names: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of(self, rule: str) -> frozenset[str]:
        """Interfaces that one permission allows."""
        return self.names.get(rule, frozenset())

    def joined(self, other: Interfaces) -> Interfaces:
        """Union of the two."""
        return Interfaces({rule: self.of(rule) | other.of(rule) for rule in RULES})


def interfaces(node: Node) -> Interfaces:
    """Interfaces of a node at this moment: those it knows itself, and those of the graph. Parts of actions are left
    out."""
    known = {
        "publish": [each.topic_name for each in node.publishers],
        "subscribe": [each.topic_name for each in node.subscriptions],
        "reply": [each.service_name for each in node.services],
        "request": [each.service_name for each in node.clients],
    }
    queries: dict[str, Callable[[str, str], Iterable[tuple[str, list[str]]]]] = {
        "publish": node.get_publisher_names_and_types_by_node,
        "subscribe": node.get_subscriber_names_and_types_by_node,
        "reply": node.get_service_names_and_types_by_node,
        "request": node.get_client_names_and_types_by_node,
        "execute": lambda name, namespace: get_action_server_names_and_types_by_node(node, name, namespace),
        "call": lambda name, namespace: get_action_client_names_and_types_by_node(node, name, namespace),
    }
    names = {}
    for rule, ask in queries.items():
        # The graph alone knows what rclpy makes below Python; it forgets an endpoint now and then in a long process.
        found = [*known.get(rule, ()), *(name for name, _ in ask(node.get_name(), node.get_namespace()))]
        names[rule] = frozenset(_short(node, name) for name in found if "/_action/" not in name)
    return Interfaces(names)


def _short(node: Node, name: str) -> str:
    own, around = f"{node.get_fully_qualified_name()}/", f"{node.get_namespace().rstrip('/')}/"
    if name.startswith(own):
        return f"~/{name.removeprefix(own)}"
    return name.removeprefix(around)


def look_at(node_class: type[ManagedNode], folder: Path, arguments: Sequence[str] = ()) -> Interfaces:
    """Interfaces of a node while it is active, over all of VARIANTS.

    Args:
        node_class: is started here; rclpy must be initialised, in a domain of its own.
        folder: empty, for the gallery and the image of nodes that need some.
        arguments: of ROS, as after --ros-args.

    Raises:
        RuntimeError: it cannot be started.
    """
    image = folder / "image.png"
    cv2.imwrite(str(image), np.zeros((48, 64, 3), np.uint8))
    recordings = {"audio_source": folder / "sound.wav", "signal_source": folder / "signal.npz"}
    with wave.open(str(recordings["audio_source"]), "wb") as sound:
        sound.setparams((1, 2, 16000, 0, "NONE", ""))
        sound.writeframes(bytes(32000))
    np.savez(recordings["signal_source"], signal=np.zeros(1000, np.float32), rate=100.0)
    path = str(recordings.get(node_class.NAME, image))
    needed = {"path": path, "gallery": str(folder / "gallery"), "people": 1, "threads": 1, "autostart": False}
    needed |= {"audio_type": "Audio", "signal_type": "Signal"}  # else that of whoever publishes, and nobody does
    found = Interfaces()
    for variant in VARIANTS:
        values = {**needed, **variant}
        kinds = _parameters(node_class)
        known = {name: value for name, value in values.items() if isinstance(value, kinds.get(name, ()))}
        node = node_class(
            namespace=PROBE,
            cli_args=["--ros-args", *arguments] if arguments else None,
            parameter_overrides=[Parameter(name, value=value) for name, value in known.items()],
        )
        with closing(node):
            if not node.start():
                raise RuntimeError(f"{node_class.NAME} cannot be started: its log says why")
            found = found.joined(interfaces(node)).joined(_extras(node_class))
    return found


class AnyMessage(MultiDOFJointState):
    """Stands for messages of packages that are missing: a policy holds names of topics, and no types."""

    def __init__(self, **fields: Any) -> None:
        super().__init__()


class AnyMessages(ModuleType):
    """Stands for the messages of a package."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("_"):
            raise AttributeError(name)
        return AnyMessage


STAND_INS = ("tf2_msgs", "hri_msgs", "ffmpeg_image_transport_msgs", "foxglove_msgs")
"""Packages that are not among ROS 2 from wheels, and without which nodes lack topics."""


class AnyLibrary(ModuleType):
    """Stands for a library with connections that are no topics, in which nothing happens."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self

    def __call__(self, *values: object, **named: object) -> Any:
        return self


def provide_messages() -> None:
    """Let nodes have all of their topics also with ROS 2 from wheels."""
    if importlib.util.find_spec("zenoh") is None:
        sys.modules["zenoh"] = AnyLibrary("zenoh")
    for name in STAND_INS:
        if importlib.util.find_spec(name) is None:
            sys.modules.update({name: ModuleType(name), f"{name}.msg": AnyMessages(f"{name}.msg")})


def _extras(node_class: type[ManagedNode]) -> Interfaces:
    """Topics that it publishes where the packages of the messages are installed, and those that come and go."""
    extras = node_class.OUTPUTS if issubclass(node_class, PerceptionNode) else ()
    names = [*(f"~/{extra.topic}" for extra in extras), *getattr(node_class, "PUBLISHES_BELOW", ())]
    later = frozenset(getattr(node_class, "SUBSCRIBES_LATER", ()))
    return Interfaces({"publish": frozenset(names)} | ({"subscribe": later} if later else {}))


def _parameters(node_class: type[ManagedNode]) -> dict[str, type]:
    """The type of each parameter of a node, by its name."""
    fields = node_class.Parameters.__dataclass_fields__.values()
    return {"use_sim_time": bool} | {field.name: type(field.default) for field in fields}


def operator(served: Mapping[str, Interfaces]) -> Interfaces:
    """Permissions of an operator: look at everything that nodes publish, and call everything that they serve."""

    def seen_from_outside(rule: str) -> frozenset[str]:
        return frozenset(name.replace("~", node, 1) for node, each in served.items() for name in each.of(rule))

    node = rclpy.create_node(OPERATOR, namespace=PROBE)
    try:
        own = interfaces(node)
    finally:
        node.destroy_node()
    asks = {"subscribe": "publish", "request": "reply", "call": "execute"}
    return own.joined(Interfaces({rule: seen_from_outside(offered) for rule, offered in asks.items()}))


def policy(enclaves: Mapping[str, Mapping[str, Interfaces]], namespace: str = "/") -> str:
    """The text of a policy file.

    Args:
        enclaves: path -> node name -> what the node may do.
        namespace: of all nodes.
    """
    root = ElementTree.Element("policy", version="0.2.0")
    root.append(ElementTree.Comment(INTRODUCTION))
    parent = ElementTree.SubElement(root, "enclaves")
    for path, nodes in enclaves.items():
        profiles = ElementTree.SubElement(ElementTree.SubElement(parent, "enclave", path=path), "profiles")
        for name, allowed in nodes.items():
            profile = ElementTree.SubElement(profiles, "profile", ns=namespace, node=name)
            for rule, kind in RULES.items():
                if allowed.of(rule):
                    group = ElementTree.SubElement(profile, f"{kind}s", {rule: "ALLOW"})
                    for item in sorted(allowed.of(rule)):
                        ElementTree.SubElement(group, kind).text = item
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def node_classes() -> dict[str, type[ManagedNode]]:
    """The class of each node, by the node's name."""
    classes: dict[str, type[ManagedNode]] = runpy.run_path(str(ROOT / "tools" / "document_nodes.py"))["node_classes"]()
    return classes


def main() -> None:
    classes = node_classes()
    parser = argparse.ArgumentParser(description="Write the security policy of the nodes.")
    parser.add_argument("--output", type=Path, default=FILE)
    parser.add_argument("--nodes", nargs="+", choices=sorted(classes), default=sorted(classes), metavar="NODE")
    parser.add_argument("--together", metavar="ENCLAVE", help="one enclave for all of the nodes, and no operator")
    parser.add_argument("--namespace", default="/", help="of all nodes")
    parser.add_argument("--ros-args", nargs=argparse.REMAINDER, default=[], help="remappings, as nodes take them")
    given = parser.parse_args()

    isolate_domain()
    provide_messages()
    rclpy.init(args=["--ros-args", "--log-level", "error"])
    with tempfile.TemporaryDirectory() as folder:
        found = {name: look_at(classes[name], Path(folder), given.ros_args) for name in given.nodes}
    if given.together:
        enclaves: dict[str, Mapping[str, Interfaces]] = {given.together: found}
    else:
        enclaves = {f"{ENCLAVES}/{name}": {name: each} for name, each in found.items()}
        enclaves[f"{ENCLAVES}/{OPERATOR}"] = {OPERATOR: operator(found)}
    given.output.parent.mkdir(parents=True, exist_ok=True)
    given.output.write_text(policy(enclaves, given.namespace))
    print(f"{given.output}: {len(enclaves)} enclaves for {', '.join(given.nodes)}")
    rclpy.try_shutdown()


if __name__ == "__main__":
    main()
