"""Admissible speed of a robot beside a person: speed and separation monitoring after ISO/TS 15066:2016, 5.5.4.

The protective distance is what the person walks until the robot stands, and what the robot moves until then:

    S = v_h (T + v / a) + c T + c v / (2 a)

with the person's speed v_h, the reaction time T, the robot's deceleration a, its speed v, and the part c of it that is
directed to the person. Here it is solved for the speed. What leads away from the person needs no distance. At rest the
formula still asks for v_h T = 0.48 m and is never content with who comes nearer, so a creeping speed stays allowed.
"""

from __future__ import annotations

import math

from opendr_perception.active.surroundings import PersonPosition, Velocity

WALKING = 1.6
"""m/s, of a person (ISO 13855)."""
REACTION = 0.3
"""Seconds from what happens to the robot's first braking; 0.27 s is the longest that `bench active` has measured."""


def exposed_speed(velocity: Velocity, person: PersonPosition) -> float:
    """Return the speed without the part that leads away from a person, m/s."""
    across = velocity.x * math.sin(person.bearing) - velocity.y * math.cos(person.bearing)
    return math.hypot(max(person.closing_speed(velocity), 0.0), across)


def separation_share(
    velocity: Velocity, person: PersonPosition, radius: float, deceleration: float, creep: float
) -> float:
    """Return which part of a velocity keeps the protective distance to a person, in (0, 1].

    Args:
        velocity: of the robot.
        person: where they are, from the robot's centre.
        radius: of the robot, m.
        deceleration: with which it brakes, m/s².
        creep: speed that is allowed at every distance, m/s.
    """
    speed = exposed_speed(velocity, person)
    if speed <= creep:
        return 1.0
    closing = max(person.closing_speed(velocity), 0.0)
    room = person.distance - radius - WALKING * REACTION
    quadratic, linear = closing * speed / (2 * deceleration), WALKING * speed / deceleration + closing * REACTION
    share = 2 * max(room, 0.0) / (linear + math.sqrt(linear**2 + 4 * quadratic * max(room, 0.0)))
    return min(1.0, max(share, creep / speed))
