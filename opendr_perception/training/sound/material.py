"""Material of each kind of sound: recordings to be told apart, and those that are none of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from opendr_perception.evaluate.sound import (
    LabelledSound,
    read_digits,
    read_esc,
    read_genres,
    read_scenes,
)
from opendr_perception.training.sound.examples import UNKNOWN, noises
from opendr_perception.training.sound.spoken import OTHER_WORDS, speak, spoken_digits

OF_DATA = {"scenes": read_scenes, "genres": read_genres}
SETS = {"environment": "esc", "digits": "digits"}


@dataclass(frozen=True, eq=False)
class Material:
    """All that a kind learns from.

    Args:
        recordings: that are told apart, and measured group by group.
        others: that are none of the classes.
        labels: the classes.
        made: that are told apart too, and never measured.
    """

    recordings: Sequence[LabelledSound]
    others: Sequence[LabelledSound]
    labels: tuple[str, ...]
    made: Sequence[LabelledSound] = ()


def material(
    name: str, esc: Path | None, digits: Path | None, seed: int, synthetic: int = 0, data: Path | None = None
) -> Material:
    """Read what a kind learns from; the recordings of the other kind are none of its classes.

    Args:
        name: of the kind.
        esc, digits: folders of these sets; None where they are not wanted.
        seed: of what is drawn.
        synthetic: digits that espeak-ng says beside the real ones, and a third as many other words.
        data: folder of the set of `scenes` or `genres`.

    Raises:
        ValueError: the set of this kind is not given.
    """
    rng = np.random.default_rng(seed)
    sounds, words = ([] if esc is None else read_esc(esc)), ([] if digits is None else read_digits(digits))
    if name in OF_DATA:
        own, other = ([] if data is None else OF_DATA[name](data)), [*sounds, *words]
    else:
        own, other = (sounds, words) if name == "environment" else (words, sounds)
    if not own:
        raise ValueError(f"the kind {name} needs its set: --{'data' if name in OF_DATA else SETS[name]}")
    labels = (*sorted({recording.label for recording in own}), UNKNOWN)
    foreign = [other[int(k)] for k in rng.permutation(len(other))[:200]]
    made = spoken_digits(synthetic, rng) if synthetic else []
    foreign += speak(OTHER_WORDS, synthetic // 3, rng) if synthetic else []
    return Material(own, [*foreign, *noises(80, 5.0, rng)], labels, made)
