"""Neural bag-of-features with self-attention, for heart signals and sound [Chumachenko 2022; Tran 2021; Passalis 2018].

Tokens x_n of a front-end become codes phi_n, how near each token is to each of K codewords; attention over codewords,
over time, or over both changes the codes Phi (B, K, N); their mean over time is what a classifier sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Attention = Literal["ctsa", "csa", "tsa", "2da-ca", "2da-ta", "2da-ia", "none"]


class RbfCodebook(nn.Module):
    """Shares of the codewords by distance [eq. 1]: softmax_k(-||(x - v_k) o w_k||_2), so that codes sum to 1.

    Args:
        features: D of a token.
        codewords: K.
    """

    def __init__(self, features: int, codewords: int) -> None:
        super().__init__()
        self.codebook = nn.Parameter(torch.empty(codewords, features))
        self.scale = nn.Parameter(torch.ones(codewords, features))
        nn.init.kaiming_uniform_(self.codebook, a=5**0.5)

    def forward(self, tokens: Tensor) -> Tensor:
        """Codes (B, K, N) of tokens (B, D, N)."""
        x = tokens.transpose(1, 2).unsqueeze(2)  # (B, N, 1, D)
        distance = ((x - self.codebook) * self.scale).square().sum(3).clamp(min=1e-12).sqrt()
        return (-distance).softmax(2).transpose(1, 2)


class LogisticCodebook(nn.Module):
    """Share of each codeword in a token: (1 + tanh(a <v_k, x> + b)) / 2, with a and b shared by all codewords.

    Args:
        features: D of a token.
        codewords: K.
    """

    def __init__(self, features: int, codewords: int) -> None:
        super().__init__()
        self.codebook = nn.Parameter(torch.empty(codewords, features))
        self.a, self.b = nn.Parameter(torch.ones(1)), nn.Parameter(torch.zeros(1))
        nn.init.kaiming_uniform_(self.codebook, a=5**0.5)

    def forward(self, tokens: Tensor) -> Tensor:
        """Codes (B, K, N) in (0, 1) of tokens (B, D, N)."""
        codes: Tensor = (1 + torch.tanh(self.a * (self.codebook @ tokens) + self.b)) / 2
        return codes

    def of(self, token: Tensor) -> Tensor:
        """Code (B, K) of single tokens (B, D): the same function, (1 + tanh z) / 2 being the logistic one of 2 z."""
        code: Tensor = torch.sigmoid(
            F.linear(token, 2 * self.a * self.codebook, (2 * self.b).expand(len(self.codebook)))
        )
        return code


class SelfAttention(nn.Module):
    """One head of self-attention over codes [eq. 8-17]; parameters: d (N + K) + 1, 2 d N + 1 or 2 d K + 1.

    * `ctsa`: sigmoid(q k^T / sqrt d) of codewords and times weighs the codes one by one; bound to N and to places.
    * `csa`: codewords look at codewords; bound to N and to places.
    * `tsa`: times look at times, in no order, however many they are.

    Args:
        kind: one of these.
        codewords: K.
        tokens: N.
        latent: d.
        dropout: of the attention of `csa` and `tsa`, in training.
        bias: of queries and keys, which the paper has not, and OpenDR's code has; 2 d parameters more.
    """

    def __init__(
        self, kind: Attention, codewords: int, tokens: int, latent: int, dropout: float = 0.0, *, bias: bool = False
    ) -> None:
        super().__init__()
        seen = {"ctsa": (tokens, codewords), "csa": (tokens, tokens), "tsa": (codewords, codewords)}
        if kind not in seen:
            raise ValueError(f"self-attention is one of {', '.join(seen)}, not {kind}")
        self.kind, self.latent = kind, latent
        self.query = nn.Parameter(torch.empty(latent, seen[kind][0]))
        self.key = nn.Parameter(torch.empty(latent, seen[kind][1]))
        self.alpha = nn.Parameter(torch.full((1,), 0.5))
        self.dropout = dropout
        self.query_bias = nn.Parameter(torch.zeros(latent)) if bias else None
        self.key_bias = nn.Parameter(torch.zeros(latent)) if bias else None
        for weight in (self.query, self.key):
            nn.init.kaiming_uniform_(weight, a=5**0.5)

    def forward(self, codes: Tensor) -> Tensor:
        """Attend over codes (B, K, N)."""
        turned = codes.transpose(1, 2)
        alpha = self.alpha.clamp(0, 1)
        first, second = {"ctsa": (codes, turned), "csa": (codes, codes), "tsa": (turned, turned)}[self.kind]
        queries, keys = F.linear(first, self.query, self.query_bias), F.linear(second, self.key, self.key_bias)
        logits = queries @ keys.transpose(1, 2) / self.latent**0.5
        if self.kind == "ctsa":
            return alpha * codes + (1 - alpha) * logits.sigmoid() * codes
        share = F.dropout(logits.softmax(2), self.dropout, self.training)
        mixed = share @ codes if self.kind == "csa" else (share @ turned).transpose(1, 2)
        return alpha * codes + (1 - alpha) * mixed


class MaskAttention(nn.Module):
    """2DA [Tran 2021]: a mask softmax(Phi W), W square with 1 / size on its diagonal; parameters: size^2 + 1.

    Args:
        kind: `2da-ca` masks codewords at each time, `2da-ta` times of each codeword, `2da-ia` the features of each
            token, before there are codes.
        codewords: K; D for `2da-ia`.
        tokens: N.
    """

    identity: Tensor

    def __init__(self, kind: Attention, codewords: int, tokens: int) -> None:
        super().__init__()
        if kind not in ("2da-ca", "2da-ta", "2da-ia"):
            raise ValueError(f"mask attention is 2da-ca, 2da-ta or 2da-ia, not {kind}")
        self.kind = kind
        self.size = tokens if kind == "2da-ta" else codewords
        self.weight = nn.Parameter(torch.full((self.size, self.size), 1 / self.size))
        self.alpha = nn.Parameter(torch.full((1,), 0.5))
        self.register_buffer("identity", torch.eye(self.size), persistent=False)

    def forward(self, codes: Tensor) -> Tensor:
        """Mask codes (B, K, N), or tokens (B, D, N) by `2da-ia`; half of the mask's strength is where it begins."""
        rows = codes if self.kind == "2da-ta" else codes.transpose(1, 2)
        weight = self.weight * (1 - self.identity) + self.identity / self.size
        alpha = self.alpha.clamp(0, 1)
        masked = alpha * rows + (1 - alpha) * rows * (rows @ weight.T).softmax(2)  # W^T: as published weights lie
        return masked if self.kind == "2da-ta" else masked.transpose(1, 2)


class BagOfFeatures(nn.Module):
    """Tokens (B, D, N) -> logits: codes, attention by several heads, mean over time, two layers.

    Args:
        features: D of a token.
        classes: answers.
        codewords: K.
        tokens: N.
        attention: see above.
        latent: d of self-attention.
        heads: of self-attention; their codes stand side by side.
        rbf: RBF codewords, else logistic ones.
        temporal: TNBoF: a second bag sees the newer half alone; the classifier sees both.
        shared: both bags have one codebook.
        bias: of self-attention.
    """

    def __init__(
        self,
        features: int,
        classes: int,
        *,
        codewords: int = 256,
        tokens: int = 35,
        attention: Attention = "tsa",
        latent: int = 64,
        heads: int = 1,
        rbf: bool = False,
        temporal: bool = False,
        shared: bool = False,
        bias: bool = False,
    ) -> None:
        super().__init__()
        codebook = RbfCodebook if rbf else LogisticCodebook
        lengths = [tokens, tokens - tokens // 2] if temporal else [tokens]
        self.codebooks = nn.ModuleList(codebook(features, codewords) for _ in lengths[: 1 if shared else 2])
        self.attentions = nn.ModuleList(_heads(attention, codewords, n, latent, heads, bias) for n in lengths)
        self.inputs = MaskAttention(attention, features, tokens) if attention == "2da-ia" else nn.Identity()
        self.newer = tokens // 2
        width = codewords * len(lengths) * (heads if attention in ("ctsa", "csa", "tsa") else 1)
        self.classifier = nn.Sequential(nn.Linear(width, 512), nn.ReLU(), nn.Dropout(0.2), nn.Linear(512, classes))

    def bags(self, tokens: Tensor) -> Tensor:
        """Input of the classifier (B, bags x heads x K) from tokens (B, D, N)."""
        parts = []
        tokens = self.inputs(tokens)
        for place, attentions in enumerate(self.attentions):
            seen = tokens if place == 0 else tokens[:, :, self.newer :]
            codes = self.codebooks[min(place, len(self.codebooks) - 1)](seen)
            heads: Sequence[nn.Module] = list(attentions)  # type: ignore[call-overload]
            parts += [head(codes).mean(2) for head in heads]
        return torch.cat(parts, 1)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits (B, classes) of tokens (B, D, N)."""
        logits: Tensor = self.classifier(self.bags(tokens))
        return logits


def _heads(kind: Attention, codewords: int, tokens: int, latent: int, heads: int, bias: bool) -> nn.ModuleList:
    if kind in ("none", "2da-ia"):
        return nn.ModuleList([nn.Identity()])
    if kind in ("2da-ca", "2da-ta"):
        return nn.ModuleList([MaskAttention(kind, codewords, tokens)])
    dropout = 0.0 if kind == "ctsa" or heads == 1 else 0.2
    return nn.ModuleList(SelfAttention(kind, codewords, tokens, latent, dropout, bias=bias) for _ in range(heads))
