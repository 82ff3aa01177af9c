"""Evaluation of a network on people, motions and views that it was not trained with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from rich.table import Table

from opendr_perception.engine.session import Session
from opendr_perception.engine.stateful import StateBank
from opendr_perception.tasks.action import RATE
from opendr_perception.training.action.data import MotionClip
from opendr_perception.training.action.simulate import Actor, LabelledFrames, batch_of, render
from opendr_perception.training.body.motion import ACTIONS, UNLABELLED, Motion

SEED = 77_000_000
"""Of the people in the evaluation; the training never uses it."""

OBSERVED = {"0.5 s": (0.25, 0.75), "1 s": (0.75, 1.5), "2 s": (1.5, 3.0), "4 s": (3.5, 8.0)}
"""For how long a person has been in view."""


Classify = Callable[[np.ndarray], np.ndarray]
"""From the frames (n, 5, T, 17) of n people who have just come into view to the action (n, T) in each."""


def by_model(session: Session) -> Classify:
    """The judgement of an exported network, frame by frame."""

    def classify(frames: np.ndarray) -> np.ndarray:
        bank = StateBank(session)
        steps = [bank.step(range(len(frames)), frame[..., None]) for frame in frames.transpose(2, 0, 1, 3)]
        return np.stack([step.output.argmax(1) for step in steps], axis=1)

    return classify


def evaluate(classify: Classify, clips: Mapping[MotionClip, Motion], trials: int, length: int) -> dict[str, object]:
    """Count how often a network is right.

    Args:
        classify: The judgement of the network.
        clips: All recorded motions. Only those held out are used.
        trials: Number of sequences.
        length: Their length, frames.

    Returns:
        Accuracy by action and by the time that a person has been in view; on held-out recordings alone; and what is
        mistaken for what most often.
    """
    held_out = {clip: motion for clip, motion in clips.items() if clip.held_out}
    scenes = [np.random.default_rng((SEED, k)) for k in range(trials)]
    examples = [render(rng, Actor(rng, held_out).play((length + 8) / RATE), held_out=True) for rng in scenes]
    labels, guesses = _guess(classify, examples, length)
    seconds = np.broadcast_to(np.arange(length) / RATE, labels.shape)
    windows = {name: (seconds >= low) & (seconds < high) for name, (low, high) in OBSERVED.items()}
    by_action = {
        action: {name: _share((guesses == k)[window & (labels == k)]) for name, window in windows.items()}
        for k, action in enumerate(ACTIONS)
    }
    judged = (labels != UNLABELLED) & (seconds >= 0.25)
    mean = {name: round(float(np.nanmean([row[name] for row in by_action.values()])), 3) for name in OBSERVED}
    return {
        "mean of actions": mean,
        "by action": by_action,
        "recordings held out": _recordings(classify, held_out, length),
        "frames": int(judged.sum()),
        "confused": _confused(labels[judged], guesses[judged]),
    }


def _recordings(classify: Classify, clips: Mapping[MotionClip, Motion], length: int) -> dict[str, float]:
    """Accuracy in the recorded frames of each clip, acted between standing."""
    shares = {}
    for number, (clip, motion) in enumerate(clips.items()):
        examples = []
        for trial in range(40):
            rng = np.random.default_rng((SEED, 1, number, trial))
            actor = Actor(rng, {})
            examples.append(render(rng, actor.around(motion, (length + 8) / RATE), held_out=True))
        labels, guesses = _guess(classify, examples, length)
        shown = labels == ACTIONS.index(clip.action)
        shares[clip.file] = _share((guesses == labels)[shown])
    return shares


def _guess(classify: Classify, examples: Sequence[LabelledFrames], length: int) -> tuple[np.ndarray, np.ndarray]:
    labels, guesses = [], []
    for start in range(0, len(examples), 25):
        frames, expected = batch_of(examples[start : start + 25], length)
        guesses.append(classify(frames))
        labels.append(expected)
    return np.concatenate(labels), np.concatenate(guesses)


def _share(hits: np.ndarray) -> float:
    return round(float(hits.mean()), 3) if hits.size else float("nan")


def _confused(labels: np.ndarray, guesses: np.ndarray) -> dict[str, float]:
    """The most frequent errors, as shares of the frames of the true action."""
    counts = np.zeros((len(ACTIONS), len(ACTIONS)))
    np.add.at(counts, (labels, guesses), 1)
    shares = counts / counts.sum(1, keepdims=True).clip(1)
    np.fill_diagonal(shares, 0)
    worst = np.argsort(-shares, axis=None)[:8]
    pairs = [np.unravel_index(place, shares.shape) for place in worst]
    return {f"{ACTIONS[a]} as {ACTIONS[b]}": round(float(shares[a, b]), 3) for a, b in pairs}


def table(result: Mapping[str, Any]) -> Table:
    """Accuracy per action, to print."""
    rows = Table("action", *OBSERVED, title="accuracy by seconds in view; views, people and recordings held out")
    for action, shares in result["by action"].items():
        rows.add_row(action, *(f"{shares[name]:.2f}" for name in OBSERVED))
    rows.add_row("mean", *(f"{result['mean of actions'][name]:.2f}" for name in OBSERVED))
    for clip, share in result["recordings held out"].items():
        rows.add_row(clip, "", "", "", f"{share:.2f}")
    return rows
