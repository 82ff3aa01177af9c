"""People in space and their events, as messages."""

from __future__ import annotations

import math

from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point, Vector3
from std_msgs.msg import Header

from opendr_perception.msg import Person, PersonArray, PersonEvent
from opendr_perception.ros.convert.messages import box
from opendr_perception.tasks.fusion import Event, SceneReport
from opendr_perception.tasks.fusion import Person as PersonInSpace


def person_array(header: Header, size: tuple[int, int], people: SceneReport) -> PersonArray:
    """The people of one image of a width and height; the header names the frame of their positions."""
    return PersonArray(header=header, width=size[0], height=size[1], people=list(map(person, people.people)))


def person(one: PersonInSpace) -> Person:
    """One person."""
    # The messages' C code ends the process where a float is none.
    position, velocity = one.place.position.tolist(), one.place.velocity.tolist()
    return Person(
        person_id=one.id,
        name=one.name,
        name_confidence=float(one.name_confidence),
        name_source=int(one.name_source),
        body_id=one.body,
        face_id=one.face,
        voice_id=one.voice,
        camera=one.camera,
        box=box(one.box),
        score=float(one.score),
        visible=one.visible,
        position=Point(x=position[0], y=position[1], z=position[2]),
        position_covariance=one.place.covariance.ravel(),
        velocity=Vector3(x=velocity[0], y=velocity[1], z=velocity[2]),
        position_source=int(one.place.source),
        distance=float(one.distance),
        zone=int(one.zone),
        looking=bool(one.looking),
        speaking=bool(one.voice),
        action=one.manner.action,
        action_score=float(one.manner.action_score),
        expression=one.manner.expression,
        valence=float(one.manner.valence),
        arousal=float(one.manner.arousal),
        first_seen=_time(one.first_seen),
        last_seen=_time(one.last_seen),
    )


def person_event(header: Header, event: Event) -> PersonEvent:
    """Something that begins or ends."""
    return PersonEvent(
        header=header,
        person_id=event.person,
        kind=event.kind,
        begins=event.begins,
        score=float(event.score),
        reason=event.reason,
    )


def _time(seconds: float) -> Time:
    whole = math.floor(seconds)
    return Time(sec=whole, nanosec=min(round((seconds - whole) * 1e9), 10**9 - 1))
