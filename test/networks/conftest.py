"""Networks are tested like blocks, with a few more things of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import nn


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "peer: compares with another implementation, which is downloaded")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def randomise() -> Callable[[nn.Module], nn.Module]:
    """Make sure that no weight is neutral and hides an error."""

    @torch.no_grad()
    def randomise_all(network: nn.Module) -> nn.Module:
        for part in network.modules():
            if isinstance(part, nn.modules.batchnorm._BatchNorm):
                part.running_mean.normal_(0, 0.1)
                part.running_var.uniform_(0.5, 1.5)
                part.weight.uniform_(0.5, 1.5)
                part.bias.normal_(0, 0.1)
        for name, parameter in network.named_parameters():
            if name.endswith("graph_attn"):
                parameter.uniform_(0.2, 0.6)
        return network.eval()

    return randomise_all
