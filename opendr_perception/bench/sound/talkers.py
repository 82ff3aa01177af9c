"""Made scenes of people of whom one speaks: simulated faces whose mouths move, and made voices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from opendr_perception.sim.people import PersonModel
from opendr_perception.sim.robot import SimulatedCamera
from opendr_perception.sim.scene import ROOMS, Light, Pose, Scene, Standing
from opendr_perception.sim.talking import with_open_mouth
from opendr_perception.sim.world import World

RATE = 16000
OPENINGS = (0.0, 0.003, 0.006, 0.009, 0.012)
"""m, of the mouths that are drawn; the nearest one is shown."""
WIDEST = 0.012
JAW = 0.06
"""Seconds by which the jaw is ahead of what is heard."""
HABITS = ("still", "chews", "talks to somebody else")
"""Of people who do not speak."""


@dataclass(frozen=True, eq=False)
class MadeVoice:
    """Sound of words, and the mouth that goes with it.

    Args:
        samples: (n,) float32 at RATE.
        opening: (n,) of the mouth, 0 to 1, at each sample.
    """

    samples: np.ndarray
    opening: np.ndarray

    def at(self, seconds: float) -> float:
        """Opening at a time."""
        return float(self.opening[min(max(round((seconds + JAW) * RATE), 0), len(self.opening) - 1)])


def made_voice(seconds: float, rng: np.random.Generator) -> MadeVoice:
    """Words of a few syllables with pauses between them: harmonics of a gliding pitch in two formants.

    How far the mouth opens is only in part how loud a syllable is: some vowels are loud behind narrow lips.
    """
    size = round(seconds * RATE)
    loud, wide = np.zeros(size), np.zeros(size)
    place = round(rng.uniform(0, 0.3) * RATE)
    while place < size:
        for _ in range(int(rng.integers(2, 7))):
            length = round(rng.uniform(0.12, 0.28) * RATE)
            shape = np.sin(np.linspace(0, np.pi, length)) ** 2
            strength = 10 ** rng.uniform(-0.5, 0)
            part = slice(place, min(place + length, size))
            loud[part] = np.maximum(loud[part], (strength * shape)[: part.stop - part.start])
            opening = 0.5 * strength + 0.5 * rng.uniform(0.1, 1)
            wide[part] = np.maximum(wide[part], (opening * shape)[: part.stop - part.start])
            place += round(length * rng.uniform(0.7, 1.0))
            if place >= size:
                break
        place += round(rng.uniform(0.1, 0.7) * RATE)
    pitch = rng.uniform(90, 240) * (1 + 0.1 * np.sin(2 * np.pi * rng.uniform(0.2, 0.6) * np.arange(size) / RATE))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    wave = np.zeros(size)
    formants = (rng.uniform(350, 750), rng.uniform(1000, 2200))
    for number in range(1, 25):
        gain = sum(math.exp(-(((number * pitch.mean() - formant) / 220) ** 2)) for formant in formants)
        wave += (0.05 / number + gain) * np.sin(number * phase)
    samples = 0.15 * loud * wave / np.abs(wave).max() + rng.normal(0, 1e-3, size)
    smooth = np.hanning(round(0.08 * RATE))
    return MadeVoice(samples.astype(np.float32), np.convolve(wide, smooth / smooth.sum(), "same"))


def habit(kind: str, seconds: float, rng: np.random.Generator) -> MadeVoice:
    """The silent mouth of somebody who does not speak, one of HABITS."""
    time = np.arange(round(seconds * RATE)) / RATE
    if kind == "chews":
        opening = 0.35 * (1 - np.cos(2 * np.pi * rng.uniform(1.2, 2.0) * time + rng.uniform(0, 6)))
    elif kind == "still":
        opening = np.full(len(time), rng.uniform(0, 0.15))
    else:
        opening = made_voice(seconds, rng).opening
    return MadeVoice(np.zeros(len(time), np.float32), opening)


class TalkingPeople:
    """People who stand side by side before a camera and open their mouths.

    Args:
        people: two or three.
        away: m, of the camera.

    Raises:
        SimulatorError: the simulator cannot run here.
    """

    def __init__(self, people: Sequence[PersonModel], away: float = 1.3) -> None:
        shown = [
            replace(with_open_mouth(person, opening), name=f"{person.name}_{number}")
            for person in people
            for number, opening in enumerate(OPENINGS)
        ]
        above = float(np.mean([person.eyes[2] for person in people]))
        self._people, self._away = people, away
        self._world = World(people=shown, camera=SimulatedCamera(above=above))
        self._images: dict[tuple[int, ...], np.ndarray] = {}

    def close(self) -> None:
        """Free the simulator."""
        self._world.close()

    def image(self, openings: Sequence[float]) -> np.ndarray:
        """The people (H, W, 3) uint8 RGB, from the left of the image, with openings of 0 to 1."""
        levels = tuple(int(np.abs(np.array(OPENINGS) - opening * WIDEST).argmin()) for opening in openings)
        if levels not in self._images:
            self._images[levels] = self._drawn(levels)
        return self._images[levels]

    def _drawn(self, levels: Sequence[int]) -> np.ndarray:
        beside = 0.55 * (np.arange(len(levels)) - (len(levels) - 1) / 2)
        robot = Pose(self._away, 0.0, math.pi)
        standing = tuple(
            Standing(f"{person.name}_{level}", Pose(0.0, float(y), math.atan2(-float(y), self._away)))
            for person, level, y in zip(self._people, levels, beside, strict=True)
        )
        image = self._world.reset(Scene(standing, robot, (), ROOMS["hall"], Light())).image
        assert image is not None
        return image


def as_seen(image: np.ndarray, sway: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """An image by a camera that is not still, and has noise."""
    noise = rng.integers(-6, 7, image.shape, dtype=np.int16)
    moved = np.roll(image, sway, (0, 1)).astype(np.int16) + noise
    return np.ascontiguousarray(np.clip(moved, 0, 255).astype(np.uint8))
