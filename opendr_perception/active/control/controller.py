"""From perceptions and a move to the velocity for now: the watchdog that a robot's control loop asks at a fixed rate.

It knows no clock: every call says what time it is, so that all of it can be tested without waiting.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from opendr_perception.active.control.arrivals import Arrivals
from opendr_perception.active.control.interlocks import Interlocks
from opendr_perception.active.control.limiter import BESIDE, Limits, VelocityLimiter
from opendr_perception.active.control.motion import Manoeuvre, Move, Order, Refused, plan
from opendr_perception.active.control.robot_time import RobotTime
from opendr_perception.active.control.status import IN_THE_WAY, NO_SCAN, Status, Timeouts
from opendr_perception.active.surroundings import (
    STILL,
    Odometry,
    PersonPosition,
    Place,
    Point,
    RememberedPeople,
    Velocity,
)

NOWHERE = np.zeros((0, 2))
REPEAT = 5
"""Number of zero commands after a stop: on a lossy link one message may not arrive."""
LONGEST_STEP = 0.2
"""Seconds. A control loop that was kept waiting longer accelerates no more than in this time."""


class MotionController:
    """Drives one move at a time, and stands still whenever it cannot be sure.

    People are placed on the floor from where the robot was when the image was taken, and seen from where it is now: how
    long an image took to come does not matter, as long as they stand still.

    Args:
        robot: holonomic or differential.
        limits: of the robot.
        timeouts: after which the robot stops.
        half_view: half of the camera's horizontal field of view, rad; it can be set later.
        interlocks: what forbids motion, whatever is perceived; they may outlive the controller.
        require_scan: no move without scans, also when none has ever come.
    """

    def __init__(
        self,
        robot: str,
        limits: Limits,
        timeouts: Timeouts,
        half_view: float = math.radians(25),
        interlocks: Interlocks | None = None,
        require_scan: bool = False,
    ) -> None:
        self.interlocks = interlocks or Interlocks()
        self.robot, self.limits, self.timeouts, self.half_view = robot, limits, timeouts, half_view
        self.status, self.reason = Status.STILL, ""
        self.travelled = 0.0
        """Metres, over all moves."""
        self.pan = 0.0
        """Radians around the person, over all moves."""
        self._limiter = VelocityLimiter(limits)
        self._manoeuvre: Manoeuvre | None = None
        self._way_end = math.inf
        self._time, self._odometry = RobotTime(timeouts.command), Odometry()
        self._arrivals: dict[str, Arrivals] = {}
        self._person: Point | None = None
        self._crowd = RememberedPeople()
        self._imaged = self._seen = -math.inf
        self.problem = ""
        """Why the newest image was of no use; '' when it was."""
        self._obstacles, self._scanned = NOWHERE, -math.inf if require_scan else math.inf
        self._scan_problem = ""
        self._held_since: float | None = None
        self._zeros = 0

    # --- what is perceived ------------------------------------------------------------------------------------------

    def observe(
        self,
        stamp: float,
        now: float,
        person: PersonPosition | None,
        others: Sequence[PersonPosition] = (),
        age: float = 0.0,
        source: str = "faces",
    ) -> bool:
        """Take note of who is seen in one image, from where the robot was then; False when the image does not count.

        Args:
            stamp: of the image, s. One that is not newer than the last is no news: a frozen camera repeats itself.
            now: s, of any clock that goes on while the robot may move.
            person: the one to move around; None when they are not seen.
            others: everybody else. Who is not seen any more is remembered for a while.
            age: of the image, s, by a clock that may differ from the camera's by a constant.
            source: of the stamps; each one has its own images.
        """
        if source not in self._arrivals:
            self._arrivals[source] = Arrivals(self.timeouts.command, self.timeouts.max_age)
        verdict = self._arrivals[source].judge(stamp, age)
        if verdict.restarted:
            self.halt("time went back")
        if verdict.latency is None:
            self.problem = verdict.problem or self.problem
            return False
        self.problem, self._imaged = "", now
        then = self._odometry.at(verdict.latency - self._time.since(now))
        if person is not None:
            self._person, self._seen = then.point(person), now
        self._crowd.observe(now, then, [then.point(other) for other in others], self._person)
        return True

    def blind(self, reason: str) -> None:
        """Take note that people cannot be located from what arrives: the robot stands."""
        self.halt(reason)
        self._person, self._seen, self.problem = None, -math.inf, reason

    def scan(self, now: float, obstacles: np.ndarray) -> None:
        """Take note of obstacles: (n, 2) float, in the robot's frame, m. After the first one, scans must go on."""
        self._obstacles, self._scanned = obstacles[np.isfinite(obstacles).all(1)], now
        self._scan_problem = ""

    def scan_failed(self, problem: str, repeated: bool = False) -> None:
        """Take note of a scan that says nothing: the robot stands until one does.

        Args:
            problem: why it says nothing.
            repeated: it is an old one, which ends nothing by itself: the last good one counts until it is too old.
        """
        self._scan_problem = problem
        if not repeated or not math.isfinite(self._scanned):
            self._scanned = -math.inf

    # --- what is asked for ------------------------------------------------------------------------------------------

    def move(self, move: Order, now: float, within: float = math.inf) -> None:
        """Begin a move, or to follow the person; a former move ends.

        Args:
            move: change of view to make, or how to follow.
            now: s, of the clock that `observe` is given too.
            within: length of the way after which it ends in any case, m: how far it is to where it should lead is known
                only as well as the distance of the person.

        Raises:
            Refused: the person is not seen, or the robot cannot do that here.
        """
        if reason := self.interlocks.reason:
            raise Refused(reason)
        person = self.person
        if person is None or (missing := self._missing(now)):
            raise Refused((self.problem or "nobody is seen") if person is None else missing)
        self._manoeuvre = plan(self.robot, move, person, self.limits, self.half_view)
        self._way_end = self.travelled + within
        self.status, self.reason, self._held_since = Status.MOVING, "", None

    def free(self, move: Move) -> bool:
        """False if what was scanned stands in the way towards the person, up to where a move leads."""
        person, limits = self.person, self.limits
        if person is None or move.advance <= 0 or move.before:
            return True
        towards = np.array([math.cos(person.bearing), math.sin(person.bearing)])
        ahead, aside = self._obstacles @ towards, self._obstacles @ [-towards[1], towards[0]]
        way = min(move.advance, person.distance - limits.stand_off) + limits.robot_radius + limits.clearance
        return not bool(((ahead > 0) & (ahead < way) & (np.abs(aside) < limits.robot_radius + BESIDE)).any())

    def halt(self, reason: str) -> None:
        """Stand still from now on; the next `tick` says so."""
        if self._manoeuvre is not None or self._limiter.last != STILL:
            self._end(Status.HALTED, reason)

    def forget(self) -> None:
        """Another person is meant from now on."""
        self.halt("another person is meant")
        self._person, self._seen = None, -math.inf
        for arrivals in self._arrivals.values():
            arrivals.begin()

    # --- the control loop -------------------------------------------------------------------------------------------

    def tick(self, now: float, elapsed: float | None = None) -> Velocity | None:
        """The velocity to command now; None when there is nothing to say, so that others may drive.

        Args:
            now: s, of the clock that `observe` is given too.
            elapsed: s since the last tick by the clock of a simulation; None without one. Real time counts where that
                clock stands, and accelerations are limited in real time.
        """
        seconds = self._time.turn(now, elapsed)
        before, driven = self.person, self._odometry.velocity
        self._odometry.advance(seconds)
        if before is not None and driven != STILL:
            if self._manoeuvre is not None:
                self._manoeuvre.moved(before, driven, seconds)
            self.travelled += driven.speed * seconds
            self.pan += before.pan_rate(driven) * seconds
        if self._manoeuvre is None:
            self._odometry.command(STILL)
            self._zeros -= 1
            return STILL if self._zeros >= 0 else None
        velocity = self._drive(self._manoeuvre, now, min(self._time.real, LONGEST_STEP))
        self._odometry.command(velocity)
        return velocity

    @property
    def person(self) -> PersonPosition | None:
        """Predicted position of the person now; None when nobody is meant yet."""
        return None if self._person is None else self._odometry.place.see(self._person)

    def others(self, now: float) -> Sequence[PersonPosition]:
        """Predicted positions of everybody else now."""
        place: Place = self._odometry.place
        return [place.see(point) for point in self._crowd.points(now)]

    @property
    def fresh_until(self) -> float:
        """Time from which on the perceptions are too old to move by; s, of the clock that `observe` and `scan` are
        given."""
        return min(self._seen, self._scanned) + self.timeouts.command

    @property
    def commanded(self) -> Velocity:
        """Latest velocity command; zero when there is none."""
        return self._limiter.last

    @property
    def moving(self) -> bool:
        """True if a move is under way."""
        return self._manoeuvre is not None

    @property
    def stopping(self) -> bool:
        """True if a stop is still being said."""
        return self._zeros > 0

    def _drive(self, manoeuvre: Manoeuvre, now: float, seconds: float) -> Velocity:
        if missing := self._missing(now):
            return self._hold(Status.LOST, missing, now, self._limiter.stop())
        person = self.person
        assert person is not None  # `move` has made sure of that
        wanted = None if self._way_is_over() else self._possible(manoeuvre.wanted(person))
        people = (person, *self.others(now))
        velocity = self._limiter.limit(wanted or STILL, people, self._obstacles, seconds)
        if wanted is None and velocity == STILL:
            self._end(Status.ARRIVED, "")
        elif wanted is not None and velocity == STILL and wanted != STILL:
            return self._hold(Status.BLOCKED, IN_THE_WAY, now, velocity)
        else:
            self.status, self._held_since = Status.MOVING, None
        return velocity

    def _possible(self, wanted: Velocity | None) -> Velocity | None:
        """As much of a velocity as the robot can do here: on the ground, all of it."""
        return wanted

    def _way_is_over(self) -> bool:
        """True from where the robot has to brake, until it stands."""
        braking = self._limiter.last.speed**2 / (2 * self.limits.max_acceleration)
        if self.travelled + braking >= self._way_end:
            self._way_end = -math.inf
        return self._way_end == -math.inf

    def _missing(self, now: float) -> str:
        """Reason that keeps the robot from moving: an interlock, or a perception that is too old; '' for nothing."""
        if reason := self.interlocks.reason:
            return reason
        if self._time.stands:
            return f"the clock stands still for {self.timeouts.command:g} s"
        if not now - self._seen <= self.timeouts.command:
            return self.problem or f"the person was not seen for {self.timeouts.command:g} s"
        if self._scanned != math.inf and not now - self._scanned <= self.timeouts.command:
            if self._scan_problem:
                return f"scan is blind: {self._scan_problem}"
            never = self._scanned == -math.inf
            return NO_SCAN if never else f"no scan of obstacles came for {self.timeouts.command:g} s"
        return ""

    def _hold(self, ending: Status, reason: str, now: float, velocity: Velocity) -> Velocity:
        since = self._held_since = now if self._held_since is None else self._held_since
        self.status, self.reason = Status.HELD, reason
        if now - since > self.timeouts.patience:
            self._end(ending, reason)
        return velocity

    def _end(self, status: Status, reason: str) -> None:
        self._manoeuvre, self._held_since = None, None
        self._limiter.stop()
        self._zeros = REPEAT
        self.status, self.reason = status, reason
