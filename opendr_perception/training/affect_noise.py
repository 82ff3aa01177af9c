"""How the network for single frames errs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

MEASURED = Path(__file__).with_name("expression_noise.yaml")


@dataclass(frozen=True)
class Noise:
    """How the network for single frames errs on a face that stays as it is.

    Attributes:
        calm: Standard deviation of log-probabilities on still faces, whose boxes move as a detector's do.
        restless: The same on a man who talks.
        correlation: Of the errors of frames 1/30 s apart.
        glitches: Per second, in which another expression wins.
        glitch_length: Mean seconds that they last.
    """

    calm: float
    restless: float
    correlation: float
    glitches: float
    glitch_length: float


def read_noise(path: Path = MEASURED) -> Noise:
    """What has been measured."""
    return Noise(**yaml.safe_load(path.read_text(encoding="utf-8")))
