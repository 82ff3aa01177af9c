"""The network of the papers for atrial fibrillation: residual convolutions over 30 s, then a bag of features.

[Chumachenko 2022, sec. IV; Tran 2021], layers as OpenDR and the authors build them, whose checkpoints load here by
`networks.checkpoints.load_checkpoint`. Every token sees 72 s and so the edges of the window: nothing of one window can
be used for the next, which is why `continual` is what a node runs, and this is what it is compared with.
"""

from __future__ import annotations

from torch import Tensor, nn

from opendr_perception.networks.bag_of_features import Attention, BagOfFeatures

LENGTH = 9000
"""Samples of a window, 30 s at 300 Hz; shorter recordings are followed by zeros and then standardised."""
PUBLISHED: dict[str, Attention] = {
    "spatial": "2da-ca",
    "temporal": "2da-ta",
    "spatialsa": "csa",
    "temporalsa": "tsa",
    "spatiotemporal": "ctsa",
}
"""Names of attention in OpenDR, and ours."""


class SignalResidualBlock(nn.Module):
    """Norm, ReLU, dropout and convolution, twice, beside the input.

    Args:
        inner, outer: channels.
        pool: halve the rate.
        dropout: in training.
    """

    def __init__(self, inner: int, outer: int, *, pool: bool, dropout: float) -> None:
        super().__init__()
        left: list[nn.Module] = []
        for channels in (inner, outer):
            left += [
                nn.BatchNorm1d(channels),
                nn.ReLU(),
                nn.Dropout(dropout),
                nn.Conv1d(channels, outer, 15, padding=7),
            ]
        right: list[nn.Module] = [nn.Conv1d(inner, outer, 1)] if inner != outer else []
        if pool:
            left.append(nn.MaxPool1d(2))
            right.append(nn.MaxPool1d(2))
        self.left_branch = nn.Sequential(*left)
        self.right_branch: nn.Module = nn.Sequential(*right) if len(right) > 1 else right[0] if right else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(B, inner, T) -> (B, outer, T or T // 2)."""
        y: Tensor = self.left_branch(x) + self.right_branch(x)
        return y


class ResidualFrontEnd(nn.Module):
    """Signal (B, 1, T) -> tokens (B, 256, N), one each 256 samples.

    Args:
        filters: channels at first; blocks 4, 8 and 12 add as many.
        dropout: in training.
    """

    def __init__(self, filters: int = 64, dropout: float = 0.5) -> None:
        super().__init__()
        first = nn.Conv1d(1, filters, 15, padding=7)
        self.block1 = nn.Sequential(first, nn.BatchNorm1d(filters), nn.ReLU())
        self.block2_1 = nn.Sequential(
            nn.Conv1d(filters, filters, 15, padding=7),
            nn.BatchNorm1d(filters),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Conv1d(filters, filters, 15, padding=7),
            nn.MaxPool1d(2),
        )
        self.block2_2 = nn.MaxPool1d(2)
        widths = [filters, *(filters * (1 + place // 4) for place in range(15))]
        self.residual_blocks = nn.Sequential(
            *(
                SignalResidualBlock(widths[place], widths[place + 1], pool=place % 2 == 1, dropout=dropout)
                for place in range(15)
            )
        )
        self.features = widths[-1]
        for layer in self.modules():
            if isinstance(layer, nn.Conv1d):
                nn.init.kaiming_normal_(layer.weight)

    def forward(self, signal: Tensor) -> Tensor:
        """Tokens (B, 256, N) of (B, 1, T)."""
        x = self.block1(signal)
        tokens: Tensor = self.residual_blocks(self.block2_1(x) + self.block2_2(x))
        return tokens


class ResidualBag(nn.Module):
    """A window (B, 1, length) of standardised ECG -> logits (B, classes).

    OpenDR has d = 128, one head and a bias: `latent=128, bias=True`. Of two revisions of its code, and of the authors'
    code, the attention has parameters but is not applied; their weights belong to `attention="none"`.

    Args:
        classes: 4 in CinC 2017: normal, AF, other, noise.
        codewords: K.
        attention: see `bag_of_features`.
        length: samples of a window.
        latent, heads, bias: of self-attention.
        temporal: TNBoF with one codebook, as the code of the authors has it.
    """

    def __init__(
        self,
        classes: int = 4,
        *,
        codewords: int = 256,
        attention: Attention = "tsa",
        length: int = LENGTH,
        latent: int = 128,
        heads: int = 1,
        bias: bool = False,
        temporal: bool = False,
    ) -> None:
        super().__init__()
        self.front_end = ResidualFrontEnd()
        self.bag = BagOfFeatures(
            self.front_end.features,
            classes,
            codewords=codewords,
            tokens=length // 256,
            attention=attention,
            latent=latent,
            heads=heads,
            bias=bias,
            temporal=temporal,
            shared=temporal,
        )
        self.published_names = _published_names(attention)

    def forward(self, window: Tensor) -> Tensor:
        """Logits (B, classes) of (B, 1, length)."""
        logits: Tensor = self.bag(self.front_end(window))
        return logits


def _published_names(attention: Attention) -> list[tuple[str, str]]:
    """Patterns of names in OpenDR and the authors' code, and ours."""
    names = [
        (r"^resnet_block\.", "front_end."),
        (r"^quantization_block\.scaling_([ab])$", r"bag.codebooks.0.\1"),
        (r"^quantization_block\.", "bag.codebooks.0."),
        (r"^classifier\.", "bag.classifier."),
    ]
    if attention == "none":
        return [*names, (r"^(short_|long_)?attention_block\..*$", "")]
    query, key = ("t", "s") if attention == "ctsa" else ("1", "2")
    return [
        *names,
        (r"^(long_)?attention_block\.", "bag.attentions.0.0."),
        (r"^short_attention_block\.", "bag.attentions.1.0."),
        (r"\.w_a$", ".weight"),
        (r"\.I$", ".identity"),
        *(
            (rf"\.w_{old}\.{part}$", f".{new}{suffix}")
            for old, new in ((query, "query"), (key, "key"))
            for part, suffix in (("weight", ""), ("bias", "_bias"))
        ),
    ]
