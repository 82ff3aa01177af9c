"""Layers and chains of layers, each with the streaming counterpart that has its parameters."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any

from torch import nn

from opendr_perception.streaming.compose import Sequential, require_per_frame
from opendr_perception.streaming.contract import Streaming
from opendr_perception.streaming.conv import Conv1d, Conv2d, Conv3d
from opendr_perception.streaming.convert.graph import GraphNetwork
from opendr_perception.streaming.pool import AdaptiveAvgPool, AdaptiveMaxPool, AvgPool, MaxPool

_CONVS = {nn.Conv1d: Conv1d, nn.Conv2d: Conv2d, nn.Conv3d: Conv3d}
_POOLS: dict[type[nn.Module], type[AvgPool] | type[MaxPool]] = {
    **dict.fromkeys((nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d), AvgPool),
    **dict.fromkeys((nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d), MaxPool),
}
_ADAPTIVE_POOLS: dict[type[nn.Module], type[AdaptiveAvgPool] | type[AdaptiveMaxPool]] = {
    **dict.fromkeys((nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d), AdaptiveAvgPool),
    **dict.fromkeys((nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d), AdaptiveMaxPool),
}


def convert(network: nn.Module, window: int | None = None, *, gates_per_frame: bool = False) -> nn.Module:
    """Make an ordinary network continual, whose first spatial axis is time.

    Chains (`nn.Sequential`) are converted layer by layer, other networks by their graph, layers that see each frame by
    itself stay as they are, and parameters are shared with the original.

    Args:
        network: An ordinary network; its clips are (B, C, T, ...).
        window: Frames that an adaptive pool over time pools, i.e. the length of its clips.
        gates_per_frame: Let means over a whole clip, as of squeeze-and-excitation, be means over the frame. That is not
            the same, and what the paper does.

    Raises:
        TypeError: A layer mixes frames and has no streaming counterpart.
        ValueError: A setting of a layer, or a missing `window`, leaves it without one.
    """
    if isinstance(network, Streaming):
        return network
    kind = type(network)
    if kind is nn.Sequential:
        children = OrderedDict(
            (name, convert(child, window, gates_per_frame=gates_per_frame)) for name, child in network.named_children()
        )
        chain = Sequential(children)
        chain.training = network.training  # of the chain alone: its layers keep their modes
        return chain
    if kind in _CONVS:
        return _convert_conv(network)
    if kind in _POOLS:
        return _convert_pool(network, _POOLS[kind])
    if kind in _ADAPTIVE_POOLS:
        return _convert_adaptive_pool(network, _ADAPTIVE_POOLS[kind], window)
    try:
        require_per_frame(network)
    except TypeError:
        if not any(True for _ in network.children()):
            raise
        return GraphNetwork(network, partial(convert, window=window), gates_per_frame=gates_per_frame)
    return network


def _convert_conv(conv: Any) -> nn.Module:
    if conv.kernel_size[0] == 1 and conv.stride[0] == 1 and conv.padding[0] == 0:
        return conv
    if conv.padding_mode != "zeros" or isinstance(conv.padding, str):
        raise ValueError(f"{conv}: the padding of a stream is a number of zeros")
    sizes = (conv.kernel_size, conv.stride, conv.padding, conv.dilation)
    new = _CONVS[type(conv)](conv.in_channels, conv.out_channels, *sizes, conv.groups, conv.bias is not None)
    new.weight, new.bias = conv.weight, conv.bias
    return new


def _convert_pool(pool: Any, temporal: Callable[..., nn.Module]) -> nn.Module:
    dims = int(type(pool).__name__[-2])
    if pool.ceil_mode or getattr(pool, "dilation", 1) != 1 or not getattr(pool, "count_include_pad", True):
        raise ValueError(f"{pool}: a streaming pool rounds down, has no dilation and counts padding")
    kernel, stride, padding = (_axes(size, dims) for size in (pool.kernel_size, pool.stride, pool.padding))
    over_time = temporal(kernel[0], stride[0], padding[0])
    if all(k == s == 1 for k, s in zip(kernel[1:], stride[1:], strict=True)):
        return over_time
    over_space = type(pool)((1, *kernel[1:]), (1, *stride[1:]), (0, *padding[1:]))
    return Sequential(over_space, over_time)


def _convert_adaptive_pool(pool: Any, temporal: Callable[[int], nn.Module], window: int | None) -> nn.Module:
    dims = int(type(pool).__name__[-2])
    size = _axes(pool.output_size, dims)
    if size[0] is None:
        return pool
    if size[0] != 1 or window is None:
        raise ValueError(f"{pool}: a stream pools over a window to one output; give the window")
    over_time = temporal(window)
    return over_time if dims == 1 else Sequential(type(pool)((None, *size[1:])), over_time)


def _axes(size: Any, dims: int) -> tuple[Any, ...]:
    return tuple(size) if isinstance(size, tuple) else (size,) * dims
