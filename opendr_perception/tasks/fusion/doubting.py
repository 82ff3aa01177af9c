"""Tracks that may have gone over to somebody else: where people cross, a tracker takes one for the other.

A look that changes from one image to the next, or that was not seen for a moment, puts the track on trial: for some
images its clothes are compared with those of its owner and of all others about. Until that is decided, nothing is
learned from it, since else its owner would soon be known by the clothes of both.
"""

from __future__ import annotations

from collections.abc import Mapping

from opendr_perception.tasks.fusion.clothes import AHEAD, ANOTHER_VIEW, Look
from opendr_perception.tasks.fusion.following import UNLIKE, UNSEEN, CameraMemory, Followed, Trial
from opendr_perception.tasks.fusion.known import Everybody, KnownPerson

TRIED = 5
"""Images of a trial."""
ITS_OWN = 0.8
"""Mean likeness to its owner from which on a track on trial is not taken for that of another one."""
STRANGE = 0.4
"""Mean likeness to the owner below which a track is not theirs, although nobody is known whose it could be."""
LATELY = 0.5
"""Seconds since which a track that was seen stands for its owner."""
SURER = 0.05
"""Likeness by which another one must be ahead of the owner."""
CLOSE = 0.1
"""Likeness by which the owner must be ahead of another one in a trial, to keep the name meanwhile."""


def hold_trials(
    memory: CameraMemory, looks: Mapping[str, Look], everybody: Everybody, camera: str, least: float, time: float
) -> None:
    """Compare the tracks that are doubted with people, and let those go that are of somebody else.

    Args:
        memory: of the camera, in which the tracks of this image have been followed.
        looks: of each body that shows its clothes, by its id.
        everybody: who is known.
        camera: name of the stream.
        least: likeness from which another one can be the owner.
        time: of the image, s.
    """
    for key, look in ((f"b{body}", look) for body, look in looks.items()):
        followed = memory.tracks.get(key)
        owner = None if followed is None or not followed.person else everybody.get(followed.person)
        if followed is None or owner is None or not owner.wardrobe.views:
            continue
        own = owner.wardrobe.likeness(look)
        if followed.trial is None and own >= ANOTHER_VIEW:
            continue
        others = {other.id: other.wardrobe.likeness(look) for other in _others(owner, memory, everybody, time)}
        mistaken = max(others.values(), default=0.0) >= own + SURER
        if followed.trial is None and own >= UNLIKE and not followed.changed and not mistaken:
            continue
        followed.trial = trial = (followed.trial or Trial(time)).see(look, own, others)
        if trial.images < TRIED:
            continue
        best = max(trial.others, key=trial.others.__getitem__, default="")
        rival = trial.others[best] / trial.images if best else 0.0
        mean = trial.own / trial.images
        if rival < max(least, mean + SURER) and mean >= STRANGE:
            followed.trial = None
            continue
        let_go(memory, key, followed, owner, camera)
        other = everybody.get(best) if best and rival >= least else None
        for its_key, its in list(memory.tracks.items()):
            if other is not None and its.trial is not None and everybody.get(its.person) is other:
                let_go(memory, its_key, its, other, camera)  # they have changed places


def may_be_another(
    known: KnownPerson,
    followed: Followed,
    look: Look | None,
    memory: CameraMemory,
    everybody: Everybody,
    time: float,
) -> bool:
    """True if it is not clear enough whose a track is to say a name: no name is better than a wrong one.

    The clothes must be more like those in which the own face was seen than like those of anybody else with a name: an
    id may stand for two people, and then has the clothes of both.

    Args:
        known: whose it is taken to be.
        followed: the track.
        look: of its clothes in this image; None where they are not seen well.
        memory: of the camera.
        everybody: who is known.
        time: of the image, s.
    """
    trial = followed.trial
    if trial is not None and max(trial.others.values(), default=0.0) > trial.own - CLOSE * trial.images:
        return True
    others = _others(known, memory, everybody, time)
    look = followed.last if look is None else look
    if others and known.wardrobe.views and (look is None or time - followed.shown > UNSEEN):
        return True
    if look is None:
        return False
    if max((other.wardrobe.likeness(look) for other in others), default=0.0) > known.wardrobe.likeness(look):
        return True
    own = known.portrait.likeness(look)
    rivals = (other.portrait.likeness(look) for other in everybody if other is not known)
    return bool(known.portrait.views) and own < max(UNLIKE, max(rivals, default=0.0))


def surely_worn(known: KnownPerson, look: Look, memory: CameraMemory, everybody: Everybody, time: float) -> bool:
    """True if a look is of somebody, and of nobody else who could be seen instead: nothing else may be learned.

    Else the clothes of one who hides another one, as at the border of an image, would soon be those of both.
    """
    if not known.wardrobe.views:
        return True
    own = known.wardrobe.likeness(look)
    others = (other.wardrobe.likeness(look) for other in _others(known, memory, everybody, time))
    return own >= UNLIKE and own >= max(others, default=0.0) + AHEAD


def _others(owner: KnownPerson, memory: CameraMemory, everybody: Everybody, time: float) -> list[KnownPerson]:
    """Those who are about, and could be seen in the place of somebody: no track of this camera is surely theirs."""
    about = [other for other in everybody if other is not owner and not other.left and other.wardrobe.views]
    if not about:
        return []
    here = {
        person.id
        for key, one in memory.tracks.items()
        if one.person
        and key[0] == "b"
        and (one.trial is None or one.trial.own >= ITS_OWN * one.trial.images)
        and time - one.time <= LATELY
        and (person := everybody.get(one.person)) is not None
    }
    return [other for other in about if other.id not in here]


def let_go(memory: CameraMemory, key: str, followed: Followed, owner: KnownPerson, camera: str) -> None:
    """Let a track be nobody's, with what its trial has shown, and its owner free to be another one here."""
    trial = followed.trial
    memory.tracks[key] = Followed(
        followed.time if trial is None else trial.since,
        followed.time,
        followed.box,
        images=followed.images,
        looks=None if trial is None else trial.looks,
        last=followed.last,
        shown=followed.shown,
        not_of=owner.id,
    )
    owner.cameras.pop(camera, None)
