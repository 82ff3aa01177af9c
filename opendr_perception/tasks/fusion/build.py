"""From settings to a perceiver of people in space: who is there, where, and what happens."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from opendr_perception import settings as values
from opendr_perception.tasks.fusion.clock import CommonTime
from opendr_perception.tasks.fusion.clothes import STRIPES, Look, uncovered
from opendr_perception.tasks.fusion.doings import end_all, observe
from opendr_perception.tasks.fusion.doubting import let_go, may_be_another, surely_worn
from opendr_perception.tasks.fusion.following import CameraMemory, Followed, SceneInstant, keys_of
from opendr_perception.tasks.fusion.joining import SeenPerson, join
from opendr_perception.tasks.fusion.known import Everybody, KnownPerson, Whereabouts
from opendr_perception.tasks.fusion.placing import in_two_places
from opendr_perception.tasks.fusion.recognising import PersonRecogniser
from opendr_perception.tasks.fusion.settings import Settings
from opendr_perception.tasks.fusion.sight import (
    Event,
    Manner,
    NameSource,
    Person,
    PersonLocation,
    SceneReport,
    Sight,
)
from opendr_perception.tasks.fusion.space import approach, direction, follow, head_of, locate, looks_here, zone_of
from opendr_perception.tasks.people import looks, new_ids
from opendr_perception.tasks.perceiver import Moment, Perceiver, Warn

DOUBTED = 0.5
"""Share of the confidence in a name that stays while it is doubted that a track is still of the same person."""


class ScenePerceiver(Perceiver[Settings, Sight, CameraMemory, SceneReport]):
    """Fuses what others have found in the images of any number of cameras; all cameras see the same people."""

    def __init__(self, settings: Settings, warn: Warn) -> None:
        super().__init__(settings)
        self._warn = warn
        self._everybody = Everybody(new_ids())
        self._recogniser = PersonRecogniser(self._everybody, warn)
        self._clock = CommonTime()

    def new_memory(self) -> CameraMemory:
        return CameraMemory()

    def perceive(self, moments: Sequence[Moment[Sight, CameraMemory]]) -> Iterable[SceneReport]:
        return map(self._answer, moments)

    def _answer(self, moment: Moment[Sight, CameraMemory]) -> SceneReport:
        sight, memory = moment.input, moment.memory
        time, doubt = self._clock.of(sight.camera, moment.stamp)
        if doubt:
            self._warn(doubt)
        instant = SceneInstant(sight, memory, moment.stamp, time)
        everybody = self._distinct(join(sight, memory.faces), sight.camera)
        looks_of = self._looks(sight, everybody)
        found, events = self._recogniser.identify(instant, everybody, looks_of, self.settings)
        people = [self._update(instant, seen, known, looks_of, events) for seen, known in found]
        memory.forget(time, self.settings.lost_after, everybody)
        events += self._leave(time)
        shown = {person.id for person in people}
        return SceneReport([*people, *self._unseen(sight.camera, shown, time)], events)

    def _distinct(self, everybody: list[SeenPerson], camera: str) -> list[SeenPerson]:
        """Without those who have the id of somebody else in the image, and those without any."""
        taken: set[str] = set()
        kept = []
        for seen in sorted(everybody, key=lambda one: -one.score):
            keys = keys_of(seen)
            if taken.intersection(keys):
                self._warn(f"{camera or 'the camera'}: an id is given to two people of one image; the first has it")
            elif keys:
                taken.update(keys)
                kept.append(seen)
        return kept

    def _looks(self, sight: Sight, everybody: Sequence[SeenPerson]) -> dict[str, Look]:
        """The look of each body, by its id, that shows its clothes."""
        if sight.image is None:
            return {}
        clear = uncovered(sight.bodies.boxes.astype(np.float64), sight.size)
        chosen = {one.body: one.box for one in everybody if one.place is not None and one.body and clear[one.place]}
        if not chosen:
            return {}
        return dict(zip(chosen, looks(sight.image, np.stack(list(chosen.values())), STRIPES), strict=True))

    def _update(
        self, now: SceneInstant, seen: SeenPerson, known: KnownPerson, looks_of: dict[str, Look], events: list[Event]
    ) -> Person:
        """Take note of what is seen of somebody, and say it."""
        sight, settings = now.sight, self.settings
        look = looks_of.get(seen.body)
        followed = now.memory.tracks.get(f"b{seen.body}")
        if look is not None and self._theirs(now, seen, known, followed, look):
            known.wardrobe = known.wardrobe.wear(look)
            if _has_own_face(seen, known):
                known.portrait = known.portrait.wear(look)
        fix = locate(sight, seen, settings)
        if fix is not None and sight.mount is not None:
            since = now.time if followed is None else followed.since
            here = Whereabouts(now.time, sight.frame, sight.mount.apply(fix.point), since)
            if followed is not None and in_two_places(known, followed, sight.camera, here):
                let_go(now.memory, f"b{seen.body}", followed, known, sight.camera)
            known.places[sight.camera] = here
            known.motion = follow(known.motion, fix, sight.mount, sight.frame, now.time)
        place = self._place(known, sight.frame, now.time)
        way = approach(place, sight.mount)
        known.zone = zone_of(way.distance, known.zone)
        known.looking = sight.lens is not None and looks_here(seen.face, sight.lens, known.looking)
        labels = () if sight.actions is None else tuple(sight.actions.labels)
        known.doings, begun = observe(known.doings, known.id, seen, labels, way, settings.near, now.time, sight.camera)
        events += [_directed(event, sight, seen) for event in begun]
        name, confidence, source = self._named(now, seen, known, followed, look)
        before = known.newest
        if name and source == NameSource.FACE and known.told != name:
            known.told = name
            events.append(Event(known.id, "named", True, confidence, f"the face of {name} is recognised"))
        known.time, known.has_body = now.time, known.has_body or bool(seen.body)
        known.cameras[sight.camera] = now.time
        known.newest = Person(
            known.id,
            name,
            confidence,
            source,
            seen.body,
            "" if seen.face is None else seen.face.track,
            sight.camera,
            seen.box,
            seen.score,
            True,
            place,
            way.distance,
            known.zone,
            known.looking,
            _manner(sight, seen, before),
            first_seen=known.first_seen,
            last_seen=now.stamp,
            voice="" if seen.face is None else sight.voices.get(seen.face.track, ""),
            head=head_of(sight, seen, way.distance),
        )
        return known.newest

    def _theirs(
        self, now: SceneInstant, seen: SeenPerson, known: KnownPerson, followed: Followed | None, look: Look
    ) -> bool:
        """True if a look is surely of the one whose track it is."""
        if followed is not None and followed.trial is not None:
            return False
        return _has_own_face(seen, known) or surely_worn(known, look, now.memory, self._everybody, now.time)

    def _named(
        self, now: SceneInstant, seen: SeenPerson, known: KnownPerson, followed: Followed | None, look: Look | None
    ) -> tuple[str, float, NameSource]:
        """The name of somebody in an image; none where it could be that of another one."""
        name, confidence, source = known.naming.given(now.time, self.settings.name_half_life)
        if followed is None or now.sight.image is None or _has_own_face(seen, known):
            return name, confidence, source
        if may_be_another(known, followed, look, now.memory, self._everybody, now.time):
            return "", 0.0, NameSource.NONE
        if followed.trial is not None and source == NameSource.FACE:
            return name, DOUBTED * confidence, NameSource.APPEARANCE
        return name, confidence, source

    def _place(self, known: KnownPerson, frame: str, time: float) -> PersonLocation:
        if known.motion is None or known.motion.frame != frame or time - known.motion.time > self.settings.lost_after:
            return PersonLocation.unknown()
        return known.motion.at(time).place()

    def _leave(self, time: float) -> list[Event]:
        """Say who has left, and forget who left long ago."""
        events = []
        for known in self._everybody:
            if not known.left and time - known.time > self.settings.lost_after:
                known.left = True
                reason = f"not seen for {self.settings.lost_after:g} s"
                events += end_all(known.doings, known.id, reason)
                events.append(Event(known.id, "left", True, 1.0, reason))
                known.doings = type(known.doings)()
        self._everybody.forget(time, self.settings.forget_after, self.settings.max_remembered)
        return events

    def _unseen(self, camera: str, shown: set[str], time: float) -> Iterator[Person]:
        """Those whom a camera does not see just now, but saw a moment ago, and no other one sees."""
        for known in self._everybody:
            newest = known.newest
            if known.left or newest is None or newest.camera != camera or known.id in shown:
                continue
            frame = "" if known.motion is None else known.motion.frame
            name, confidence, source = known.naming.given(time, self.settings.name_half_life)
            place = self._place(known, frame, time)
            yield replace(
                newest,
                visible=False,
                face="",
                looking=False,
                voice="",
                place=place,
                head=newest.head and newest.head.moved(place.position - newest.place.position),
                name=name,
                name_confidence=confidence,
                name_source=source,
            )


def _has_own_face(seen: SeenPerson, known: KnownPerson) -> bool:
    """True if the image shows the face by which somebody has their name."""
    face = seen.face
    return face is not None and not seen.disputed and face.identity.name == known.naming.name != ""


def _directed(event: Event, sight: Sight, seen: SeenPerson) -> Event:
    """An event, with the direction in space if somebody points and depth tells where."""
    if event.kind != "pointing" or not event.begins:
        return event
    towards = direction(sight, seen, left="left arm" in event.reason)
    if towards is None:
        return event
    x, y, z = towards
    return replace(event, reason=f"{event.reason}, towards {x:.2f} {y:.2f} {z:.2f} in {sight.frame or 'the camera'}")


def _manner(sight: Sight, seen: SeenPerson, before: Person | None) -> Manner:
    """Action and expression; an expression stays where a face is not judged in every image."""
    manner = Manner()
    if seen.action is not None and sight.actions is not None:
        best = int(seen.action.probabilities.argmax())
        manner = Manner(sight.actions.labels[best], float(seen.action.probabilities[best]))
    if seen.emotion is not None and sight.emotions is not None:
        shown = sight.emotions.labels[int(seen.emotion.probabilities.argmax())]
        return replace(manner, expression=shown, valence=seen.emotion.valence, arousal=seen.emotion.arousal)
    if before is not None and seen.face is not None and before.face == seen.face.track:
        old = before.manner
        return replace(manner, expression=old.expression, valence=old.valence, arousal=old.arousal)
    return manner


def build(
    settings: Settings = Settings(),  # noqa: B008 - it cannot change
    warn: Warn = warnings.warn,
) -> ScenePerceiver:
    """A perceiver of people in space.

    Args:
        settings: what is wanted.
        warn: is told what a user should know.

    Raises:
        ValueError: a setting has a value that is not allowed.
    """
    values.check(settings)
    return ScenePerceiver(settings, warn)
