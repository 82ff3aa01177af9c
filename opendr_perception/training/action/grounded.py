"""Actions on a seat and on the ground that no recording shows, different each time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from opendr_perception.training.body.key_poses import ANGLES, Pose, Rng, Style, animate, both, one
from opendr_perception.training.body.motion import Motion


def seat(rng: Rng) -> dict[str, float]:
    """Sit on a chair or a box."""
    low = rng.uniform(-0.15, 0.25)
    hip = rng.uniform(1.35, 1.65) + low
    knees = {"r_knee": rng.uniform(1.2, 1.8) + low, "l_knee": rng.uniform(1.2, 1.8) + low}
    hands = both(shoulder_flex=rng.uniform(0.1, 0.5), elbow=rng.uniform(0.6, 1.3))
    recline = rng.uniform(-0.3, 0.3)
    return {
        "root_pitch": recline * 0.7,
        "chest_pitch": recline * 0.3 + 0.1,
        **both(hip_flex=hip, hip_abd=rng.uniform(0.0, 0.3)),
        **knees,
        **hands,
    }


def sit_down(rng: Rng, style: Style, pose: Pose) -> Motion:
    """Sit down on what is behind."""
    half = {
        "root_pitch": rng.uniform(0.3, 0.8),
        **both(hip_flex=1.2, knee=1.1, ankle=0.35, shoulder_flex=rng.uniform(0, 0.6), elbow=0.4),
    }
    times = np.cumsum([0, rng.uniform(0.4, 0.9), rng.uniform(0.35, 0.8)])
    return animate(rng, style, "sit down", times, [{}, half, pose])


def sit(rng: Rng, style: Style, pose: Pose) -> Motion:
    """Stay seated."""
    count = rng.integers(2, 4)
    poses = [{**pose, "neck_yaw": rng.normal(0, 0.3), "neck_pitch": rng.normal(0.1, 0.2)} for _ in range(count)]
    if rng.random() < 0.5:
        side = str(rng.choice(["r", "l"]))
        poses[1] |= one(side, shoulder_flex=rng.uniform(0.2, 1.0), elbow=rng.uniform(0.6, 2.0))
    times = np.concatenate([[0], np.cumsum(rng.uniform(0.7, 1.8, count - 1))])
    return animate(rng, style, "sit", times, poses)


def rise(rng: Rng, style: Style, pose: Pose) -> Motion:
    """Stand up from a seat."""
    lean = {**pose, "root_pitch": rng.uniform(0.4, 0.8), **both(shoulder_flex=rng.uniform(0, 0.6), elbow=0.5)}
    half = {"root_pitch": rng.uniform(0.3, 0.7), **both(hip_flex=1.0, knee=0.9, ankle=0.25, elbow=0.3)}
    times = np.cumsum([0, rng.uniform(0.3, 0.6), rng.uniform(0.25, 0.5), rng.uniform(0.35, 0.8)])
    return animate(rng, style, "stand up", times, [pose, lean, half, {}])


# ---------------------------------------------------------------- on the ground


def fall(rng: Rng, style: Style) -> tuple[Motion, dict[str, float]]:
    """Fall to the front, the back or a side; and the pose in which the person then lies."""
    kind = str(rng.choice(["front", "back", "side"], p=[0.35, 0.3, 0.35]))
    limbs = {name: rng.normal(0, 0.25) for name in ANGLES if "shoulder" in name or "hip" in name}
    limbs |= {name: abs(rng.normal(0.3, 0.3)) for name in ANGLES if "knee" in name or "elbow" in name}
    limbs |= {f"{side}_hip_flex": rng.uniform(-0.1, 0.6) for side in ("r", "l")}
    tumble = both(
        shoulder_flex=rng.uniform(0.3, 1.5),
        shoulder_abd=rng.uniform(0, 0.9),
        elbow=0.5,
        hip_flex=0.5,
        knee=rng.uniform(0.4, 1.2),
    )
    if kind == "front":
        lying = {
            **limbs,
            "root_pitch": 1.5,
            **both(hip_flex=rng.uniform(-0.1, 0.2), shoulder_flex=rng.uniform(0.2, 2.2), elbow=rng.uniform(0.2, 1.5)),
        }
        tumble |= {"root_pitch": rng.uniform(0.5, 0.9)}
    elif kind == "back":
        lying = {**limbs, "root_pitch": -1.5, **both(shoulder_abd=rng.uniform(0.1, 1.2))}
        tumble |= {"root_pitch": -rng.uniform(0.4, 0.8), **both(hip_flex=rng.uniform(0.6, 1.2))}
    else:
        sign = rng.choice([-1, 1])
        lying = {**limbs, "root_roll": sign * 1.5, "root_pitch": rng.normal(0, 0.2)}
        tumble |= {"root_roll": sign * rng.uniform(0.4, 0.8), "root_pitch": rng.normal(0.1, 0.2)}
    steps = [rng.uniform(0.25, 0.7), rng.uniform(0.22, 0.5), rng.uniform(0.1, 0.3)]
    settled = {name: angle + rng.normal(0, 0.05) for name, angle in lying.items()}
    return animate(
        rng, style, "fall", np.cumsum([0, *steps]) * style.pace, [{}, tumble, lying, settled], weight=0.5
    ), settled


def lie(rng: Rng, style: Style, pose: Pose) -> Motion:
    """Lie, hardly moving."""
    moved = {name: angle + (0 if name.startswith("root") else rng.normal(0, 0.1)) for name, angle in pose.items()}
    seconds = rng.uniform(1.5, 3.5)
    return animate(rng, style, "lie", [0, seconds / 2, seconds], [pose, moved, pose], weight=0.5)


def get_up(rng: Rng, style: Style, pose: Pose) -> Motion:
    """Stand up from the ground: over sitting or all fours to one knee, and up."""
    times = np.cumsum([0, rng.uniform(0.6, 1.2), rng.uniform(0.5, 1.0), rng.uniform(0.5, 0.9)])
    squat = {
        "root_pitch": rng.uniform(0.5, 0.9),
        **both(hip_flex=2.0, knee=2.2, ankle=0.7, shoulder_flex=rng.uniform(0.4, 1.0), elbow=0.3),
    }
    kneel = {
        "root_pitch": 0.4,
        **one("r", hip_flex=1.5, knee=1.6),
        **one("l", hip_flex=0.1, knee=1.7),
        **both(shoulder_flex=0.6, elbow=0.4),
    }
    seated = {
        "root_pitch": -0.3,
        "chest_pitch": 0.4,
        **both(hip_flex=1.5, knee=rng.uniform(0.5, 1.3), shoulder_flex=-0.4, elbow=0.2),
    }
    first = seated if pose.get("root_pitch", 0.0) < -0.5 else all_fours(0.0)
    return animate(rng, style, "stand up", times, [pose, first, kneel if rng.random() < 0.5 else squat, {}], weight=0.5)


def all_fours(forward: float) -> dict[str, float]:
    """Hands and knees on the ground; `forward` moves the right hand and the left knee."""
    pose = {"root_pitch": 1.35, "neck_pitch": -0.6}
    pose |= one("r", shoulder_flex=1.5 + 0.35 * forward, elbow=0.2, hip_flex=1.45 - 0.3 * forward, knee=1.5)
    return pose | one("l", shoulder_flex=1.5 - 0.35 * forward, elbow=0.2, hip_flex=1.45 + 0.3 * forward, knee=1.5)


def crawl(rng: Rng, style: Style) -> Motion:
    """Crawl on hands and knees."""
    period, size = rng.uniform(0.8, 1.6), rng.uniform(0.6, 1.3)
    count = rng.integers(4, 9)
    times = np.arange(count + 1) * period / 2
    motion = animate(rng, style, "crawl", times, [all_fours(size * (-1) ** k) for k in range(count + 1)], weight=0.6)
    velocity = np.tile([0.5 * size / period * style.pace, 0.0], (len(motion), 1))
    return replace(motion, velocity=velocity)
