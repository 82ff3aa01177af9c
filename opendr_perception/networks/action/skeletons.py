"""Skeletons: their joints, and the graph that connects them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor


@dataclass(frozen=True)
class Skeleton:
    """A layout of joints, and the tree that connects them.

    Attributes:
        name: Name of the layout.
        joints: Names of the joints, in the order of the layout.
        inward: Edges (joint, neighbour nearer to the centre), as indices of joints.
        centre: Index of the joint at the centre.
    """

    name: str
    joints: tuple[str, ...]
    inward: tuple[tuple[int, int], ...]
    centre: int

    def adjacency(self, norm: Literal["column", "symmetric"] = "column") -> Tensor:
        """Return the partitions of the graph: each joint itself, inward and outward edges [Yan 2018, sec. 3.3].

        Args:
            norm: `column` divides by what comes in at a joint, as the published weights expect; `symmetric` is the
                printed D^-1/2 A D^-1/2.

        Returns:
            (3, V, V) float32; entry [p, v, w] is what joint w takes from joint v.
        """
        count = len(self.joints)
        inward = torch.zeros(count, count)
        for joint, nearer in self.inward:
            inward[nearer, joint] = 1.0
        return torch.stack([_normalised(a, norm) for a in (torch.eye(count), inward, inward.T)])


def _normalised(edges: Tensor, norm: str) -> Tensor:
    columns = edges.sum(0)
    if norm == "column":
        return edges / columns.clamp(min=1)
    rows = edges.sum(1)
    return edges / (rows.clamp(min=1)[:, None] * columns.clamp(min=1)).sqrt()


NTU25 = Skeleton(
    "ntu25",
    (
        *("spine base", "spine middle", "neck", "head"),
        *("left shoulder", "left elbow", "left wrist", "left hand"),
        *("right shoulder", "right elbow", "right wrist", "right hand"),
        *("left hip", "left knee", "left ankle", "left foot"),
        *("right hip", "right knee", "right ankle", "right foot"),
        *("spine shoulder", "left hand tip", "left thumb", "right hand tip", "right thumb"),
    ),
    (
        *((0, 1), (1, 20), (2, 20), (3, 2), (4, 20), (5, 4), (6, 5), (7, 6), (8, 20), (9, 8), (10, 9), (11, 10)),
        *((12, 0), (13, 12), (14, 13), (15, 14), (16, 0), (17, 16), (18, 17), (19, 18)),
        *((21, 22), (22, 7), (23, 24), (24, 11)),
    ),
    20,
)

OPENPOSE18 = Skeleton(
    "openpose18",
    (
        *("nose", "neck", "right shoulder", "right elbow", "right wrist", "left shoulder", "left elbow", "left wrist"),
        *("right hip", "right knee", "right ankle", "left hip", "left knee", "left ankle"),
        *("right eye", "left eye", "right ear", "left ear"),
    ),
    (
        *((4, 3), (3, 2), (7, 6), (6, 5), (13, 12), (12, 11), (10, 9), (9, 8), (11, 5), (8, 2), (5, 1), (2, 1)),
        *((0, 1), (15, 0), (14, 0), (17, 15), (16, 14)),
    ),
    1,
)

COCO17 = Skeleton(
    "coco17",
    (
        *("nose", "left eye", "right eye", "left ear", "right ear", "left shoulder", "right shoulder", "left elbow"),
        *("right elbow", "left wrist", "right wrist", "left hip", "right hip", "left knee", "right knee"),
        *("left ankle", "right ankle"),
    ),
    (
        *((15, 13), (13, 11), (16, 14), (14, 12), (11, 5), (12, 6), (9, 7), (7, 5), (10, 8), (8, 6), (5, 0), (6, 0)),
        *((1, 0), (3, 1), (2, 0), (4, 2)),
    ),
    0,
)

SKELETONS = {skeleton.name: skeleton for skeleton in (NTU25, OPENPOSE18, COCO17)}
