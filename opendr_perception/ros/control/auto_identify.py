"""Episodes that nobody asked for: whoever comes into view of whom it is not told surely what is looked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

from opendr_perception.active.identification import Goal
from opendr_perception.active.policies import ExpectedGain, ViewPolicy
from opendr_perception.ros.control.episodes import Episodes


class AutoIdentify:
    """Begins them, one at a time, when it is asked to look around.

    Args:
        unsure: tracks in view of whom it is not told.
        episodes: what runs them; a goal of somebody ends them.
        policy: the one to choose views with.
        goal: when to end, and the timeout, s.
        fail: is told what ended an episode that failed.
    """

    def __init__(
        self,
        unsure: Callable[[], Iterable[str]],
        episodes: Episodes,
        policy: Callable[[], ViewPolicy | ExpectedGain],
        goal: Callable[[], tuple[Goal, float]],
        fail: Callable[[str, Exception], None],
    ) -> None:
        self._unsure, self._episodes, self._policy, self._goal = unsure, episodes, policy, goal
        self._fail = fail
        self._begun: dict[str, float] = {}

    def look_around(self, cooldown: float) -> None:
        """Begin with somebody, if there is somebody new and nothing else to do.

        Args:
            cooldown: s before the same track is looked at again.
        """
        now = time.monotonic()
        self._begun = {track: begun for track, begun in self._begun.items() if now - begun < cooldown}
        track = next((track for track in self._unsure() if track not in self._begun), None)
        if track is not None and not self._episodes.running:
            self._begun[track] = now
            threading.Thread(target=self._run, args=(track, *self._goal()), name="auto identify", daemon=True).start()

    def _run(self, track: str, goal: Goal, timeout: float) -> None:
        try:
            self._episodes.run(track, self._policy(), goal, timeout, lambda phase, view, moves: None)
        except Exception as error:  # noqa: BLE001 - the thread ends in any case; the robot stands, see Episodes
            self._fail(f"an identification of {track} failed", error)
