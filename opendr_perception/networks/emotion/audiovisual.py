"""Emotion from a voice and a face, and from one of them where the other is missing [Chumachenko 2022, Self-attention
fusion for audiovisual emotion recognition with incomplete data].

A modality that is missing is all zeros at the input, in training and later.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from opendr_perception.networks.emotion.efficient_face import FEATURES, EfficientFace

FRAMES = 15
"""Faces of a clip of 3.6 s."""
Fusion = Literal["lt", "it", "ia"]
"""Late transformer, intermediate transformer, intermediate attention [Chumachenko 2022, sec. III-B]."""


def audio_layer(before: int, after: int) -> nn.Sequential:
    """Convolution over 3 places and the larger of 2 neighbours, without padding."""
    return nn.Sequential(nn.Conv1d(before, after, 3), nn.BatchNorm1d(after), nn.ReLU(inplace=True), nn.MaxPool1d(2, 1))


def video_layer(before: int, after: int) -> nn.Sequential:
    """Convolution over 3 frames, with padding."""
    return nn.Sequential(nn.Conv1d(before, after, 3, padding=1), nn.BatchNorm1d(after), nn.ReLU(inplace=True))


class TemporalBranch(nn.Module):
    """The convolutions over time of one modality, in two stages of two layers each."""

    def __init__(self, layer: Callable[[int, int], nn.Sequential], features: int, widths: Sequence[int]) -> None:
        super().__init__()
        one, two, three, four = widths
        self.first = nn.Sequential(layer(features, one), layer(one, two))
        self.second = nn.Sequential(layer(two, three), layer(three, four))


class CrossAttention(nn.Module):
    """Attention of one sequence to another one.

    Args:
        keys, queries: features of a token of the sequence that is attended to, and of the other one.
        width: of all heads together.
        heads: how many.
        values: whether values are made, or the matrix alone is wanted.
    """

    def __init__(self, keys: int, queries: int, width: int, heads: int, *, values: bool) -> None:
        super().__init__()
        self.heads, self.scale = heads, (width // heads) ** -0.5
        self.q = nn.Linear(queries, width, bias=False)
        self.k = nn.Linear(keys, width, bias=False)
        self.v = nn.Linear(keys, width, bias=False) if values else None
        self.proj = nn.Linear(width, width) if values else None

    def matrix(self, keys: Tensor, queries: Tensor) -> Tensor:
        """Attention (B, heads, Nq, Nk), each row of which sums to 1 over the keys."""
        q, k = (self._split(part(x)) for part, x in ((self.q, queries), (self.k, keys)))
        return (q @ k.transpose(-2, -1) * self.scale).softmax(-1)

    def forward(self, keys: Tensor, queries: Tensor) -> Tensor:
        """Map keys (B, Nk, C) and queries (B, Nq, C') to (B, Nq, width)."""
        assert self.v is not None and self.proj is not None
        found = self.matrix(keys, queries) @ self._split(self.v(keys))
        return self.proj(found.transpose(1, 2).flatten(2))

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class TransformerBlock(nn.Module):
    """Cross attention without a way around it, then a perceptron with one [Chumachenko 2022, eq. 1 to 4]."""

    def __init__(self, keys: int, queries: int, width: int, heads: int) -> None:
        super().__init__()
        self.norm1_k, self.norm1_q, self.norm2 = nn.LayerNorm(keys), nn.LayerNorm(queries), nn.LayerNorm(width)
        self.attn = CrossAttention(keys, queries, width, heads, values=True)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, keys: Tensor, queries: Tensor) -> Tensor:
        """Map keys (B, C, Nk) and queries (B, C', Nq) to (B, width, Nq)."""
        x = self.attn(self.norm1_k(keys.transpose(1, 2)), self.norm1_q(queries.transpose(1, 2)))
        return (x + self.mlp(self.norm2(x))).transpose(1, 2)


class AudiovisualNetwork(nn.Module):
    """Logits by the features of a clip: audio (B, audio_features, T), video (B, video_features, frames).

    Args:
        classes: number of emotions.
        fusion: how the two are joined.
        heads: of the attention, 1 or 4 in the paper.
        audio_features: of a frame of sound: coefficients of its spectrum (`tasks.sound.mfcc`).
        video_features: of a face.
        audio_widths, video_widths: channels of the four layers of each branch.
        dropout: in training, of the features before the last layer; 0 in the paper.

    Raises:
        ValueError: there is no such fusion.
    """

    published_names = (
        (r"^visual_model\.classifier\..*|^audio_model\.classifier\..*", ""),
        (r"^audio_model\.conv1d_([01])\.", r"audio.first.\1."),
        (r"^audio_model\.conv1d_2\.", "audio.second.0."),
        (r"^audio_model\.conv1d_3\.", "audio.second.1."),
        (r"^visual_model\.conv1d_([01])\.", r"video.first.\1."),
        (r"^visual_model\.conv1d_2\.", "video.second.0."),
        (r"^visual_model\.conv1d_3\.", "video.second.1."),
        (r"^((?:av|va)\.mlp)\.fc1\.", r"\1.0."),
        (r"^((?:av|va)\.mlp)\.fc2\.", r"\1.2."),
        (r"^classifier\.0\.", "classifier."),
    )

    def __init__(
        self,
        classes: int = 8,
        fusion: Fusion = "ia",
        *,
        heads: int = 1,
        audio_features: int = 10,
        video_features: int = FEATURES,
        audio_widths: Sequence[int] = (64, 128, 256, 128),
        video_widths: Sequence[int] = (64, 64, 128, 128),
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if fusion not in get_args(Fusion):
            raise ValueError(f"there is no fusion '{fusion}': choose one of {', '.join(get_args(Fusion))}")
        self.fusion = fusion
        self.audio = TemporalBranch(audio_layer, audio_features, audio_widths)
        self.video = TemporalBranch(video_layer, video_features, video_widths)
        joined = 3 if fusion == "lt" else 1
        sounds, faces = audio_widths[joined], video_widths[joined]
        if fusion == "ia":
            self.av: nn.Module = CrossAttention(faces, sounds, sounds, heads, values=False)
            self.va: nn.Module = CrossAttention(sounds, faces, faces, heads, values=False)
        else:
            self.av = TransformerBlock(faces, sounds, sounds, heads)
            self.va = TransformerBlock(sounds, faces, faces, heads)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(audio_widths[3] + video_widths[3], classes)

    def forward(self, audio: Tensor, video: Tensor) -> Tensor:
        """Map features to logits (B, classes)."""
        heard, seen = self.audio.first(audio), self.video.first(video)
        if self.fusion == "lt":
            heard, seen = self.audio.second(heard), self.video.second(seen)
            heard, seen = self.av(seen, heard), self.va(heard, seen)
        elif self.fusion == "it":
            heard, seen = heard + self.av(seen, heard), seen + self.va(heard, seen)
            heard, seen = self.audio.second(heard), self.video.second(seen)
        else:
            heard, seen = self._weighed(heard, seen)
            heard, seen = self.audio.second(heard), self.video.second(seen)
        return self.classifier(self.dropout(torch.cat([heard.mean(2), seen.mean(2)], 1)))

    def _weighed(self, heard: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        """Each modality weighed by how much the other one attends to its moments: sums over the queries."""
        assert isinstance(self.av, CrossAttention) and isinstance(self.va, CrossAttention)
        sounds, faces = heard.transpose(1, 2), seen.transpose(1, 2)
        to_faces = self.av.matrix(faces, sounds).mean(1).sum(1, keepdim=True)
        to_sounds = self.va.matrix(sounds, faces).mean(1).sum(1, keepdim=True)
        return heard * to_sounds, seen * to_faces


class AudiovisualClip(nn.Module):
    """Logits by what was recorded: audio (B, 10, 156), faces (B, 15, 3, 224, 224) in [0, 1].

    Args:
        classes, fusion, heads: see `AudiovisualNetwork`.
    """

    published_names = (
        (r"^visual_model\.local\.(conv|bn)(\d)_(\d)\.", lambda m: f"trunk.local.parts.{_place(*m.groups())}."),
        (r"^visual_model\.modulator\.channel_att\.gate_c\.gate_c_fc_0\.", "trunk.modulator.channel.0."),
        (r"^visual_model\.modulator\.channel_att\.gate_c\.gate_c_bn_1\.", "trunk.modulator.channel.1."),
        (r"^visual_model\.modulator\.channel_att\.gate_c\.gate_c_fc_final\.", "trunk.modulator.channel.3."),
        (r"^visual_model\.modulator\.spatial_att\.gate_s\.gate_s_conv_reduce0\.", "trunk.modulator.spatial.0."),
        (r"^visual_model\.modulator\.spatial_att\.gate_s\.gate_s_bn_reduce0\.", "trunk.modulator.spatial.1."),
        (r"^visual_model\.modulator\.spatial_att\.gate_s\.gate_s_conv_di_0\.", "trunk.modulator.spatial.3."),
        (r"^visual_model\.modulator\.spatial_att\.gate_s\.gate_s_bn_di_0\.", "trunk.modulator.spatial.4."),
        (r"^visual_model\.modulator\.spatial_att\.gate_s\.gate_s_conv_di_1\.", "trunk.modulator.spatial.6."),
        (r"^visual_model\.modulator\.spatial_att\.gate_s\.gate_s_bn_di_1\.", "trunk.modulator.spatial.7."),
        (r"^visual_model\.modulator\.spatial_att\.gate_s\.gate_s_conv_final\.", "trunk.modulator.spatial.9."),
        (r"^visual_model\.(conv1|conv5|stage\d)\.", r"trunk.\1."),
        *AudiovisualNetwork.published_names,
        (r"^(audio|video|av|va|classifier)\.", r"head.\1."),
    )

    def __init__(self, classes: int = 8, fusion: Fusion = "ia", *, heads: int = 1) -> None:
        super().__init__()
        self.trunk = EfficientFace()
        self.head = AudiovisualNetwork(classes, fusion, heads=heads)

    def forward(self, audio: Tensor, faces: Tensor) -> Tensor:
        features = self.trunk(faces.flatten(0, 1)).unflatten(0, faces.shape[:2])
        logits: Tensor = self.head(audio, features.transpose(1, 2))
        return logits


def of_opendr(weights: Mapping[str, Tensor], fusion: Fusion) -> dict[str, Tensor]:
    """Weights of OpenDR's network as `networks.checkpoints.load_checkpoint` takes them.

    Keys and values are one matrix there; of intermediate attention, values and what follows them are never used.
    """
    found = {}
    for name, tensor in weights.items():
        kept = re.fullmatch(r"(.*)\.kv\.weight", name)
        if kept:
            found[f"{kept[1]}.k.weight"], found[f"{kept[1]}.v.weight"] = tensor.chunk(2)
        else:
            found[name] = tensor
    if fusion == "ia":
        found = {name: tensor for name, tensor in found.items() if not re.match(r"(av|va)\.(v|proj)\.", name)}
    return found


def _place(kind: str, part: str, layer: str) -> str:
    """The place of a layer of `Quarters` by its number there: conv3_2 is the second convolution of the third part."""
    return f"{int(part) - 1}.{3 * (int(layer) - 1) + (kind == 'bn')}"
