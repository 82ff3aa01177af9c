"""Quality of service: one choice for all image and result topics, and plain words for what does not match."""

from __future__ import annotations

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSPolicyKind, QoSProfile, ReliabilityPolicy

RELIABILITY = {"best_effort": ReliabilityPolicy.BEST_EFFORT, "reliable": ReliabilityPolicy.RELIABLE}

_INCOMPATIBLE = {
    QoSPolicyKind.RELIABILITY: "it is best effort and this node asks for reliable: set qos_reliability to best_effort",
    QoSPolicyKind.DURABILITY: "it is volatile and this node asks for transient local",
    QoSPolicyKind.DEADLINE: "it promises a slower deadline than this node asks for",
    QoSPolicyKind.LIVELINESS: "it promises less liveliness than this node asks for",
}


def newest(reliability: str, depth: int = 1) -> QoSProfile:
    """For inputs: only the newest one counts, unless they are paired. Best effort hears every publisher."""
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=depth,
        reliability=RELIABILITY[reliability],
        durability=DurabilityPolicy.VOLATILE,
    )


def result(depth: int = 5) -> QoSProfile:
    """For results: reliable, so that both kinds of subscribers match."""
    return QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=depth, reliability=ReliabilityPolicy.RELIABLE)


def latest() -> QoSProfile:
    """For states: whoever comes later hears the last one too."""
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=1,
        reliability=ReliabilityPolicy.RELIABLE,
        durability=DurabilityPolicy.TRANSIENT_LOCAL,
    )


def latched(reliability: str = "reliable") -> QoSProfile:
    """For inputs that may have been published once, before anybody listened. Does not hear volatile publishers."""
    profile = newest(reliability)
    profile.durability = DurabilityPolicy.TRANSIENT_LOCAL
    return profile


def explain_incompatible(policy: QoSPolicyKind) -> str:
    """Explain why a publisher cannot be heard, and what to do."""
    return _INCOMPATIBLE.get(policy, f"their {policy.name.lower()} does not match")
