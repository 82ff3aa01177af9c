"""Continual inference: pure functions (frame, state) -> (output, state), on torch alone.

Begin with `contract`, which explains the idea and all decisions; each other file is one kind of block.
"""

from opendr_perception.streaming.channel import LayerNorm, Linear, SqueezeExcitation
from opendr_perception.streaming.compose import Delay, Parallel, Residual, Sequential
from opendr_perception.streaming.contract import Slot, Streaming, Tick
from opendr_perception.streaming.conv import Conv1d, Conv2d, Conv3d
from opendr_perception.streaming.convert import convert
from opendr_perception.streaming.cost import parameter_count, step_macs
from opendr_perception.streaming.pool import AdaptiveAvgPool, AdaptiveMaxPool, AvgPool, MaxPool
from opendr_perception.streaming.state import State

__all__ = [
    "AdaptiveAvgPool",
    "AdaptiveMaxPool",
    "AvgPool",
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "Delay",
    "LayerNorm",
    "Linear",
    "MaxPool",
    "Parallel",
    "Residual",
    "Sequential",
    "Slot",
    "SqueezeExcitation",
    "State",
    "Streaming",
    "Tick",
    "convert",
    "parameter_count",
    "step_macs",
]
