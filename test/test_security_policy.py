"""The security policy is that of the nodes as they are, and lets nobody drive, or enrol people, but who should."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from opendr_perception.sim.rendering import SimulatorError, load_mujoco

ROOT = Path(__file__).parents[1]
POLICY = ROOT / "config" / "sros2" / "policy.xml"
RULES = {
    ("topics", "publish"),
    ("topics", "subscribe"),
    ("services", "reply"),
    ("services", "request"),
    ("actions", "execute"),
    ("actions", "call"),
}
"""Rules that version 0.2.0 of the schema of sros2 knows."""


def allowed(path: Path) -> dict[str, dict[tuple[str, str], list[str]]]:
    """Last part of the enclave's path -> (kind, rule) -> names. Fails where the file is not as the schema has it."""
    root = ElementTree.parse(path).getroot()
    assert (root.tag, root.attrib) == ("policy", {"version": "0.2.0"})
    (enclaves,) = root
    found: dict[str, dict[tuple[str, str], list[str]]] = {}
    for enclave in enclaves:
        assert enclave.tag == "enclave"
        (profile,) = enclave.findall("profiles/profile")
        name = enclave.attrib["path"].rpartition("/")[2]
        assert profile.attrib == {"ns": "/", "node": name}
        found[name] = {}
        for group in profile:
            ((rule, qualifier),) = group.attrib.items()
            assert qualifier == "ALLOW"
            assert (group.tag, rule) in RULES
            assert {item.tag for item in group} == {group.tag.removesuffix("s")}
            found[name][group.tag, rule] = [str(item.text) for item in group]
    return found


def can_simulate() -> bool:
    """True if the simulator and its renderer are there."""
    try:
        load_mujoco()
    except SimulatorError:
        return False
    return True


def names_of(rule: tuple[str, str], name: str) -> set[str]:
    """The nodes that may do something with a topic, service or action."""
    return {node for node, rules in allowed(POLICY).items() if name in rules.get(rule, ())}


def test_the_file_is_what_the_nodes_ask_for(models: Any, tmp_path: Path) -> None:
    command = [
        sys.executable,
        str(ROOT / "tools" / "make_security_policy.py"),
        "--output",
        str(tmp_path / "policy.xml"),
    ]
    simulated = can_simulate()
    wanted = allowed(POLICY)
    if not simulated:
        command += ["--nodes", *sorted(set(wanted) - {"simulation", "operator"})]
    environment = {name: value for name, value in os.environ.items() if name != "ROS_DOMAIN_ID"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    made = allowed(tmp_path / "policy.xml")
    if not simulated:
        del wanted["simulation"], wanted["operator"], made["operator"]
    assert made == wanted, "run: python tools/make_security_policy.py"


def test_one_node_alone_may_move_the_robot_and_serves_its_stop() -> None:
    assert names_of(("topics", "publish"), "cmd_vel") == {"view_control"}
    assert names_of(("services", "reply"), "~/stop") == {"view_control"}
    assert names_of(("actions", "execute"), "~/identify") == {"view_control"}


def test_only_the_operator_asks_nodes_for_anything() -> None:
    asking = {
        node for node, rules in allowed(POLICY).items() if {("services", "request"), ("actions", "call")} & set(rules)
    }
    assert asking == {"operator"}
    for service in ("face_recognition/enroll", "face_recognition/forget", "view_control/stop"):
        assert names_of(("services", "request"), service) == {"operator"}
    assert names_of(("actions", "call"), "view_control/identify") == {"operator"}


def test_the_operator_publishes_nothing_that_nodes_listen_to() -> None:
    policy = allowed(POLICY)
    heard = {name for rules in policy.values() for name in rules.get(("topics", "subscribe"), ())}
    assert set(policy["operator"]["topics", "publish"]) & heard <= {"/parameter_events", "/rosout"}


def test_only_emotion_recognition_deals_in_emotions() -> None:
    assert names_of(("topics", "publish"), "emotions") == {"emotion_recognition"}
    assert names_of(("topics", "subscribe"), "emotions") == {
        "operator",
        "people",
        "ros4hri",
        "fleet_bridge",
        "view_control",
    }, "which work without"


def test_every_node_has_its_own_enclave_and_the_operator_one() -> None:
    nodes = {path.stem for path in (ROOT / "opendr_perception" / "nodes").glob("[a-z]*.py")}
    assert set(allowed(POLICY)) == nodes | {"operator"}


@pytest.mark.parametrize("enclave", ["/opendr_perception/video_source", "/"])
def test_a_node_without_its_keys_does_not_run_unsecured(graph: Any, tmp_path: Path, enclave: str) -> None:
    secured = {
        "ROS_SECURITY_ENABLE": "true",
        "ROS_SECURITY_STRATEGY": "Enforce",
        "ROS_SECURITY_KEYSTORE": str(tmp_path),
    }
    process = graph.process("video_source", "--ros-args", "-p", "path:=nothing.png", "--enclave", enclave, **secured)
    assert process.end() == 1
    assert "security" in process.output.lower()
