"""Following without a goal: whoever is named by a parameter, whenever they are seen."""

from __future__ import annotations

import threading
from collections.abc import Callable

from opendr_perception.active.control import Pursuit
from opendr_perception.ros.control.episodes import Episodes

LEAST_WAY = 0.05
"""Metres that must be left to begin."""


class AutoFollow:
    """Begins to follow, one person at a time, when it is asked to look around.

    Args:
        episodes: what runs it; a goal of somebody ends it, and it goes on afterwards.
        travelled: how far the robot has driven in all, m.
        fail: is told what ended it by a fault.
    """

    def __init__(
        self, episodes: Episodes, travelled: Callable[[], float], fail: Callable[[str, Exception], None]
    ) -> None:
        self._episodes, self._travelled, self._fail = episodes, travelled, fail
        self._person, self._begun = "", 0.0
        self._follows = False

    def look_around(self, person: str, pursuit: Pursuit) -> str:
        """Begin, if there is nothing else to do; why not, in words, '' where it may.

        Args:
            person: id, name or track; another one than before begins anew, also with the length of the way.
            pursuit: how; its way is for this person in all.
        """
        if person != self._person:
            self._person, self._begun = person, self._travelled()
        left = pursuit.travel - (self._travelled() - self._begun)
        if left < LEAST_WAY:
            return f"{pursuit.travel:g} m behind {person} are over: set `follow` anew to go on"
        if not self._episodes.running and not self._episodes.failure:
            how = Pursuit(pursuit.distance, pursuit.side, left)
            self._follows = True
            threading.Thread(target=self._run, args=(person, how), name="follow", daemon=True).start()
        return ""

    def _run(self, person: str, pursuit: Pursuit) -> None:
        try:
            self._episodes.follow(person, pursuit)
        except Exception as error:  # noqa: BLE001 - the thread ends in any case; the robot stands, see Episodes
            self._fail(f"following {person} failed", error)
        finally:
            self._follows = False

    def end(self, reason: str) -> None:
        """Stand still, if somebody is followed now."""
        if self._follows:
            self._episodes.interrupt(reason)
