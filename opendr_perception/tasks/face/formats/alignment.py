"""The landmarks of a face, and where an embedder wants them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LANDMARKS = 6
RIGHT_EYE, LEFT_EYE, NOSE, MOUTH, RIGHT_EAR, LEFT_EAR = range(LANDMARKS)
"""Places of the landmarks; right and left are the person's own."""


@dataclass(frozen=True)
class Alignment:
    """Places of landmarks in the square image of a face that an embedder takes.

    Args:
        size: side of the image in pixels.
        landmarks: that are brought to their places; one that is there twice has twice the weight.
        places: x, y in the image of each of them.
        stretch: height over width of the part of the source that is shown, which the image makes square.
    """

    size: int
    landmarks: tuple[int, ...]
    places: tuple[tuple[float, float], ...]
    stretch: float = 1.0

    @property
    def template(self) -> np.ndarray:
        """Places (n, 2) before the image was made square."""
        return np.array(self.places) * (1, self.stretch)

    @property
    def eyes_and_mouth(self) -> np.ndarray:
        """The same (3, 2) for right eye, left eye and mouth."""
        return self.template[[self.landmarks.index(each) for each in (RIGHT_EYE, LEFT_EYE, MOUTH)]]

    def sized(self, size: int) -> Alignment:
        """The same in an image of another size."""
        if size == self.size:
            return self
        scale = size / self.size
        return Alignment(size, self.landmarks, tuple((x * scale, y * scale) for x, y in self.places), self.stretch)


OWN = Alignment(150, (RIGHT_EYE, LEFT_EYE, MOUTH), ((47.55, 46.6), (100.48, 46.6), (74.0, 103.0)))
"""Of the package's own embedder."""

ARCFACE = Alignment(
    112,
    (RIGHT_EYE, LEFT_EYE, NOSE, MOUTH, MOUTH),
    ((38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), *[(56.1396, 92.2848)] * 2),
)
"""Of InsightFace, for ArcFace, AdaFace and their like, with the mouth for both of its corners. With landmarks of MTCNN
on 141 faces of ORL and Yale, corners of the image are 1.5 pixels (median) from where both corners of the mouth put
them."""

FACENET = Alignment(160, (RIGHT_EYE, LEFT_EYE, MOUTH), ((45.9, 61.4), (120.6, 61.4), (83.0, 122.2)), stretch=1.28)
"""Of FaceNet, which takes the box of MTCNN made square: where its landmarks are, on the same faces, on average."""
