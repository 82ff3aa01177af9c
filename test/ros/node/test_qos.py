"""Quality of service: what is asked, what is offered, and words for what does not match."""

from __future__ import annotations

import pytest
from rclpy.qos import DurabilityPolicy, QoSCompatibility, QoSPolicyKind, ReliabilityPolicy, qos_check_compatible

from opendr_perception.ros.node import qos


def test_only_the_newest_image_is_asked_for() -> None:
    profile = qos.newest("best_effort")
    assert (profile.depth, profile.durability) == (1, DurabilityPolicy.VOLATILE)
    assert profile.reliability == ReliabilityPolicy.BEST_EFFORT
    assert qos.newest("reliable").reliability == ReliabilityPolicy.RELIABLE


@pytest.mark.parametrize("asked", ["best_effort", "reliable"])
def test_results_serve_every_subscriber(asked: str) -> None:
    assert qos_check_compatible(qos.result(), qos.newest(asked))[0] != QoSCompatibility.ERROR


@pytest.mark.parametrize("policy", list(QoSPolicyKind))
def test_every_policy_has_an_explanation_in_one_line(policy: QoSPolicyKind) -> None:
    text = qos.explain_incompatible(policy)
    assert text
    assert "\n" not in text


def test_unheard_reliability_comes_with_its_remedy() -> None:
    assert "set qos_reliability to best_effort" in qos.explain_incompatible(QoSPolicyKind.RELIABILITY)
