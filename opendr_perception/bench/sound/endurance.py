"""A day of hearing in short: memory and time of what hears, after a hundred thousand answers."""

from __future__ import annotations

import resource

import numpy as np

from opendr_perception import zoo
from opendr_perception.bench.harness.figure import Figure, smaller_is_better
from opendr_perception.engine.session import Session
from opendr_perception.tasks.signals import Chunk, Resampler, SampleBuffer
from opendr_perception.tasks.sound import RATE, SoundClassifier, SoundModel, VoiceParameters, build

CASE = "sound"
MICROPHONE, DRIFT = 48000, 100e-6
BEGIN = 1000.0


def endurance(ticks: int) -> list[Figure]:
    """Hear so many hops of a quarter of a second, with chunks that are lost, late or twice, on a clock that drifts."""
    model = SoundModel(Session(zoo.require("sound-environment").path, threads=1))
    hop = model.hop * model.mel.hop
    classifier, voices = SoundClassifier(model, 0.5), build(VoiceParameters())
    memory = voices.new_memory()
    buffer, resampler = SampleBuffer(), Resampler(MICROPHONE, RATE)
    rng, size = np.random.default_rng(0), hop * MICROPHONE // RATE
    chunks = [rng.normal(0, 0.05, (size, 1)).astype(np.float32) for _ in range(7)]
    heard, sounds, spoken, before, worst = 0, 0, 0, 0, 0.0
    for tick in range(ticks):
        true = tick * size / MICROPHONE * (1 + DRIFT)
        if tick == ticks // 10:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if tick % 997 == 500:  # lost
            continue
        chunk = Chunk(chunks[tick % 7], float(MICROPHONE), round(1e9 * (BEGIN + true + rng.normal(0, 0.001))))
        for piece in (*buffer.add(chunk), *(buffer.add(chunk) if tick % 1009 == 7 else ())):
            samples = resampler.push(piece.samples)[:, 0]
            stamp = round(piece.stamp)
            sounds += sum(1 for _ in classifier.push(samples))
            memory.finder.hear(samples, stamp)
            memory.finder.see(stamp, str(tick % 50), rng.uniform(0.02, 0.1))
            memory.finder.find(stamp, 1 + tick // 100)
            spoken += sum(1 for _ in voices.hear(memory, samples, stamp))
            heard += len(samples)
        if tick > ticks // 10 and buffer.clock is not None:
            ahead = buffer.clock.time(tick * size) * 1e-9 - BEGIN - true
            worst = max(worst, abs(ahead))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    missing = abs(sounds - (heard - (model.field - 1) * model.mel.hop - model.mel.window) // hop - 1)
    metric = f"{ticks} answers about sounds and {spoken // 1000} thousand about voices"
    return [
        smaller_is_better(CASE, f"{metric}: memory", "MB", grown, 5.0),
        smaller_is_better(CASE, f"{metric}: answers too few or many", "", float(missing), 0),
        smaller_is_better(CASE, f"{metric}: largest error of their time", "ms", worst * 1e3, 2.0),
    ]
