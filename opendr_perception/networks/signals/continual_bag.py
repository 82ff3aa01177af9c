"""Neural bag-of-features with temporal self-attention, token by token [Chumachenko 2022, eq. 15-17].

The classifier sees the mean over time of what attends, so each token's code p_m counts with the mean attention that it
gets: mean(A P) = sum_m w_m p_m, w_m = mean_n A[n, m]. Of the last N tokens the codes, keys and queries and the N x N
logits are kept; a new token brings one row and one column of logits. Nothing is summed up over time, so no error grows,
however long the stream is: a step gives what a clip of the last N tokens gives.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from opendr_perception.networks.bag_of_features import LogisticCodebook
from opendr_perception.streaming.contract import Streaming, Tick
from opendr_perception.streaming.state import Memory, Shape, Slot

FAR = -1e4
"""Logit of a token that is not there."""


class ContinualBag(Streaming):
    """Codes of the last N tokens, temporal self-attention by one head, two layers: logits after each token.

    While a stream has fewer tokens, these alone are seen.

    Args:
        features: D of a token.
        classes: answers.
        codewords: K.
        latent: d of the queries and keys.
        window: N.
        hidden: width of the first layer of the classifier.
        dropout: in training, of the attention and of the classifier.
    """

    memories = 5

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
        super().__init__()
        self.codebook = LogisticCodebook(features, codewords)
        self.query = nn.Parameter(torch.empty(latent, codewords))
        self.key = nn.Parameter(torch.empty(latent, codewords))
        self.alpha = nn.Parameter(torch.tensor(0.5))
        for weight in (self.query, self.key):
            nn.init.kaiming_uniform_(weight, a=5**0.5)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Sequential(
            nn.Linear(codewords, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, classes)
        )
        self.window, self.classes = window, classes
        self.receptive_field, self.padding = window, window - 1
        self.frame_shape = (features,)

    def forward_window(self, tokens: Tensor, seen: Tensor | None = None) -> Tensor:
        """Logits (B, classes) of tokens (B, D, T), T of any length, of which those count that `seen` (B, T) says."""
        codes = self.codebook(tokens).transpose(1, 2)
        if seen is None:
            seen = torch.ones(codes.shape[:2], dtype=torch.bool, device=tokens.device)
        logits = (codes @ self.query.T) @ (codes @ self.key.T).transpose(1, 2)
        return self._answer(codes, logits, seen)

    def forward(self, clip: Tensor) -> Tensor:
        """Logits (B, classes, T) after each token of (B, D, T)."""
        ends = range(1, clip.shape[2] + 1)
        return torch.stack([self.forward_window(clip[:, :, max(end - self.window, 0) : end]) for end in ends], 2)

    def slots(self, frame_shape: Shape) -> tuple[Slot, ...]:
        codewords, latent = self.codebook.codebook.shape[0], self.query.shape[0]
        return (
            Slot("codes", (self.window, codewords)),
            Slot("queries", (self.window, latent)),
            Slot("keys", (self.window, latent)),
            Slot("logits", (self.window, self.window)),
            Slot("seen", (self.window,)),
        )

    def output_shape(self, frame_shape: Shape) -> Shape:
        return (self.classes,)

    def update(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor, Memory]:
        code = self.codebook(frame.unsqueeze(2)).transpose(1, 2)  # (B, 1, K)
        query, key = code @ self.query.T, code @ self.key.T
        codes, queries, keys = (
            torch.cat([kept[:, 1:], new], 1) for kept, new in zip(memory[:3], (code, query, key), strict=True)
        )
        seen = torch.cat([memory[4][:, 1:], torch.ones_like(memory[4][:, :1])], 1)
        column = queries[:, :-1] @ key.transpose(1, 2)
        row = query @ keys.transpose(1, 2)
        logits = torch.cat([torch.cat([memory[3][:, 1:, 1:], column], 2), row], 1)
        return self._answer(codes, logits, seen > 0), (codes, queries, keys, logits, seen)

    def _answer(self, codes: Tensor, logits: Tensor, seen: Tensor) -> Tensor:
        """Logits of the classes, of codes (B, N, K) and logits (B, N, N) of the attention between them."""
        alpha = self.alpha.clamp(0, 1)
        hidden = ~seen[:, None, :]
        share = (logits / self.query.shape[0] ** 0.5).masked_fill(hidden, FAR).softmax(2)
        counted = seen.to(codes.dtype) / seen.sum(1, keepdim=True)
        weights = counted.unsqueeze(1) @ self.dropout(share)  # (B, 1, N): the mean attention that each token gets
        bag = (alpha * counted.unsqueeze(1) + (1 - alpha) * weights) @ codes
        answer: Tensor = self.classifier(bag.squeeze(1))
        return answer
