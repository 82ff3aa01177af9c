"""Actions on the feet that no recording shows, different each time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from opendr_perception.training.action.gestures import arms, clap, gesture, punch, raise_hands, wave
from opendr_perception.training.body.key_poses import ANGLES, COLUMN, Rng, Style, animate, both, move, one, other
from opendr_perception.training.body.motion import RATE, Motion, join


def stand(rng: Rng, style: Style) -> Motion:
    """Stand, shift the weight, look around, gesture a little."""
    count = rng.integers(2, 5)
    base = arms(rng)
    poses = []
    for _ in range(count):
        shift = rng.normal(0, 0.04)
        gesture = {"neck_yaw": rng.normal(0, 0.4), "neck_pitch": rng.normal(0.1, 0.15), "chest_yaw": rng.normal(0, 0.1)}
        if rng.random() < 0.2:
            side = rng.choice(["r", "l"])
            gesture |= one(
                side,
                shoulder_flex=rng.uniform(0, 0.6),
                elbow=rng.uniform(0.3, 1.6),
                shoulder_twist=rng.uniform(-0.5, 0.3),
            )
        lean = {"root_roll": shift, "r_hip_abd": shift, "l_hip_abd": -shift, "chest_roll": -shift}
        poses.append({**base, **gesture, **lean})
    times = np.concatenate([[0], np.cumsum(rng.uniform(0.7, 2.0, count - 1))])
    return animate(rng, style, "stand", times, poses)


LEG = 0.83
"""Length of a leg, metres."""
ON_THE_SPOT = 0.3
"""Share of those who walk and run without getting on, as on a treadmill or beside a robot that keeps pace."""


def walk(rng: Rng, style: Style) -> Motion:
    """Walk a few steps, slow or fast, straight or in a curve."""
    return _gait(rng, style, "walk", seconds=rng.uniform(2.5, 7.0))


def run(rng: Rng, style: Style) -> Motion:
    """Jog or run."""
    return _gait(rng, style, "run", seconds=rng.uniform(2.0, 4.0))


def _gait(rng: Rng, style: Style, action: str, seconds: float) -> Motion:
    running = action == "run"
    cadence = rng.uniform(1.2, 1.6) if running else rng.uniform(0.75, 1.2) * style.pace**0.5
    phase = 2 * np.pi * cadence * np.arange(round(seconds * RATE)) / RATE + rng.uniform(0, 2 * np.pi)
    stride = (rng.uniform(0.45, 0.9) if running else rng.uniform(0.25, 0.6)) * style.vigour
    angles = np.zeros((len(phase), len(ANGLES)))
    swing = rng.uniform(0.4, 0.9) if running else rng.uniform(0.05, 0.6)
    elbow = rng.uniform(1.1, 1.7) if running else rng.choice([0.0, 0.3])
    lean = rng.uniform(0.05, 0.25) if running else rng.uniform(-0.02, 0.1)
    for name, angle in (arms(rng) if not running else {}).items():
        angles[:, COLUMN[name]] = angle
    for side, shift in (("r", 0.0), ("l", np.pi)):
        leg = phase + shift
        forward = np.maximum(np.cos(leg), 0)  # the leg swings forward
        angles[:, COLUMN[f"{side}_hip_flex"]] = stride * np.sin(leg) + 0.2 * stride + 0.3 * running * forward
        bend = rng.uniform(1.3, 2.0) if running else rng.uniform(0.7, 1.1)
        early = np.maximum(np.cos(leg + 0.5), 0) ** 1.5
        angles[:, COLUMN[f"{side}_knee"]] = (
            0.08 + 0.25 * running + bend * early + 0.12 * np.maximum(-np.cos(leg - 0.6), 0)
        )
        angles[:, COLUMN[f"{side}_ankle"]] = -0.3 * np.maximum(-np.sin(leg + 0.3), 0) + 0.1
        angles[:, COLUMN[f"{side}_shoulder_flex"]] -= swing * np.sin(leg)
        angles[:, COLUMN[f"{side}_elbow"]] += elbow
    angles[:, COLUMN["root_pitch"]] = lean
    angles[:, COLUMN["chest_yaw"]] = 0.5 * swing * 0.3 * np.sin(phase)
    velocity, lift = np.zeros((len(phase), 2)), None
    if running:
        velocity[:, 0] = rng.uniform(1.3, 4.2) * stride / 0.65
        lift = rng.uniform(0.03, 0.09) * np.maximum(np.cos(2 * phase + 0.3), 0)
    else:
        step = 2 * LEG * np.sin(stride)
        velocity[:, 0] = 2 * cadence * step * rng.uniform(0.85, 1.2) * (1 + 0.1 * np.sin(2 * phase))
    motion = move(rng, style, action, angles, velocity=velocity, lift=lift)
    if rng.random() < ON_THE_SPOT:
        motion = replace(motion, velocity=0.1 * velocity)
    if rng.random() < 0.4:
        return motion.turned(np.cumsum(np.full(len(phase), rng.normal(0, 0.35) / RATE)))
    return motion


def jump(rng: Rng, style: Style) -> Motion:
    """Jump on the spot or forward, once or several times, now and then as a jumping jack."""
    forward = rng.uniform(0.5, 2.0) if rng.random() < 0.4 else 0.0
    jack = rng.random() < 0.2 and not forward
    pieces = []
    for _ in range(rng.integers(1, 4)):
        flight = rng.uniform(0.25, 0.6)
        depth = rng.uniform(0.15, 0.9) * style.vigour
        down, up = rng.uniform(0.15, 0.45), rng.uniform(0.12, 0.25)
        swing = rng.uniform(0, 1.6)
        crouch = {
            **both(hip_flex=1.1 * depth, knee=1.9 * depth, ankle=0.8 * depth, shoulder_flex=-0.5 * swing),
            "root_pitch": 0.5 * depth,
        }
        reach = {**both(hip_flex=0.1, knee=0.05, ankle=-0.5, shoulder_flex=swing)}
        air = {**both(hip_flex=rng.uniform(0, 0.9), knee=rng.uniform(0.1, 1.3), shoulder_flex=swing)}
        if jack:
            air |= both(hip_flex=0.0, knee=0.1, hip_abd=0.5, shoulder_flex=0.0, shoulder_abd=rng.uniform(1.6, 2.8))
        land = {**both(hip_flex=0.6 * depth, knee=1.1 * depth, ankle=0.5 * depth), "root_pitch": 0.25 * depth}
        times = np.cumsum([0, down, up, flight / 2, flight / 2, 0.15, rng.uniform(0.1, 0.3)]) * style.pace
        motion = animate(rng, style, "jump", times, [{}, crouch, reach, air, land, land, {}])
        t = np.arange(len(motion)) / RATE - down - up * 0.8
        lift = np.where((t > 0) & (t < flight), 4.9 * t * (flight - t), 0.0)
        velocity = motion.velocity.copy()
        velocity[lift > 0] = forward, 0.0
        pieces.append(replace(motion, lift=lift, velocity=velocity))
    return join(pieces)


def kick(rng: Rng, style: Style) -> Motion:
    """Kick with one leg, to the front or to the side, low or high."""
    side = str(rng.choice(["r", "l"]))
    height = rng.uniform(0.6, 1.7)
    guard = both(shoulder_flex=rng.uniform(0.2, 0.8), elbow=rng.uniform(0.8, 2.2)) if rng.random() < 0.5 else {}
    sideways = rng.random() < 0.35
    support = one(other(side), knee=0.2, hip_flex=0.1)
    lean = rng.uniform(0.0, 0.5) * height
    back = {**guard, **one(side, hip_flex=-0.35, knee=0.7), "root_pitch": 0.1}
    chamber = {**guard, **support, **one(side, hip_flex=height, knee=rng.uniform(1.2, 1.9))}
    hit = {**guard, **support, **one(side, hip_flex=height, knee=0.1), "root_pitch": -0.5 * lean}
    if sideways:
        chamber |= one(side, hip_flex=0.6, hip_abd=0.6 * height)
        hit |= one(side, hip_flex=0.3, hip_abd=height) | {
            "root_roll": (1 if side == "r" else -1) * -0.5 * lean,
            "root_pitch": 0.0,
        }
    times, poses = [0.0], [guard]
    for _ in range(rng.integers(1, 4)):
        steps = [
            rng.uniform(0.15, 0.35),
            rng.uniform(0.12, 0.25),
            rng.uniform(0.1, 0.18),
            rng.uniform(0.12, 0.25),
            rng.uniform(0.2, 0.35),
        ]
        times += list(times[-1] + np.cumsum(steps))
        poses += [back if rng.random() < 0.6 else guard, chamber, hit, chamber, guard]
    return animate(rng, style, "kick", times, poses)


def bend(rng: Rng, style: Style) -> Motion:
    """Bend down and pick something up, with straight or bent knees, and come up again."""
    squat = rng.uniform(0.0, 1.0)
    depth = rng.uniform(0.8, 1.0)
    pitch, knee = (1.5 - 0.9 * squat) * depth, (0.2 + 1.9 * squat) * depth
    # The hips go back so that the person does not fall: the legs lean by what the knees bend.
    down = {
        "root_pitch": 0.6 * pitch,
        "chest_pitch": 0.5 * pitch + 0.2,
        **both(hip_flex=0.6 * pitch + 0.55 * knee, knee=knee, ankle=0.35 * knee),
    }
    reach = both(shoulder_flex=rng.uniform(0.6, 1.3), elbow=0.1)
    if rng.random() < 0.5:
        side = str(rng.choice(["r", "l"]))
        reach = one(side, shoulder_flex=rng.uniform(0.6, 1.4), elbow=0.1) | {"chest_yaw": rng.normal(0, 0.2)}
    after = both(shoulder_flex=0.2, elbow=rng.uniform(0.6, 1.4)) if rng.random() < 0.4 else {}
    times = np.cumsum([0, rng.uniform(0.6, 1.1), rng.uniform(0.2, 1.2), rng.uniform(0.6, 1.1)])
    return animate(
        rng,
        style,
        "bend",
        times,
        [arms(rng) if rng.random() < 0.3 else {}, {**down, **reach}, {**down, **reach}, after],
    )


UPRIGHT: dict[str, Callable[[Rng, Style], Motion]] = {
    "stand": stand, "walk": walk, "run": run, "jump": jump, "wave": wave, "punch": punch, "kick": kick, "clap": clap,
    "raise hands": raise_hands, "bend": bend, "unknown": gesture,
}  # fmt: skip
"""Actions that begin and end on the feet."""
