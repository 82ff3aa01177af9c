"""Assignment of tracks to people: those who go on, those who have come back, and new ones."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from opendr_perception.tasks.fusion.clothes import Look, Match, recognise
from opendr_perception.tasks.fusion.doubting import hold_trials
from opendr_perception.tasks.fusion.following import UNLIKE, CameraMemory, Followed, SceneInstant, keys_of
from opendr_perception.tasks.fusion.joining import SeenPerson
from opendr_perception.tasks.fusion.known import Everybody, KnownPerson
from opendr_perception.tasks.fusion.naming import Naming
from opendr_perception.tasks.fusion.placing import (
    ALIKE,
    JUST_SEEN,
    SAME_PLACE,
    by_place,
    distance,
    elsewhere,
    one_after_all,
)
from opendr_perception.tasks.fusion.settings import Settings
from opendr_perception.tasks.fusion.sight import Event, NameSource, Sight
from opendr_perception.tasks.fusion.space import locate
from opendr_perception.tasks.perceiver import Warn

SAME_TRACK = 0.9
"""Probability that a track that goes on after a gap is of the same person."""
SAME_TWO = 0.8
"""Probability that who is seen at one place by two cameras is one person."""
CLOSE_BY = 1.0
"""Heights of a box that somebody may have moved, who was lost a moment ago and is there again."""
EASIER = 0.06
"""Likeness less that is needed of them."""
PATIENCE = 3.0
"""Times `appear_after` that somebody is waited for whose clothes are not seen well, or whose face alone is seen."""

Found = list[tuple[SeenPerson, KnownPerson]]


class PersonRecogniser:
    """Tells whose the tracks of an image are.

    Args:
        everybody: who is known; those who come are added.
        warn: is told of ids that others give wrongly.
    """

    def __init__(self, everybody: Everybody, warn: Warn) -> None:
        self._everybody, self._warn = everybody, warn

    def identify(
        self,
        now: SceneInstant,
        seen: Sequence[SeenPerson],
        looks: Mapping[str, Look],
        settings: Settings,
    ) -> tuple[Found, list[Event]]:
        """Say who each of those is who are seen, as far as that is known by now."""
        time, memory = now.time, now.memory
        found: Found = []
        waiting = []
        taken: set[str] = set()
        for one in seen:
            self._follow(one, now, looks.get(one.body), settings)
        hold_trials(memory, looks, self._everybody, now.sight.camera, settings.same_look - EASIER, time)
        going_on = [(one, *self._going_on(one, memory)) for one in seen]
        for one, known, by_body in sorted(going_on, key=lambda each: not each[2]):  # bodies first: faces go over
            if known is not None and known.id not in taken and (by_body or self._fits(known, one, looks)):
                taken.add(known.id)
                found.append((one, known))
            else:
                waiting.append(one)
        events: list[Event] = []
        for one in waiting:
            followed = memory.tracks[keys_of(one)[0]]
            if not self._ripe(one, followed, now, settings):
                continue
            known, event = self._who(one, followed, taken, now, settings)
            events += event
            taken.add(known.id)
            found.append((one, known))
        for number, (one, known) in enumerate(found):
            known = self._name(one, self._second_look(one, known, taken, now, settings), taken, now, settings, events)
            found[number] = (one, known)
            for key in keys_of(one)[: 1 if one.disputed else None]:
                memory.tracks[key].person = known.id
        return found, events

    def _fits(self, known: KnownPerson, seen: SeenPerson, looks: Mapping[str, Look]) -> bool:
        """True if a body, of which only the face is known, can be of somebody."""
        look = looks.get(seen.body)
        return look is None or not known.wardrobe.views or known.wardrobe.likeness(look) >= ALIKE

    def _follow(self, seen: SeenPerson, now: SceneInstant, look: Look | None, settings: Settings) -> None:
        """Take note of somebody's tracks; an id that was given to somebody else is followed anew."""
        memory, time = now.memory, now.time
        for key in keys_of(seen):
            box = seen.box if key[0] == "b" or seen.face is None else seen.face.box
            before = memory.tracks.get(key)
            leapt = before is not None and before.leaps_to(box) and self._unlike(before, look)
            if leapt and key[0] == "b":  # the track of a face may jump to the next one
                camera = now.sight.camera or "the camera"
                self._warn(f"{camera}: an id is given to somebody else; they are told apart")
            if leapt or (before is not None and time - before.time > settings.lost_after):
                del memory.tracks[key]
            memory.follow(key, box, look if key[0] == "b" else None, time)

    def _going_on(self, seen: SeenPerson, memory: CameraMemory) -> tuple[KnownPerson | None, bool]:
        """The person of a track, as it was known before, and whether by its body, which counts before its face."""
        known, by_body, not_of = None, False, ""
        for key in keys_of(seen):
            owner = self._everybody.get(memory.tracks[key].person) if memory.tracks[key].person else None
            if key[0] == "b":
                not_of = memory.tracks[key].not_of
            elif seen.disputed or (owner is not None and owner.id == not_of):  # the track of the face has gone over too
                owner = None
            if owner is not None and known is not None and owner is not known and not owner.has_body:
                known = self._everybody.merge(known, owner)  # the face was there before its body
            by_body = by_body or (owner is not None and key[0] == "b")
            known = known or owner
        return known, by_body

    def _unlike(self, followed: Followed, look: Look | None) -> bool:
        owner = self._everybody.get(followed.person) if followed.person else None
        if owner is None or look is None or not owner.wardrobe.views:
            return False
        return owner.wardrobe.likeness(look) < UNLIKE

    def _ripe(self, seen: SeenPerson, followed: Followed, now: SceneInstant, settings: Settings) -> bool:
        """True if enough was seen to say who it is."""
        waited = now.time - followed.since
        if followed.not_of:
            return True
        if followed.images < 2 and settings.appear_after > 0:
            return False
        dressed = followed.looks is not None or now.sight.image is None
        clear = dressed if seen.body else not len(now.sight.bodies)
        return waited >= settings.appear_after * (1.0 if clear else PATIENCE)

    def _who(
        self, seen: SeenPerson, followed: Followed, taken: set[str], now: SceneInstant, settings: Settings
    ) -> tuple[KnownPerson, list[Event]]:
        """Somebody who has come back, or somebody new; and that they have appeared."""
        match = self._match(seen, followed, taken, now, settings)
        if match is None:
            known = self._everybody.welcome(now.stamp, now.time)
            return known, [Event(known.id, "appeared", True, 1.0, "never seen before")]
        back = self._everybody.get(match.person)
        assert back is not None
        back.naming = back.naming.carry(match.probability)
        events = []
        if back.left:
            by = f"clothes alike by {match.likeness:.2f}" if match.likeness else "by the face"
            events.append(Event(back.id, "appeared", True, match.probability, f"seen before, {by}"))
            back.left = False
        return back, events

    def _match(
        self, seen: SeenPerson, followed: Followed, taken: set[str], now: SceneInstant, settings: Settings
    ) -> Match | None:
        """The best match among the people who are not seen: by face, by place, or by clothes."""
        sight, time = now.sight, now.time
        free = {
            known.id: known
            for known in self._everybody
            if known.id not in taken and known.cameras.get(sight.camera, -math.inf) < followed.since
        }
        if seen.face is not None and seen.face.identity.name and not seen.disputed:
            named = self._everybody.named(seen.face.identity.name, time, settings.name_half_life, without=taken)
            if len(named) == 1 and named[0].id in free:
                return Match(named[0].id, 0.0, 1.0)
        for name, known in free.items():
            newest = known.newest
            same_track = newest is not None and newest.body == seen.body != "" and followed.not_of != known.id
            if same_track and self._close_by(known, seen, sight.camera, time, settings):  # after a gap of the stream
                return Match(name, 0.0, SAME_TRACK)
        here = self._where(seen, sight, settings)
        if here is not None:
            lately = [known for known in free.values() if time - known.time <= JUST_SEEN]
            unseen = [known for known in self._everybody if known not in lately and known.id not in taken]
            there = None
            if seen.body and (followed.look is not None or sight.image is None):
                there = by_place(followed.look, here, sight.frame, lately, unseen)
            if there is not None:
                alike = there.wardrobe.likeness(followed.look) if followed.look is not None else 0.0
                return Match(there.id, alike, SAME_TWO)
            far = {known.id for known in lately if distance(known, here, sight.frame) > 2 * SAME_PLACE}
            free = {name: known for name, known in free.items() if name not in far}
        if followed.look is None:
            return None
        rivals = {known.id: known.wardrobe for known in self._everybody if known.id in taken}
        close = {name for name, known in free.items() if self._close_by(known, seen, sight.camera, time, settings)}
        for names, least in ((close, settings.same_look - EASIER), (free.keys(), settings.same_look)):
            candidates = {name: free[name].wardrobe for name in names}
            others = {name: known.wardrobe for name, known in free.items() if name not in names}
            if match := recognise(followed.look, candidates, rivals | others, least):
                return match
        return None

    def _second_look(
        self, seen: SeenPerson, known: KnownPerson, taken: set[str], now: SceneInstant, settings: Settings
    ) -> KnownPerson:
        """The one person of a body that has two ids by now, one for each camera that sees it; else who is known."""
        others = elsewhere(known, now.sight.camera, self._everybody, now.time) if seen.body else []
        here = self._where(seen, now.sight, settings) if others else None
        if here is None:
            return known
        other = one_after_all(now.memory.tracks[f"b{seen.body}"], here, now.sight.frame, others)
        if other is None or other.id in taken:
            return known
        taken.discard(known.id)
        known = self._everybody.merge(known, other)
        taken.add(known.id)
        return known

    def _where(self, seen: SeenPerson, sight: Sight, settings: Settings) -> np.ndarray | None:
        if not sight.frame or sight.mount is None:
            return None
        fix = locate(sight, seen, settings)
        return None if fix is None else sight.mount.apply(fix.point)

    def _close_by(self, known: KnownPerson, seen: SeenPerson, camera: str, time: float, settings: Settings) -> bool:
        """True if somebody was lost a moment ago near to where somebody is found."""
        newest = known.newest
        if newest is None or newest.camera != camera or time - known.time > settings.lost_after:
            return False
        height = max(float(newest.box[3] - newest.box[1]), 1.0)
        away = (seen.box[:2] + seen.box[2:] - newest.box[:2] - newest.box[2:]) / 2
        return bool(np.linalg.norm(away) < CLOSE_BY * height)

    def _name(
        self,
        seen: SeenPerson,
        known: KnownPerson,
        taken: set[str],
        now: SceneInstant,
        settings: Settings,
        events: list[Event],
    ) -> KnownPerson:
        """Let somebody have the name of their face, and nobody else."""
        if seen.face is None or seen.disputed:
            return known
        time, before = now.time, known.naming
        known.naming = before.recognise(seen.face.identity, time)
        name, strength, source = known.naming.given(time, settings.name_half_life)
        if source != NameSource.FACE or not seen.face.identity.name:
            return known
        look = now.memory.tracks[keys_of(seen)[0]].last
        others = self._everybody.named(name, time, settings.name_half_life, without=[known.id])
        if look is not None:  # and whose track another one took over
            gone = (one for one in self._everybody if one.told == name and not one.naming.name and one.id not in taken)
            others += [one for one in gone if one.portrait.likeness(look) >= ALIKE]
        strange = look is not None and bool(known.portrait.views) and known.portrait.likeness(look) < UNLIKE
        if known.told not in ("", name) and strange and not any(other.id in taken for other in others):
            taken.discard(known.id)
            known = self._another(known, before, others, now, events)
            taken.add(known.id)
            return known
        for other in others:
            if other.id in taken:
                weaker = other if other.naming.given(time, settings.name_half_life)[2] != NameSource.FACE else None
                weaker = weaker or min(known, other, key=lambda one: one.naming.strength)
                weaker.naming = weaker.naming.without(name)
            else:
                taken.discard(known.id)
                both = {known.id, other.id}
                known = self._everybody.merge(known, other)
                taken.add(known.id)
                [young] = both - {known.id}
                events.append(
                    Event(known.id, "named", True, strength, f"{young} has the face of {name}, as {known.id}")
                )
        return known

    def _another(
        self, known: KnownPerson, before: Naming, others: Sequence[KnownPerson], now: SceneInstant, events: list[Event]
    ) -> KnownPerson:
        """The owner of a track that shows another one's face, and other clothes than were seen with the face before.

        Args:
            known: whose it was, whose naming has just taken the other name.
            before: their naming before.
            others: who have that name.
            now: the image.
            events: that are told; that somebody appears is added.
        """
        name, strength = known.naming.name, known.naming.strength
        other = next(iter(others), None)
        appears = other is None or other.left
        how = "never seen before" if other is None else "seen before, by the face"
        other = self._everybody.welcome(now.stamp, now.time) if other is None else other
        other.naming, other.left = known.naming.without(known.told), False
        known.naming = before.without(name)
        if appears:
            events.append(Event(other.id, "appeared", True, strength, how))
        return other
