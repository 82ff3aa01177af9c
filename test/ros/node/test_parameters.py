"""Parameters from a dataclass: descriptors, validation at start and while running, configuration files and pages."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from rcl_interfaces.msg import Parameter as ParameterMessage
from rcl_interfaces.msg import ParameterValue
from rcl_interfaces.srv import DescribeParameters, GetParameters, SetParameters, SetParametersAtomically
from rclpy.parameter import Parameter, parameter_value_to_python

from opendr_perception.ros.node import parameters
from opendr_perception.ros.node.managed import ManagedNode, NodeParameters
from opendr_perception.ros.node.parameters import parameter


@dataclass(frozen=True)
class Parameters(NodeParameters):
    """One of each kind."""

    ratio: float = parameter(0.25, "A ratio.", minimum=0.0, maximum=1.0)
    positive: float = parameter(1e-5, "Without an upper end.", minimum=0.0)
    free: float = parameter(-2.0, "Any number.")
    count: int = parameter(3, "A count.", minimum=1, maximum=10)
    many: int = parameter(3, "Without an upper end.", minimum=1)
    mode: str = parameter("slow", "A mode.", choices=("slow", "fast"))
    text: str = parameter("it's", "A text with a quotation mark.")
    flag: bool = parameter(False, "A flag.")
    fixed: str = parameter("", "Known at start.", read_only=True)
    names: tuple[str, ...] = parameter(("", "rear"), "Names.", read_only=True)
    place: tuple[float, ...] = parameter((), "Not given.", read_only=True)
    weights: tuple[float, ...] = parameter((1.0, 0.5), "Weights, which are positive.")


DEFAULTS = Parameters()


class Knobs(ManagedNode):
    """Has parameters."""

    NAME = "knobs"
    Parameters = Parameters
    changes = 0

    def check_parameters(self, params: Any) -> None:
        if min(params.weights) < 0:
            raise ValueError("weights must be positive")

    def parameters_changed(self) -> None:
        self.changes += 1


def test_defaults_are_those_of_the_dataclass(graph: Any) -> None:
    assert graph.run(Knobs).params == DEFAULTS


def test_what_is_not_given_by_default_can_be_given(graph: Any) -> None:
    assert graph.run(Knobs, place=[0.5, -1.0]).params.place == (0.5, -1.0)


def test_tools_can_read_meaning_and_ranges(graph: Any) -> None:
    graph.run(Knobs)
    names = ["ratio", "positive", "free", "count", "many", "mode", "fixed"]
    request = DescribeParameters.Request(names=names)
    answer = graph.call(DescribeParameters, "knobs/describe_parameters", request)
    found = dict(zip(names, answer.descriptors, strict=True))

    assert found["ratio"].description == "A ratio."
    assert [(r.from_value, r.to_value) for r in found["ratio"].floating_point_range] == [(0.0, 1.0)]
    assert [(r.from_value, r.to_value) for r in found["positive"].floating_point_range] == [(0.0, math.inf)]
    assert list(found["free"].floating_point_range) == []
    assert [(r.from_value, r.to_value) for r in found["count"].integer_range] == [(1, 10)]
    assert [(r.from_value, r.to_value) for r in found["many"].integer_range] == [(1, 2**63 - 1)]
    assert found["mode"].additional_constraints == "one of: slow, fast"
    assert found["fixed"].additional_constraints == "only before the node is configured"
    assert {name: descriptor.type for name, descriptor in found.items()} == {
        "ratio": Parameter.Type.DOUBLE.value,
        "positive": Parameter.Type.DOUBLE.value,
        "free": Parameter.Type.DOUBLE.value,
        "count": Parameter.Type.INTEGER.value,
        "many": Parameter.Type.INTEGER.value,
        "mode": Parameter.Type.STRING.value,
        "fixed": Parameter.Type.STRING.value,
    }
    assert not any(descriptor.dynamic_typing or descriptor.read_only for descriptor in found.values())


def test_a_change_while_running_takes_effect(graph: Any) -> None:
    node = graph.run(Knobs)
    changes = {"ratio": 1.0, "count": 10, "mode": "fast", "flag": True, "free": -1e9, "many": 2**40}
    for name, value in changes.items():
        assert graph.set_parameter("knobs", name, value) == ""
        assert getattr(node.params, name) == value
    assert node.changes == 6


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("ratio", 1.01, "ratio"),
        ("ratio", -0.01, "ratio"),
        ("ratio", math.nan, "ratio"),
        ("ratio", 2, "ratio"),
        ("weights", [1, -1], "weights"),
        ("ratio", "much", "type"),
        ("ratio", None, "cannot be undeclared"),
        ("positive", math.inf, "positive must be finite, got inf"),
        ("free", math.nan, "free must be finite, got nan"),
        ("free", -math.inf, "free must be finite, got -inf"),
        ("count", 0, "count"),
        ("count", 11, "count"),
        ("count", 2.5, "type"),
        ("mode", "backwards", "mode must be one of slow, fast, got 'backwards'"),
        ("flag", 1, "type"),
        ("fixed", "other", "fixed cannot be changed while the node is configured: deactivate and clean up first"),
        ("names", ["other"], "names cannot be changed while the node is configured"),
        ("unknown", 1, "undeclared parameter"),
    ],
)
def test_what_is_not_allowed_is_refused_with_a_reason_and_changes_nothing(
    graph: Any, name: str, value: Any, reason: str
) -> None:
    node = graph.run(Knobs)
    answer = graph.set_parameter("knobs", name, value)
    assert reason in answer
    assert "\n" not in answer
    assert node.params == DEFAULTS
    assert node.changes == 0
    if hasattr(DEFAULTS, name):
        values = graph.call(GetParameters, "knobs/get_parameters", GetParameters.Request(names=[name])).values
        default = getattr(DEFAULTS, name)
        assert parameter_value_to_python(values[0]) == (list(default) if isinstance(default, tuple) else default)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"ratio": 2.0}, "ratio must be in [0, 1], got 2.0"),
        ({"ratio": 2}, "ratio must be in [0, 1], got 2.0"),
        ({"count": 0}, "count must be in [1, 10], got 0"),
        ({"ratio": "much"}, "ratio must be of the type double, got 'much'"),
        ({"count": 2.0}, "count must be of the type integer, got 2.0"),
        ({"flag": 1}, "flag must be of the type bool, got 1"),
        ({"weights": ["a"]}, "weights must be of the type double, got 'a'"),
        ({"mode": "backwards"}, "mode must be one of slow, fast, got 'backwards'"),
        ({"free": math.nan}, "free must be finite, got nan"),
    ],
)
def test_what_is_wrong_at_start_is_refused(graph: Any, given: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
        graph.run(Knobs, **given)


def test_integers_are_taken_for_doubles(graph: Any) -> None:
    node = graph.run(Knobs, ratio=1, weights=[2, 3])
    assert (node.params.ratio, node.params.weights) == (1.0, (2.0, 3.0))
    assert graph.set_parameter("knobs", "free", 7) == ""
    assert graph.set_parameter("knobs", "weights", [1, 2, 3]) == ""
    assert (node.params.free, node.params.weights) == (7.0, (1.0, 2.0, 3.0))
    names = ["ratio", "free", "weights"]
    values = graph.call(GetParameters, "knobs/get_parameters", GetParameters.Request(names=names)).values
    kinds = [Parameter.Type(value.type).name for value in values]
    assert kinds == ["DOUBLE", "DOUBLE", "DOUBLE_ARRAY"]


def test_what_a_configured_node_has_to_keep_can_be_changed_before(graph: Any) -> None:
    node = graph.run(Knobs, autostart=False)
    assert graph.set_parameter("knobs", "fixed", "other") == ""
    assert graph.set_parameter("knobs", "names", ["left"]) == ""
    assert (node.params.fixed, node.params.names) == ("other", ("left",))
    assert graph.change_state("knobs", "configure")
    assert "clean up first" in graph.set_parameter("knobs", "fixed", "third")
    assert graph.set_parameter("knobs", "fixed", "other") == "", "it is what it was"
    assert graph.change_state("knobs", "cleanup")
    assert graph.set_parameter("knobs", "fixed", "third") == ""


def test_a_type_that_does_not_exist_is_refused_and_costs_nobody_anything(graph: Any) -> None:
    node = graph.run(Knobs)
    bad = ParameterMessage(name="ratio", value=ParameterValue(type=77))
    good = Parameter("count", value=5).to_parameter_msg()
    results = graph.call(
        SetParameters, "knobs/set_parameters", SetParameters.Request(parameters=[bad, good, bad])
    ).results
    assert [result.successful for result in results] == [False, True, False]
    assert "77" in results[0].reason
    assert node.params.count == 5
    atomically = SetParametersAtomically.Request(parameters=[good, bad])
    assert not graph.call(SetParametersAtomically, "knobs/set_parameters_atomically", atomically).result.successful
    assert graph.diagnosis("", "a service failed", failures=3)["level"] == "1"


def test_the_configuration_file_gives_exactly_the_defaults(graph: Any, tmp_path: Path) -> None:
    text = parameters.as_yaml("knobs", Parameters, "About knobs.\nAnd more.")
    assert text.startswith("# About knobs.\n# And more.\n")
    assert "# A ratio. In [0, 1].\n" in text
    assert "# A mode. One of: slow, fast.\n" in text
    assert "# Known at start. Only before the node is configured.\n" in text
    file = tmp_path / "knobs.yaml"
    file.write_text(text)
    assert graph.run(Knobs, "--params-file", str(file)).params == DEFAULTS

    content = yaml.safe_load(text)
    assert list(content["/**"]["knobs"]["ros__parameters"]) == [*parameters.documentation(Parameters)]
    file.write_text(text.replace("ratio: 0.25", "ratio: 0.5").replace("['', 'rear']", "['left']"))
    changed = graph.run(Knobs, "-r", "__ns:=/somewhere/else", "--params-file", str(file)).params
    assert (changed.ratio, changed.names, changed.count) == (0.5, ("left",), 3)


def test_the_page_has_a_row_for_each_parameter() -> None:
    rows = parameters.as_markdown(Parameters).splitlines()[2:]
    assert [row.split("`")[1] for row in rows] == list(parameters.documentation(Parameters))
    assert "| `ratio` | double | `0.25` | [0, 1] | yes | A ratio. |" in rows
    assert "| `mode` | string | `'slow'` | `slow`, `fast` | yes | A mode. |" in rows
    assert "| `names` | string[] | `['', 'rear']` |  | no | Names. |" in rows
