"""Shapes and dtypes of the arrays that tasks take and give.

Within one call, or one dataclass, an axis of the same letter has the same length: N things, K keypoints, C numbers or
channels, T samples, L labels, H and W pixels or cells. People read them here; the tests check them at run time
(`conftest.py`); nothing is checked on a robot, where an annotation is only a text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np


@dataclass(frozen=True)
class ArrayShape:
    """Shape of an array.

    Attributes:
        kind: Of its numbers; Float and Int of any width, Shaped of any kind.
        axes: Names or lengths, as jaxtyping has them.
    """

    kind: Literal["Float", "Int", "Bool", "Shaped"]
    axes: str


Box = Annotated[np.ndarray, ArrayShape("Shaped", "4")]
"""x_min, y_min, x_max, y_max."""
Boxes = Annotated[np.ndarray, ArrayShape("Shaped", "N 4")]
OtherBoxes = Annotated[np.ndarray, ArrayShape("Shaped", "M 4")]
Overlaps = Annotated[np.ndarray, ArrayShape("Float", "N M")]
OwnOverlaps = Annotated[np.ndarray, ArrayShape("Float", "N N")]
Scores = Annotated[np.ndarray, ArrayShape("Float", "N")]
Chosen = Annotated[np.ndarray, ArrayShape("Int", "_")]
"""Indices."""
Counts = Annotated[np.ndarray, ArrayShape("Shaped", "N")]
"""Whole numbers; the long ones of onnxruntime are a type of their own in numpy, with the same name."""
Mask = Annotated[np.ndarray, ArrayShape("Bool", "N")]
Keypoints = Annotated[np.ndarray, ArrayShape("Float", "N K 3")]
"""x, y and score."""
Landmarks = Annotated[np.ndarray, ArrayShape("Float", "N 6 2")]
Angles = Annotated[np.ndarray, ArrayShape("Float", "N 3")]
"""Yaw, pitch and roll, rad."""
Embeddings = Annotated[np.ndarray, ArrayShape("Float", "N C")]
PerhapsScores = Annotated[np.ndarray, ArrayShape("Float", "_")]
"""(N,), or (0,) where they are not known."""
PerhapsFeatures = Annotated[np.ndarray, ArrayShape("Float", "_ _")]
"""(N, C), or (N, 0) or (0, 0) where there are none."""
FeatureMaps = Annotated[np.ndarray, ArrayShape("Float", "C H W")]
Cells = Annotated[np.ndarray, ArrayShape("Float", "H W")]
"""A heatmap."""
Samples = Annotated[np.ndarray, ArrayShape("Float", "T C")]
"""Of sound or of a signal, by channel."""
Probabilities = Annotated[np.ndarray, ArrayShape("Float", "L")]
"""Of each label."""
ProbabilitiesOfEach = Annotated[np.ndarray, ArrayShape("Float", "N L")]
Affect = Annotated[np.ndarray, ArrayShape("Float", "N 2")]
"""Valence and arousal."""
PairFeatures = Annotated[np.ndarray, ArrayShape("Float", "N 14")]
FeaturesOfPairs = Annotated[np.ndarray, ArrayShape("Float", "E 14")]
Ends = Annotated[np.ndarray, ArrayShape("Int", "E")]
"""The boxes at one end of each pair."""
Weights = Annotated[np.ndarray, ArrayShape("Float", "E")]
