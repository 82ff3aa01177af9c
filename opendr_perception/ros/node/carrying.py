"""Parameters with which people and keypoints are carried by optical flow where a machine has few cores.

With half as many detections twice as many images are answered: 14.6 instead of 7.9 a second on two cores, and whoever
listens has newer boxes and keypoints (docs/nodes/README.md has the figures). Where cores are left, looking is better.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

CARRIED: Mapping[str, int] = {"detect_every": 2, "max_fresh": 3}
"""Of `person_detection` and `pose_estimation`."""
FEW_CORES = 4
"""Cores of a machine up to which that is worth it."""


def carried(device: str = "") -> Mapping[str, int]:
    """The parameters of nodes that share this machine; none where it has more cores, or a device computes.

    Args:
        device: of the models; '' the default, the CPU.
    """
    few = len(os.sched_getaffinity(0)) <= FEW_CORES and device in ("", "cpu")
    return CARRIED if few else {}
