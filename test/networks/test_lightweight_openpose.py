"""Lightweight OpenPose has the published size, and the maps of the published stride."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from opendr_perception.engine.session import Session
from opendr_perception.networks.lightweight_openpose import LightweightOpenPose, WholeImage


@pytest.mark.parametrize(("refinements", "count"), [(0, 2_483_065), (1, 4_091_698), (2, 5_700_331), (3, 7_308_964)])
def test_the_number_of_parameters_is_the_published_one(refinements: int, count: int) -> None:
    with torch.device("meta"):
        network = LightweightOpenPose(refinements)
    assert sum(parameter.numel() for parameter in network.parameters()) == count


@torch.no_grad()
def test_every_stage_gives_maps_of_stride_8() -> None:
    network = LightweightOpenPose(2, channels=16, width=0.125).eval()
    stages = network(torch.zeros(1, 3, 64, 96))
    assert [stage.heatmaps.shape for stage in stages] == [(1, 19, 8, 12)] * 3
    assert [stage.fields.shape for stage in stages] == [(1, 38, 8, 12)] * 3


def test_impossible_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="-1 refinements"):
        LightweightOpenPose(-1)


@torch.no_grad()
def test_the_exported_model_gives_the_same_maps_for_images_of_any_size(
    openpose: tuple[LightweightOpenPose, Path],
) -> None:
    network, file = openpose
    session = Session(file, threads=1)
    for size in ((64, 80), (61, 93)):
        images = np.random.default_rng(0).integers(0, 256, (1, *size, 3), np.uint8)
        found = session.run({"image": images})
        heatmaps, fields = WholeImage(network)(torch.from_numpy(images))
        assert found["heatmaps"].shape == (1, 19, 8, -(-size[1] // 8))
        np.testing.assert_allclose(found["heatmaps"], heatmaps, atol=1e-5)
        np.testing.assert_allclose(found["fields"], fields, atol=1e-5)
