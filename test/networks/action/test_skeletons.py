"""The graphs of skeletons."""

from __future__ import annotations

import pytest
import torch

from opendr_perception.networks.action.skeletons import NTU25, OPENPOSE18, SKELETONS


@pytest.mark.parametrize("name", SKELETONS)
def test_graph_is_a_tree_with_its_root_at_the_centre(name) -> None:
    skeleton = SKELETONS[name]
    nearer = dict(skeleton.inward)
    assert len(skeleton.inward) == len(nearer) == len(skeleton.joints) - 1
    for joint in range(len(skeleton.joints)):
        for _ in skeleton.joints:
            joint = nearer.get(joint, joint)
        assert joint == skeleton.centre


@pytest.mark.parametrize("name", SKELETONS)
def test_partitions_are_itself_inward_and_outward(name) -> None:
    skeleton = SKELETONS[name]
    itself, inward, outward = skeleton.adjacency()
    assert torch.equal(itself, torch.eye(len(skeleton.joints)))
    assert torch.equal(inward > 0, (outward > 0).T)
    for joint, neighbour in skeleton.inward:
        assert inward[neighbour, joint] > 0
    for partition in (inward, outward):
        assert all(total in (0, 1) for total in partition.sum(0).round(decimals=5).tolist())
    assert torch.isfinite(skeleton.adjacency("symmetric")).all()


def test_layouts_have_the_published_joints() -> None:
    assert (len(NTU25.joints), NTU25.joints[20], NTU25.centre) == (25, "spine shoulder", 20)
    assert (len(OPENPOSE18.joints), OPENPOSE18.joints[1], OPENPOSE18.centre) == (18, "neck", 1)
