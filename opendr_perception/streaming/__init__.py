"""Continual inference: pure functions (frame, state) -> (output, state), on torch alone.

Begin with `contract`, which explains the idea and all decisions; each other file is one kind of block.
"""

from opendr_perception.streaming.attention import RetroactiveAttention, SingleOutputAttention
from opendr_perception.streaming.channel import LayerNorm, Linear, SqueezeExcitation
from opendr_perception.streaming.compose import Conditional, Delay, Parallel, Residual, Sequential
from opendr_perception.streaming.contract import Streaming, Tick
from opendr_perception.streaming.conv import Conv1d, Conv2d, Conv3d
from opendr_perception.streaming.convert import convert
from opendr_perception.streaming.cost import parameter_count, step_macs
from opendr_perception.streaming.encoder import EncoderLayer, TransformerEncoder
from opendr_perception.streaming.graph import AdaptiveGraphConvolution, GraphConvolution
from opendr_perception.streaming.neighbourhood import NeighbourhoodAttention
from opendr_perception.streaming.pool import AdaptiveAvgPool, AdaptiveMaxPool, AvgPool, MaxPool
from opendr_perception.streaming.position import RecyclingPositionalEncoding
from opendr_perception.streaming.state import Slot, State

__all__ = [
    "AdaptiveAvgPool",
    "AdaptiveGraphConvolution",
    "AdaptiveMaxPool",
    "AvgPool",
    "Conditional",
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "Delay",
    "EncoderLayer",
    "GraphConvolution",
    "LayerNorm",
    "Linear",
    "MaxPool",
    "NeighbourhoodAttention",
    "Parallel",
    "RecyclingPositionalEncoding",
    "Residual",
    "RetroactiveAttention",
    "Sequential",
    "SingleOutputAttention",
    "Slot",
    "SqueezeExcitation",
    "State",
    "Streaming",
    "Tick",
    "TransformerEncoder",
    "attention",
    "channel",
    "compose",
    "contract",
    "conv",
    "convert",
    "cost",
    "encoder",
    "graph",
    "neighbourhood",
    "parameter_count",
    "pool",
    "position",
    "state",
    "step_macs",
]
