"""Actions of the arms that no recording shows, different each time."""

from __future__ import annotations

import numpy as np

from opendr_perception.training.body.key_poses import Rng, Style, animate, both, one, other
from opendr_perception.training.body.motion import Motion


def arms(rng: Rng) -> dict[str, float]:
    """Pose of arms that do nothing: mostly hanging, also crossed, on the hips, behind the back, or with a thing."""
    kind = rng.choice(
        ["hang", "cross", "hips", "back", "hold", "phone", "pocket"], p=[0.6, 0.06, 0.07, 0.06, 0.08, 0.06, 0.07]
    )
    if kind == "cross":
        return both(shoulder_flex=0.5, shoulder_twist=-0.9, elbow=1.7)
    if kind == "hips":
        return both(shoulder_flex=-0.3, shoulder_abd=0.7, shoulder_twist=-0.6, elbow=1.6)
    if kind == "back":
        return both(shoulder_flex=-0.5, shoulder_twist=-0.5, elbow=0.6)
    if kind == "hold":
        return both(shoulder_flex=rng.uniform(0.1, 0.5), elbow=rng.uniform(1.2, 1.8), shoulder_twist=-0.3)
    if kind == "phone":
        return one(rng.choice(["r", "l"]), shoulder_flex=rng.uniform(0.3, 0.8), elbow=rng.uniform(1.6, 2.5))
    if kind == "pocket":
        return one(rng.choice(["r", "l"]), shoulder_flex=-0.3, shoulder_abd=0.3, elbow=0.9)
    return {}


def wave(rng: Rng, style: Style) -> Motion:
    """Wave with one arm, or with both."""
    sides = ["r", "l"] if rng.random() < 0.3 else [str(rng.choice(["r", "l"]))]
    base = arms(rng) if len(sides) == 1 else {}
    high = rng.random() < 0.5
    abd, flex = (
        (rng.uniform(0.9, 1.7), rng.uniform(-0.1, 0.7)) if not high else (rng.uniform(2.0, 2.7), rng.uniform(-0.1, 0.4))
    )
    elbow = rng.uniform(0.9, 2.0) if not high else rng.uniform(0.3, 1.0)
    size, period = rng.uniform(0.25, 0.7) * style.vigour, rng.uniform(0.35, 0.8)
    twist = rng.uniform(1.1, 1.9) if not high else rng.uniform(0.5, 1.6)

    def at(swing: float) -> dict[str, float]:
        raised = {
            "shoulder_abd": abd + 0.25 * swing,
            "shoulder_flex": flex,
            "shoulder_twist": twist + (0 if high else 0.2 * swing),
            "elbow": elbow + swing,
        }
        return {**base, **{k: v for s in sides for k, v in one(s, **raised).items()}}

    count = rng.integers(4, 12)
    times = np.cumsum([0, rng.uniform(0.3, 0.6), *[period / 2] * count])
    return animate(rng, style, "wave", times, [base, *[at(size * (-1) ** k) for k in range(count + 1)]])


def clap(rng: Rng, style: Style) -> Motion:
    """Clap the hands, in front of the belly or above the head."""
    flex = rng.uniform(0.4, 1.5) if rng.random() < 0.85 else rng.uniform(2.3, 2.8)
    elbow = rng.uniform(0.8, 1.7) if flex < 2 else rng.uniform(0.2, 0.7)
    period, size = rng.uniform(0.22, 0.6), rng.uniform(0.15, 0.45) * style.vigour
    inwards = rng.uniform(0.35, 0.55)

    def at(apart: float) -> dict[str, float]:
        return both(shoulder_flex=flex, shoulder_abd=-0.1 + apart, shoulder_twist=-inwards + 0.8 * apart, elbow=elbow)

    count = rng.integers(6, 16)
    times = np.cumsum([0, rng.uniform(0.3, 0.5), *[period / 2] * count])
    return animate(
        rng, style, "clap", times, [{}, *[at(size if k % 2 == 0 else 0.0) for k in range(count + 1)]], weight=0.7
    )


def raise_hands(rng: Rng, style: Style) -> Motion:
    """Raise both hands and keep them up."""
    sideways = rng.random() < 0.4
    up = rng.uniform(2.3, 3.0)
    elbow = rng.uniform(0.0, 0.5)
    raised = both(shoulder_abd=up, elbow=elbow, shoulder_twist=0.8) if sideways else both(shoulder_flex=up, elbow=elbow)
    if rng.random() < 0.25:  # as one does before a gun
        raised = both(
            shoulder_abd=rng.uniform(1.2, 1.7), shoulder_twist=rng.uniform(1.4, 1.8), elbow=rng.uniform(1.2, 1.8)
        )
    wobble = {name: angle + rng.normal(0, 0.08) for name, angle in raised.items()}
    times = np.cumsum([0, rng.uniform(0.4, 0.9), rng.uniform(0.6, 2.0), rng.uniform(0.1, 1.0)])
    return animate(rng, style, "raise hands", times, [{}, raised, wobble, raised])


def punch(rng: Rng, style: Style) -> Motion:
    """Box: a guard and several quick punches."""
    stance = {
        "root_yaw": rng.normal(0, 0.3),
        **both(
            shoulder_flex=rng.uniform(0.5, 0.9), shoulder_abd=0.1, elbow=rng.uniform(1.9, 2.4), knee=0.3, hip_flex=0.25
        ),
    }
    lead = str(rng.choice(["r", "l"]))
    stance |= one(lead, hip_flex=0.5, knee=0.35) | one(other(lead), hip_flex=-0.1, knee=0.3)
    if rng.random() < 0.25:
        stance = {k: v for k, v in stance.items() if "shoulder" not in k and "elbow" not in k}
    times, poses = [0.0], [stance]
    for _ in range(rng.integers(2, 6)):
        side = str(rng.choice(["r", "l"]))
        sign = 1 if side == "r" else -1
        reach = one(
            side, shoulder_flex=rng.uniform(1.2, 1.7), elbow=rng.uniform(0.0, 0.3), shoulder_abd=rng.uniform(-0.3, 0.15)
        )
        if rng.random() < 0.25:
            reach = one(
                side,
                shoulder_abd=rng.uniform(1.2, 1.5),
                shoulder_flex=rng.uniform(0.5, 0.9),
                elbow=rng.uniform(1.0, 1.6),
            )  # a hook
        hit = {**stance, **reach, "chest_yaw": sign * rng.uniform(0.3, 0.7), "chest_pitch": rng.uniform(0, 0.2)}
        out, back, rest = rng.uniform(0.12, 0.22), rng.uniform(0.15, 0.35), rng.uniform(0.05, 0.35)
        times += [times[-1] + out, times[-1] + out + back, times[-1] + out + back + rest]
        poses += [hit, stance, stance]
    return animate(rng, style, "punch", times, poses)


def gesture(rng: Rng, style: Style) -> Motion:
    """Do something with the arms that has no name here: reach, draw, throw, drink, point, fold them."""
    sides = ["r", "l"] if rng.random() < 0.3 else [str(rng.choice(["r", "l"]))]
    alike = rng.random() < 0.5
    base = arms(rng)
    pace = rng.uniform(0.25, 0.9)
    lunges = rng.random() < 0.2

    def target() -> dict[str, float]:
        return {
            "shoulder_flex": rng.uniform(-0.4, 2.4), "shoulder_abd": rng.uniform(-0.3, 1.4),
            "shoulder_twist": rng.uniform(-1.0, 1.2), "elbow": rng.uniform(0.0, 2.4),
        }  # fmt: skip

    times, poses = [0.0], [base]
    for _ in range(rng.integers(1, 6)):
        shared = target()
        pose = {**base, "chest_yaw": rng.normal(0, 0.25), "chest_pitch": rng.normal(0.05, 0.1)}
        for side in sides:
            pose |= one(side, **(shared if alike else target()))
        if lunges:
            depth = rng.uniform(0.2, 1.2)
            pose |= one(str(rng.choice(["r", "l"])), hip_flex=depth, knee=1.1 * depth)
        times.append(times[-1] + pace * rng.uniform(0.6, 1.6))
        poses.append(pose)
    return animate(rng, style, "unknown", [*times, times[-1] + pace], [*poses, base])
