"""Persons of all streams below `/humans/persons`: who is there, by which face, body and voice, and how engaged."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from rclpy.publisher import Publisher
from std_msgs.msg import Bool, Float32, Header, String

from opendr_perception.msg import Person, PersonArray
from opendr_perception.ros.convert import stamps
from opendr_perception.ros.hri.convert import topic_id
from opendr_perception.ros.hri.features import Features
from opendr_perception.ros.node import ManagedNode, qos
from opendr_perception.tasks.people.engagement import Engagement

LATCHED = ("anonymous", "name", "face_id", "body_id", "voice_id")
SPACES = {
    "in_personal_space": (Person.ZONE_INTIMATE, Person.ZONE_PERSONAL),
    "in_social_space": (Person.ZONE_SOCIAL,),
    "in_public_space": (Person.ZONE_PUBLIC,),
}
"""Zones of each list of persons; personal space holds the intimate one."""
KNOWN_FOR = 600.0
"""Seconds after which a person who has not come back is known no more, as by the node `people`,"""
MOST_KNOWN = 24
"""and how many are at once: each has eight topics."""
AGAIN = 1.0
"""Seconds after which matches are said again, for whoever came later."""
REMEMBERED, SEEN = 0.5, 1.0
"""Confidence in the place of who was seen a moment ago, and of who is seen."""

Match = tuple[str, int, str, int]


class PersonTopics:
    """Publishes persons, and how faces, bodies and voices belong to them, until `close`.

    Args:
        node: that publishes.
        types: the module hri_msgs.msg.
        root: /humans.
    """

    def __init__(self, node: ManagedNode, types: ModuleType, root: str) -> None:
        self._node, self._types = node, types
        topics = dict.fromkeys(("name", "face_id", "body_id", "voice_id"), String)
        self._features = Features(
            node,
            types,
            f"{root}/persons",
            {"anonymous": Bool, "engagement_status": types.EngagementLevel, "location_confidence": Float32, **topics},
            LATCHED,
        )
        self._matches: Publisher = node.create_publisher(types.IdsMatch, f"{root}/candidate_matches", qos.result(50))
        self._known: dict[str, float] = {}
        self._engaged: dict[str, Engagement] = {}
        self._seen: dict[str, Mapping[str, Person]] = {}
        self._matched: dict[Match, tuple[float, float]] = {}
        self._tell_known(Header())

    def close(self) -> None:
        """Take all topics away."""
        self._features.close()
        self._node.destroy_publisher(self._matches)

    def take(self, stream: str, message: PersonArray) -> None:
        """The people of an image of a stream."""
        people = {topic_id(one.person_id, ""): one for one in message.people if one.person_id}
        now = time.monotonic()
        for identifier in people:  # to the end of the order
            self._known.pop(identifier, None)
            self._known[identifier] = now
        self._known = {one: since for one, since in self._known.items() if now - since < KNOWN_FOR}
        while len(self._known) > MOST_KNOWN:
            del self._known[next(iter(self._known))]
        self._engaged = {one: kept for one, kept in self._engaged.items() if one in self._known}
        self._seen[stream] = people
        visible = [one for one, person in people.items() if person.visible]
        self._features.update(stream, visible, message.header, list(self._known))
        self._tell_known(message.header)
        self._tell_spaces(message.header)
        for identifier, person in people.items():
            self._tell(stream, identifier, person, message.header)
        self._match(self._pairs(), now)

    def expire(self, header: Header) -> None:
        """Let go of who was seen in streams that are silent."""
        for stream in self._features.expire(header):
            self._seen[stream] = {}
            self._tell_spaces(header)
            self._match(self._pairs(), time.monotonic())

    def _tell_known(self, header: Header) -> None:
        self._features.tell("known", list(self._known), header)

    def _tell_spaces(self, header: Header) -> None:
        visible = {one: who for people in self._seen.values() for one, who in people.items() if who.visible}
        for name, zones in SPACES.items():
            self._features.tell(name, [one for one, who in visible.items() if who.zone in zones], header)

    def _tell(self, stream: str, identifier: str, person: Person, header: Header) -> None:
        def publish(topic: str, message: object) -> None:
            self._features.publish(identifier, topic, message)

        if not person.visible and any(
            identifier in people and people[identifier].visible for people in self._seen.values()
        ):
            return  # another camera sees them
        for topic, value in (("face_id", person.face_id), ("body_id", person.body_id), ("voice_id", person.voice_id)):
            publish(topic, String(data=topic_id(value, person.camera) if value and person.visible else ""))
        publish("name", String(data=person.name))
        publish("anonymous", Bool(data=not person.name))
        located = person.position_source != Person.POSITION_NONE
        publish("location_confidence", Float32(data=(SEEN if person.visible else REMEMBERED) if located else 0.0))
        engaged = self._engaged.get(identifier, Engagement()).after(
            stamps.nanoseconds(header.stamp) * 1e-9,
            person.visible and bool(person.face_id),
            person.looking,
            person.distance,
        )
        self._engaged[identifier] = engaged
        publish("engagement_status", self._types.EngagementLevel(header=header, level=int(engaged.level)))

    def _pairs(self) -> dict[Match, float]:
        """Parts and their persons, and how sure that is: a face as sure as the name that it has given."""
        kinds = self._types.IdsMatch
        found = {}
        for people in self._seen.values():
            for identifier, person in people.items():
                for one, kind, sure in _parts(person, kinds):
                    found[one, kind, identifier, kinds.PERSON] = sure
        return found

    def _match(self, pairs: Mapping[Match, float], now: float) -> None:
        """Say what is new, what has changed, and again from time to time what stays; and what is over, with 0."""
        for match, sure in pairs.items():
            told, when = self._matched.get(match, (-1.0, now))
            if abs(told - sure) > 0.05 or now - when > AGAIN:
                self._matched[match] = sure, now
                self._say(match, sure)
        for match in set(self._matched) - set(pairs):
            del self._matched[match]
            self._say(match, 0.0)

    def _say(self, match: Match, sure: float) -> None:
        one, kind, other, other_kind = match
        self._matches.publish(
            self._types.IdsMatch(id1=one, id1_type=kind, id2=other, id2_type=other_kind, confidence=sure)
        )


def _parts(person: Person, kinds: Any) -> Iterator[tuple[str, int, float]]:
    if not person.visible:
        return
    named = person.name and person.name_source == Person.NAME_FACE
    sure_face = min(max(person.name_confidence, 0.01), 1.0) if named else 1.0
    for value, kind, sure in (
        (person.face_id, kinds.FACE, sure_face),
        (person.body_id, kinds.BODY, 1.0),
        (person.voice_id, kinds.VOICE, 1.0),
    ):
        if value:
            yield topic_id(value, person.camera), kind, sure
