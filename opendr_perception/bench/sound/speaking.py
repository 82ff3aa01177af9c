"""Share of the time in which a voice is given to the face that it belongs to, on made scenes."""

from __future__ import annotations

import sys
import time

import numpy as np

from opendr_perception import zoo
from opendr_perception.bench.harness.figure import Figure, larger_is_better, smaller_is_better
from opendr_perception.bench.sound.talkers import HABITS, RATE, TalkingPeople, as_seen, habit, made_voice
from opendr_perception.engine.session import Session
from opendr_perception.sim.people import load_people
from opendr_perception.sim.rendering import SimulatorError
from opendr_perception.tasks.face import FaceDetector
from opendr_perception.tasks.imaging import Image
from opendr_perception.tasks.sound import MouthReader, SpeakerFinder

CASE = "sound"
SECONDS, FRAMES = 8.0, 15
"""Of a scene, and images of one second."""
KNOWN = 2.5
"""Seconds of a scene after which it should be known."""
BEGIN = 1000.0


def speaking(scenes: int) -> list[Figure]:
    """Shares of the time in which the right face, a wrong one and none is named."""
    zoo.fetch(["blazeface", "facemesh"])
    detector = FaceDetector(Session(zoo.require("blazeface").path, threads=1))
    mouths = MouthReader(Session(zoo.require("facemesh").path, threads=1))
    rng, people = np.random.default_rng(0), load_people()
    counts = {"right": 0, "wrong": 0, "": 0}
    spent: list[float] = []
    for scene in range(scenes):
        pair = [people[int(k)] for k in rng.permutation(len(people))[: 2 + scene % 2]]
        try:
            shown = TalkingPeople(pair)
        except SimulatorError as error:
            print(f"who speaks is left out: {error}", file=sys.stderr)
            return []
        for kind in judged(shown, len(pair), scene, detector, mouths, rng, spent):
            counts[kind] += 1
        shown.close()
    whole = sum(counts.values()) / 100
    name = f"who speaks, {scenes} made scenes of two or three people"
    return [
        larger_is_better(CASE, f"{name}: the right face", "%", counts["right"] / whole, 80.0),
        smaller_is_better(CASE, f"{name}: a wrong face", "%", counts["wrong"] / whole, 5.0),
        smaller_is_better(
            CASE, "who speaks, mouths of an image of two people", "ms", float(np.median(spent)) * 1e3, 20
        ),
    ]


def judged(
    shown: TalkingPeople,
    count: int,
    scene: int,
    detector: FaceDetector,
    mouths: MouthReader,
    rng: np.random.Generator,
    spent: list[float],
) -> list[str]:
    """Play one scene: what is said four times a second, 'right', 'wrong' or ''."""
    speaker = int(rng.integers(count))
    voice = made_voice(SECONDS, rng)
    others = [habit(HABITS[(scene + k) % len(HABITS)], SECONDS, rng) for k in range(count)]
    faces = [voice if k == speaker else others[k] for k in range(count)]
    finder = SpeakerFinder(RATE)
    sway: np.ndarray = np.zeros(2)
    said: list[str] = []
    for frame in range(round(SECONDS * FRAMES)):
        at, stamp = frame / FRAMES, round((BEGIN + frame / FRAMES) * 1e9)
        sway = 0.9 * sway + rng.normal(0, 1.5, 2)
        image = Image(as_seen(shown.image([face.at(at) for face in faces]), (int(sway[0]), int(sway[1])), rng), "rgb8")
        found = detector([image])[0]
        order = np.argsort(found.detections.boxes[:, 0])
        began = time.perf_counter()
        openings = mouths(image, list(found.detections.boxes[order]), list(found.landmarks[order]))
        if count == 2:
            spent.append(time.perf_counter() - began)
        if len(order) == count:  # as a tracker would have it
            for track, opening in enumerate(openings):
                finder.see(stamp, str(track), float(opening))
        sound = voice.samples[round(at * RATE) : round((frame + 1) / FRAMES * RATE)]
        finder.hear(sound, stamp)
        if at >= KNOWN and frame % 4 == 0:
            named = finder.find(round((BEGIN + (frame + 1) / FRAMES) * 1e9), 1)
            said.append("" if not named else "right" if named == str(speaker) else "wrong")
    return said
