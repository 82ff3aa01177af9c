"""Beats that experts have marked, in PhysioNet's annotation format [physionet.org, annot(5)]."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

SYMBOLS = {
    1: "N", 2: "L", 3: "R", 4: "a", 5: "V", 6: "F", 7: "J", 8: "A", 9: "S", 10: "E", 11: "j", 12: "/", 13: "Q",
    34: "e", 38: "f",
}  # fmt: skip
"""Codes that stand for beats."""
GROUPS = {
    **dict.fromkeys("NLRej", "normal"),
    **dict.fromkeys("aAJS", "supraventricular"),
    **dict.fromkeys("VE", "ventricular"),
    "F": "fusion",
}
"""AAMI EC57: which symbols are taken together; paced and unclassified beats are left out."""
SKIP, NUMBER, SUBTYPE, CHANNEL, AUXILIARY = 59, 60, 61, 62, 63


def read_beats(path: Path) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Samples (n,) and symbols of the beats of an annotation file.

    Raises:
        ValueError: it is damaged.
    """
    words = np.frombuffer(path.read_bytes()[: path.stat().st_size // 2 * 2], "<u2").tolist()
    place, time = 0, 0
    samples: list[int] = []
    symbols: list[str] = []
    try:
        while words[place]:
            code, value = words[place] >> 10, words[place] & 1023
            place += 1
            if code == SKIP:
                high, low = words[place : place + 2]
                time += (high << 16 | low) - (1 << 32 if high >> 15 else 0)
                place += 2
            elif code == AUXILIARY:
                place += (value + 1) // 2
            elif code not in (NUMBER, SUBTYPE, CHANNEL):
                time += value
                if code in SYMBOLS:
                    samples.append(time)
                    symbols.append(SYMBOLS[code])
    except (IndexError, ValueError) as error:
        raise ValueError(f"{path}: the annotations end in the middle") from error
    return np.array(samples, np.int64), symbols
