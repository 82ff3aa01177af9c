"""Small networks that see whether there is a person in a window of 64 pixels, over a whole image at once.

VGG-1080p and VGG-720p [Tzelepi 2020]: five convolutions, trained on crops, that run over images of any size and
then answer for every window. The widths are those of OpenDR's implementation, whose weights load.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

WINDOW = 64
"""Side in pixels of the crops to learn from."""


@dataclass(frozen=True)
class Architecture:
    """Layers of a network: four convolutions of 3x3, and one that decides.

    Args:
        widths: channels of the convolutions.
        strides: of the convolutions.
        padding: of the convolutions. With none, the answer for a window does not depend on what is around it.
        pool: pixels that are pooled before the decision.
        decision: side of the last convolution, which makes one cell of a crop of 64 pixels.
    """

    widths: tuple[int, int, int, int]
    strides: tuple[int, int, int, int]
    padding: int
    pool: int
    decision: int


ARCHITECTURES = {
    "1080p": Architecture((8, 8, 6, 6), (1, 2, 1, 2), padding=0, pool=1, decision=13),
    "720p": Architecture((16, 16, 24, 16), (1, 1, 1, 4), padding=1, pool=2, decision=8),
}
"""By the size of images that they were made for; both take any size."""


class HumanPresenceNetwork(nn.Module):
    """One of ARCHITECTURES.

    Args:
        name: of the architecture.

    Raises:
        ValueError: there is none of that name.

    Attributes:
        stride: pixels from one cell to the next.
        offset: pixels from the border of the image to the middle of what the first cell sees; pixel i is [i, i + 1).
        field: side, in pixels, of what one cell sees; it may reach beyond the image by the padding.
    """

    def __init__(self, name: str = "1080p") -> None:
        super().__init__()
        if name not in ARCHITECTURES:
            raise ValueError(f"the architecture must be one of {', '.join(ARCHITECTURES)}, got '{name}'")
        self.architecture = ARCHITECTURES[name]
        widths, strides = self.architecture.widths, self.architecture.strides
        padding = self.architecture.padding
        self.conv1_1 = nn.Conv2d(3, widths[0], 3, strides[0], padding)
        self.conv1_2 = nn.Conv2d(widths[0], widths[1], 3, strides[1], padding)
        self.conv2_1 = nn.Conv2d(widths[1], widths[2], 3, strides[2], padding)
        self.conv2_2 = nn.Conv2d(widths[2], widths[3], 3, strides[3], padding)
        self.conv_dec = nn.Conv2d(widths[3], 2, self.architecture.decision)
        self.stride, self.offset, self.field = _geometry(self.architecture)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, 2, h, w) of nobody and somebody in each window.

        Args:
            images: (N, 3, H, W) float, RGB in [0, 1]; at least 64 pixels a side.
        """
        logits: Tensor = self.conv_dec(self.features(images))
        return logits

    def features(self, images: Tensor) -> Tensor:
        """The map (N, C, h', w') on which the last convolution decides."""
        for layer in (self.conv1_1, self.conv1_2, self.conv2_1, self.conv2_2):
            images = F.relu(layer(images))
        return F.max_pool2d(images, self.architecture.pool) if self.architecture.pool > 1 else images


def _geometry(architecture: Architecture) -> tuple[int, float, int]:
    """Stride, offset and receptive field of a cell."""
    layers = [(3, stride, architecture.padding) for stride in architecture.strides]
    layers += [(architecture.pool, architecture.pool, 0), (architecture.decision, 1, 0)]
    step, first, field = 1, 0, 1
    for size, stride, padding in layers:
        first -= padding * step
        field += (size - 1) * step
        step *= stride
    return step, first + field / 2, field
