"""The networks of human presence: their size, what a cell sees, and that an image gives what its windows give."""

from __future__ import annotations

import pytest
import torch

from opendr_perception.networks.human_presence import WINDOW, HumanPresenceNetwork

NETWORKS = {"1080p": 3_606, "720p": 11_770}


@pytest.mark.parametrize(("name", "parameters"), NETWORKS.items())
def test_sizes(name: str, parameters: int) -> None:
    network = HumanPresenceNetwork(name)
    assert sum(parameter.numel() for parameter in network.parameters()) == parameters
    assert network(torch.rand(1, 3, WINDOW, WINDOW)).shape == (1, 2, 1, 1)
    with pytest.raises(ValueError, match="must be one of 1080p, 720p, got '480p'"):
        HumanPresenceNetwork("480p")


@torch.no_grad()
def test_maps_of_large_images() -> None:
    shapes = {"1080p": [(255, 465), (165, 305)], "720p": [(128, 233), (83, 153)]}
    for name, expected in shapes.items():
        network = HumanPresenceNetwork(name).to("meta")  # shapes without computing
        found = [network(torch.empty(1, 3, *size, device="meta")).shape[2:] for size in ((1080, 1920), (720, 1280))]
        assert [tuple(shape) for shape in found] == expected


@torch.no_grad()
def test_an_image_gives_what_its_windows_give() -> None:
    network = HumanPresenceNetwork("1080p")
    image = torch.rand(1, 3, 101, 130)
    cells = network(image)
    assert cells.shape[2:] == ((101 - 61) // 4 + 1, (130 - 61) // 4 + 1)
    for row in range(10):
        for column in range(17):
            window = image[:, :, 4 * row : 4 * row + WINDOW, 4 * column : 4 * column + WINDOW]
            torch.testing.assert_close(network(window)[0, :, 0, 0], cells[0, :, row, column], atol=1e-6, rtol=0)


@pytest.mark.parametrize("name", NETWORKS)
def test_what_a_cell_sees(name: str) -> None:
    network = HumanPresenceNetwork(name)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.abs_()  # nothing is cut off by a ReLU, nothing cancels
    image = torch.rand(1, 3, 160, 160, requires_grad=True)
    network(image)[0, 1, 2, 3].backward()
    assert image.grad is not None
    rows, columns = (image.grad[0].sum(0).sum(axis).nonzero().flatten() for axis in (1, 0))
    for seen, cell in ((rows, 2), (columns, 3)):
        first, last = int(seen[0]), int(seen[-1]) + 1
        assert last - first == network.field
        assert (first + last) / 2 == network.stride * cell + network.offset
