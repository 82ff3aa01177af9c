"""Draw docs/images/tour.webp, a part of the film of a robot that goes from person to person.

    opendr-perception demo-active --headless --output tour
    python tools/draw_tour.py tour/annotated.mp4 --begin 54 --end 98

Choose seconds in which somebody is looked for, and say in the caption how the whole tour ended (tour/summary.json).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Animated

IMAGES = Path(__file__).parents[1] / "docs" / "images"
FASTER, SHOWN = 4, 10
"""Times as fast as it happened, and Hz of the animated image."""
WIDTH = 760
"""Pixels."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("film", type=Path)
    parser.add_argument("--begin", type=float, default=0.0, help="s")
    parser.add_argument("--end", type=float, default=1e9, help="s")
    given = parser.parse_args()
    first, *others = [Animated.fromarray(one[..., ::-1]) for one in frames(given.film, given.begin, given.end)]
    first.save(
        IMAGES / "tour.webp", save_all=True, append_images=others, duration=1000 // SHOWN, loop=0, quality=50, method=4
    )


def frames(film: Path, begin: float, end: float) -> Iterator[np.ndarray]:
    """The BGR images of a part of the film, in the size and at the times of the animated image."""
    capture = cv2.VideoCapture(str(film))
    rate = capture.get(cv2.CAP_PROP_FPS)
    every, number = max(1, round(rate * FASTER / SHOWN)), 0
    while True:
        there, image = capture.read()
        if not there or number / rate > end:
            capture.release()
            return
        if number / rate >= begin and number % every == 0:
            height = round(WIDTH * image.shape[0] / image.shape[1])
            yield np.asarray(cv2.resize(image, (WIDTH, height), interpolation=cv2.INTER_AREA))
        number += 1


if __name__ == "__main__":
    main()
