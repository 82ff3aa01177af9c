"""Parameters that were given and that nobody takes are named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from opendr_perception.ros.node.managed import ManagedNode, NodeParameters
from opendr_perception.ros.node.overrides import undeclared
from opendr_perception.ros.node.parameters import parameter


@dataclass(frozen=True)
class Parameters(NodeParameters):
    """Parameters of the node."""

    score_threshold: float = parameter(0.5, "A score.", former="min_score")


class First(ManagedNode):
    """Has a threshold."""

    NAME = "first"
    Parameters = Parameters


class Second(ManagedNode):
    """Has none."""

    NAME = "second"


def test_a_misspelt_parameter_is_named_with_the_one_that_may_be_meant(graph: Any) -> None:
    node = graph.run(First, score_treshold=0.9, autostart=True, use_sim_time=False)
    assert undeclared([node]) == [
        "no node here has a parameter score_treshold, so it changes nothing: did you mean score_threshold?"
    ]


def test_what_resembles_nothing_gets_no_hint(graph: Any) -> None:
    node = graph.run(First, zzz=1)
    assert undeclared([node]) == ["no node here has a parameter zzz, so it changes nothing"]


def test_a_former_name_still_works_with_a_warning(graph: Any, capfd: pytest.CaptureFixture[str]) -> None:
    node = graph.run(First, min_score=0.9)
    assert node.params.score_threshold == 0.9
    assert undeclared([node]) == []
    assert "the parameter min_score is now called score_threshold" in "".join(capfd.readouterr())


def test_a_former_name_is_checked_like_the_present_one_and_yields_to_it(graph: Any) -> None:
    assert graph.run(First, min_score=0.9, score_threshold=0.8).params.score_threshold == 0.8
    with pytest.raises(ValueError, match="score_threshold must be of the type double"):
        graph.run(First, min_score="high")


def test_what_another_node_of_the_process_has_is_no_mistake_and_a_mistake_is_named_once(graph: Any) -> None:
    arguments = ("-p", "score_threshold:=0.9", "-p", "nobody:=1")
    nodes = [graph.run(First, *arguments), graph.run(Second, *arguments)]
    assert len(undeclared(nodes)) == 1
    assert "nobody" in undeclared(nodes)[0]


def test_a_quality_of_service_for_a_topic_of_nobody_is_named_once_all_are_active(graph: Any) -> None:
    override = "qos_overrides./nowhere.subscription.reliability"
    nodes = [graph.run(First, autostart=False, **{override: "reliable"})]
    assert undeclared(nodes) == []
    nodes[0].start()
    assert len(undeclared(nodes)) == 1
    assert override in undeclared(nodes)[0]
