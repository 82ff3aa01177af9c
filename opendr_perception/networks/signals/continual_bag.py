"""Neural bag-of-features with temporal self-attention, token by token [Chumachenko 2022, eq. 15-17].

The classifier sees the mean over time of what attends, so each token's code p_m counts with the mean attention that it
gets: mean(A P) = sum_m w_m p_m, w_m = mean_n A[n, m]. Of the last N tokens the codes, keys and queries and the N x N
logits are kept; a new token brings one row and one column of logits. The order of tokens does not matter, so the newest
takes the place of the oldest, and nothing else moves. Nothing is summed up over time, so no error grows, however long
the stream is: a step gives what a clip of the last N tokens gives.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from opendr_perception.networks.bag_of_features import LogisticCodebook
from opendr_perception.streaming.contract import Streaming, Tick
from opendr_perception.streaming.state import Memory, Shape, Slot

FAR = -1e4
"""Logit of a token that is not there."""


class ContinualAttention(Streaming):
    """Temporal self-attention by one head over the codes of the last N tokens: their bag after each token.

    While a stream has fewer tokens, these alone are seen.

    Args:
        codewords: K of a code.
        latent: d of the queries and keys.
        window: N.
        dropout: in training, of the attention.
    """

    memories = 4
    share: Tensor
    absent: Tensor

    def __init__(self, codewords: int, *, latent: int = 32, window: int = 32, dropout: float = 0.2) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.empty(latent, codewords))
        self.key = nn.Parameter(torch.empty(latent, codewords))
        self.alpha = nn.Parameter(torch.tensor(0.5))
        for weight in (self.query, self.key):
            nn.init.kaiming_uniform_(weight, a=5**0.5)
        self.dropout = nn.Dropout(dropout)
        there = torch.ones(window, window).tril()  # by place, where row + 1 tokens have been seen
        self.register_buffer("share", there / there.sum(1, keepdim=True), persistent=False)
        self.register_buffer("absent", FAR * (1 - there), persistent=False)
        self.window, self.codewords = window, codewords
        self.receptive_field, self.padding = window, window - 1
        self.frame_shape = (codewords,)

    def of_window(self, codes: Tensor, seen: Tensor | None = None) -> Tensor:
        """The bag (B, K) of codes (B, T, K), T of any length, of which those count that `seen` (B, T) says."""
        if seen is None:
            seen = torch.ones(codes.shape[:2], dtype=torch.bool, device=codes.device)
        queries, keys = self._relate(codes)
        logits = (queries @ keys.transpose(1, 2)).masked_fill(~seen[:, None, :], FAR)
        return self._bag(codes, logits, seen.to(codes.dtype) / seen.sum(1, keepdim=True))

    def forward(self, clip: Tensor) -> Tensor:
        """The bag after each token: (B, K, T) of codes (B, K, T)."""
        codes = clip.transpose(1, 2)
        ends = range(1, codes.shape[1] + 1)
        return torch.stack([self.of_window(codes[:, max(end - self.window, 0) : end]) for end in ends], 2)

    def slots(self, frame_shape: Shape) -> tuple[Slot, ...]:
        latent = self.query.shape[0]
        return (
            Slot("codes", (self.window, self.codewords)),
            Slot("queries", (self.window, latent)),
            Slot("keys", (self.window, latent)),
            Slot("logits", (self.window, self.window), FAR),
        )

    def update(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor, Memory]:
        query, key = self._relate(frame)
        index = tick.index if tick.delay == 0 else tick.index.clamp(min=0)
        place = index % self.window
        at = torch.arange(len(frame), device=frame.device), place
        codes, queries, keys = (ring.index_put(at, new) for ring, new in zip(memory, (frame, query, key), strict=False))
        place = place[:, None, None]
        count = index.clamp(max=self.window - 1)
        row = query.unsqueeze(1) @ keys.transpose(1, 2) + F.embedding(count, self.absent).unsqueeze(1)
        column = queries @ key.unsqueeze(2)
        logits = memory[3].index_put(at, row.squeeze(1)).scatter(2, place.expand(-1, self.window, 1), column)
        return self._bag(codes, logits, F.embedding(count, self.share)), (codes, queries, keys, logits)

    def _relate(self, codes: Tensor) -> tuple[Tensor, Tensor]:
        """Queries, scaled by 1/sqrt(d), and keys (..., d) of codes (..., K)."""
        weight = torch.cat([self.query / self.query.shape[0] ** 0.5, self.key])
        queries, keys = F.linear(codes, weight).chunk(2, -1)
        return queries, keys

    def _bag(self, codes: Tensor, logits: Tensor, share: Tensor) -> Tensor:
        """The bag (B, K) of codes (B, N, K), logits (B, N, N) of the attention between them, FAR where a token is not
        there, and the share (B, N) of each token in a mean, 0 where it is not."""
        alpha = self.alpha.clamp(0, 1)
        weights = share.unsqueeze(1) @ self.dropout(logits.softmax(2))  # (B, 1, N): the mean attention that each gets
        bag: Tensor = (alpha * share.unsqueeze(1) + (1 - alpha) * weights) @ codes
        return bag.squeeze(1)


class ContinualBag(ContinualAttention):
    """Codes of the last N tokens, temporal self-attention, two layers: logits after each token.

    Args:
        features: D of a token.
        classes: answers.
        codewords: K.
        latent, window: of the attention.
        hidden: width of the first layer of the classifier.
        dropout: in training, of the attention and of the classifier.
    """

    def __init__(
        self,
        features: int,
        classes: int,
        *,
        codewords: int = 128,
        latent: int = 32,
        window: int = 32,
        hidden: int = 128,
        dropout: float = 0.2,
    ) -> None:
        codebook = LogisticCodebook(features, codewords)
        super().__init__(codewords, latent=latent, window=window, dropout=dropout)
        self.codebook, self.classes = codebook, classes
        self.classifier = nn.Sequential(
            nn.Linear(codewords, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, classes)
        )
        self.frame_shape = (features,)

    def forward_window(self, tokens: Tensor, seen: Tensor | None = None) -> Tensor:
        """Logits (B, classes) of tokens (B, D, T), T of any length, of which those count that `seen` (B, T) says."""
        answer: Tensor = self.classifier(self.of_window(self.codebook(tokens).transpose(1, 2), seen))
        return answer

    def forward(self, clip: Tensor) -> Tensor:
        """Logits (B, classes, T) after each token of (B, D, T)."""
        ends = range(1, clip.shape[2] + 1)
        return torch.stack([self.forward_window(clip[:, :, max(end - self.window, 0) : end]) for end in ends], 2)

    def output_shape(self, frame_shape: Shape) -> Shape:
        return (self.classes,)

    def update(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor, Memory]:
        bag, memory = super().update(self.codebook.of(frame), memory, tick)
        return self.classifier(bag), memory
