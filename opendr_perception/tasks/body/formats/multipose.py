"""MoveNet for several people: all people of an image in one stage, at most six [Votel 2021, MoveNet; Zhou 2019]."""

from __future__ import annotations

import numpy as np

from opendr_perception.engine.session import Outputs, Session, Tensor
from opendr_perception.tasks.body.formats.base import FLOAT, IMAGE, DecodedBodies
from opendr_perception.tasks.body.formats.one_stage import OneStage
from opendr_perception.tasks.body.layouts import COCO17
from opendr_perception.tasks.imaging import Fit

PEOPLE = 6
"""At most; the network was made for so many."""
CELL = 4
"""Pixels of the canvas in a cell of the maps."""
AROUND = 5
"""Cells of the side of a square in which only the strongest middle is a person."""
REACH = 0.3
"""Reach of a keypoint around the place that the middle of its person guesses: a Gaussian's 2 sigma^2, as a part of the
shorter side of the maps."""
SEEN = 0.127
"""Score of keypoints that count for the score of a person."""
HEIGHT = 256
"""Pixels to which images are reduced: found to be the best one on real people (docs/nodes/pose_estimation.md)."""

Maps = np.ndarray
"""(channels, h, w) float32."""


def multipose(session: Session) -> OneStage:
    """The outputs of `zoo.convert.heads.multipose_head`.

    Raises:
        EngineError: the model has no such outputs.
    """
    channels = {"centres": 1, "sizes": 2, "box_offsets": 2}
    channels |= {"heatmaps": len(COCO17), "regressions": 2 * len(COCO17), "offsets": 2 * len(COCO17)}
    session.expect(
        inputs=[IMAGE],
        outputs=[Tensor(name, (None, number, None, None), FLOAT) for name, number in channels.items()],
    )
    return OneStage(session, Fit("rgb", "corner", 0), decode, one_each=False, height=HEIGHT)


def decode(outputs: Outputs, above: float) -> DecodedBodies:
    """People and their keypoints in pixels of the canvas, as MoveNet's own graph reads them for one image.

    Args:
        outputs: of one image, without the axis of the batch.
        above: score of people. MoveNet's is that of the middle times the mean of the keypoints; here it is the
            geometric mean of the two, which is about as high as a detector's for the same person.
    """
    middles = _peaks(outputs["centres"][0])
    boxes = _boxes(outputs, middles)
    heat = _weighted(outputs, middles, boxes)
    people, keypoints, height, width = heat.shape
    best = heat.reshape(people, keypoints, -1).argmax(axis=-1)  # (n, K)
    rows, columns = np.divmod(best, width)
    each = np.arange(keypoints)
    offsets = outputs["offsets"].reshape(keypoints, 2, height, width)[each, :, rows, columns]  # (n, K, 2): y, x
    places = (np.stack([columns, rows], axis=-1) + offsets[..., ::-1]) * CELL
    scores = heat.max(axis=0)[each, rows, columns]  # of whoever the place fits best
    seen = scores > SEEN
    middle = outputs["centres"][0][middles[:, 0], middles[:, 1]]
    scored = np.sqrt(middle * np.where(seen, scores, 0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1))
    chosen = scored > above
    found = np.concatenate([places, scores[..., None]], axis=-1).astype(np.float32)
    return DecodedBodies(found[chosen], (boxes * CELL).astype(np.float32)[chosen], scored.astype(np.float32)[chosen])


def _peaks(centres: np.ndarray) -> np.ndarray:
    """The strongest local maxima (n, 2) row, column of a map (h, w)."""
    padded = np.pad(centres, AROUND // 2, constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (AROUND, AROUND))
    highest = np.where(centres >= windows.max(axis=(2, 3)), centres, 0)
    strongest = np.argsort(-highest, axis=None, kind="stable")[:PEOPLE]
    return np.stack(np.unravel_index(strongest, centres.shape), axis=-1)


def _boxes(outputs: Outputs, middles: np.ndarray) -> np.ndarray:
    """Boxes (n, 4) of people in cells, inside of the map."""
    rows, columns = middles.T
    height, width = outputs["centres"].shape[1:]
    middle = middles + outputs["box_offsets"][:, rows, columns].T
    half = np.maximum(outputs["sizes"][:, rows, columns].T, 0) / 2
    corners = np.concatenate([middle - half, middle + half], axis=1)[:, [1, 0, 3, 2]]
    return np.clip(corners, 0, [width, height, width, height])


def _weighted(outputs: Outputs, middles: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Heat (n, K, h, w) of keypoints near to where each person's middle guesses them, and inside of their box."""
    heatmaps = outputs["heatmaps"]
    keypoints, height, width = heatmaps.shape
    rows, columns = middles.T
    guesses = outputs["regressions"][:, rows, columns].T.reshape(len(middles), keypoints, 2) + middles[:, None]
    scale = REACH * min(height, width)
    down = np.exp(-((np.arange(height) - guesses[..., :1]) ** 2) / scale)  # (n, K, h): the Gaussian is a product
    across = np.exp(-((np.arange(width) - guesses[..., 1:]) ** 2) / scale)
    left, top, right, bottom = (side[:, None] for side in boxes.T)
    down *= ((np.arange(height) >= top) & (np.arange(height) < bottom))[:, None]
    across *= ((np.arange(width) >= left) & (np.arange(width) < right))[:, None]
    return heatmaps * down[..., None].astype(np.float32) * across[..., None, :].astype(np.float32)
