"""From an ordinary network to a streaming one, with the same parameters under the same names.

A chain of layers becomes a chain of blocks. Of any other network the graph is read by `torch.fx`: each layer is
converted where it is used, and where branches meet, those that are ahead wait. Output number j of the network for clips
is made of values number j of all branches, and a value comes out when the frames that it needs are there; so a branch
waits for as many frames as the other one needs more. This is exact for every network whose clips keep their alignment
by themselves, padded or not.
"""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F

from opendr_perception.streaming.compose import Delay, Sequential, require_per_frame
from opendr_perception.streaming.contract import Memory, Shape, Slot, Streaming, Tick
from opendr_perception.streaming.conv import Conv1d, Conv2d, Conv3d
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
        return GraphNetwork(network, window, gates_per_frame=gates_per_frame)
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


# Functions of each frame by itself, whatever their other arguments are.
_POINTWISE: frozenset[object] = frozenset(
    (F.relu, torch.relu, torch.sigmoid, F.silu, F.gelu, F.hardswish, F.dropout, torch.flatten, operator.getitem)
) | {"relu", "sigmoid", "flatten", "view", "permute", "contiguous", "size", "squeeze", "unsqueeze"}  # fmt: skip
_MERGING: frozenset[object] = frozenset(
    (operator.add, operator.iadd, operator.mul, operator.imul, operator.sub, torch.add, torch.mul, torch.cat)
) | {"add", "add_", "mul", "mul_", "sub"}  # fmt: skip
_MEANS: frozenset[object] = frozenset((torch.mean, "mean"))


@dataclass(frozen=True)
class _Timing:
    """Receptive field, delay of the first value and stride of what a node of the graph gives, in frames."""

    field: int = 1
    delay: int = 0
    stride: int = 1


class _Tracer(fx.Tracer):
    """Reads a graph down to layers without children."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return not any(True for _ in m.children())


class GraphNetwork(Streaming):
    """A network of any shape, converted layer by layer; names of parameters are those of the original.

    Args:
        network: An ordinary network of one input.
        window: As of `convert`.
        gates_per_frame: As of `convert`.

    Raises:
        TypeError: A layer or function mixes frames and has no streaming counterpart, or the graph depends on data.
        ValueError: A setting leaves a layer without one, or branches never meet.
    """

    def __init__(self, network: nn.Module, window: int | None = None, *, gates_per_frame: bool = False) -> None:
        super().__init__()
        try:
            graph = _Tracer().trace(network)
        except (fx.proxy.TraceError, TypeError) as error:
            raise TypeError(f"the graph of {type(network).__name__} cannot be read: {error}") from error
        self.network = network  # shares and names the parameters; its layers are called one by one
        self.training = network.training
        self._nodes = list(graph.nodes)
        self._blocks: dict[str, nn.Module] = {}
        self._waits: dict[str, list[Delay]] = {}
        timings: dict[fx.Node, _Timing | None] = {}
        for node in self._nodes:
            timings[node] = self._place(node, timings, window, gates_per_frame)
        last = timings[self._nodes[-1]] or _Timing()
        self.receptive_field, self.stride = last.field, last.stride
        self.padding = last.field - 1 - last.delay
        self.memories = sum(block.memories for _, block in self._streaming())

    def forward(self, clip: Tensor) -> Tensor:
        """Map a clip (B, C, T, ...), as the original does."""
        output: Tensor = self.network(clip)
        return output

    def slots(self, frame_shape: Shape) -> tuple[Slot, ...]:
        found: list[Slot] = []
        like = next(self.parameters(), torch.empty(0))

        def note(block: Streaming, frame: Tensor) -> Tensor:
            found.extend(
                slot._replace(name=f"{len(found)}.{slot.name}") for slot in block.slots(tuple(frame.shape[1:]))
            )
            return frame.new_zeros(len(frame), *block.output_shape(tuple(frame.shape[1:])))

        with torch.no_grad():
            self._run(like.new_zeros(1, *frame_shape), note)
        return tuple(found)

    def output_shape(self, frame_shape: Shape) -> Shape:
        like = next(self.parameters(), torch.empty(0))

        def shape(block: Streaming, frame: Tensor) -> Tensor:
            return frame.new_zeros(len(frame), *block.output_shape(tuple(frame.shape[1:])))

        with torch.no_grad():
            return tuple(self._run(like.new_zeros(1, *frame_shape), shape).shape[1:])

    def advance(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor | None, Memory]:
        new: list[Tensor] = []
        clocks = self._clocks(tick)

        def step(block: Streaming, value: Tensor) -> Tensor:
            mine = memory[len(new) : len(new) + block.memories]
            output, mine = block.advance(value, mine, next(clocks))
            new.extend(mine)
            if output is None:  # nobody waits for it in this phase
                output = value.new_zeros(len(value), *block.output_shape(tuple(value.shape[1:])))
            return output

        output = self._run(frame, step)
        return None if tick.after(self).idle else output, tuple(new)

    # --- the graph --------------------------------------------------------------------------------------------------

    def _place(
        self, node: fx.Node, timings: Mapping[fx.Node, _Timing | None], window: int | None, gates: bool
    ) -> _Timing | None:
        """Convert what a node calls, and tell when its values come; None where it gives no frames."""
        inputs = [(source, timing) for source in node.all_input_nodes if (timing := timings[source]) is not None]
        if node.op == "placeholder":
            return _Timing()
        if node.op == "get_attr" or not inputs:
            return None
        timing = inputs[0][1]
        if node.op == "call_module":
            layer = self.network.get_submodule(str(node.target))
            try:
                block = convert(layer, window)
            except (TypeError, ValueError) as error:
                raise type(error)(f"{node.target}: {error}; the rest of the network can stream") from error
            self._blocks[node.name] = block
            return _after(timing, block)
        if node.op in ("call_function", "call_method") and node.target in _MERGING:
            return self._meet(node, [each for _, each in inputs])
        if node.op == "output" or node.target in _POINTWISE:
            return timing
        if node.target in _MEANS and gates:
            return timing
        cure = "; let it be per frame (gates_per_frame)" if node.target in _MEANS else ": use a layer instead"
        raise TypeError(f"{node.name} may mix frames{cure}")

    def _meet(self, node: fx.Node, timings: list[_Timing]) -> _Timing:
        """Let the branches that are ahead wait for the last one."""
        strides = {timing.stride for timing in timings}
        if len(strides) > 1:
            raise ValueError(f"{node.name} joins branches of different strides {sorted(strides)}, which never meet")
        stride = strides.pop()
        last = max(timing.delay for timing in timings)
        if any((last - timing.delay) % stride for timing in timings):
            raise ValueError(f"{node.name} joins branches that are out of phase")
        self._waits[node.name] = [Delay((last - timing.delay) // stride) for timing in timings]
        return _Timing(max(timing.field + last - timing.delay for timing in timings), last, stride)

    def _streaming(self) -> list[tuple[fx.Node, Streaming]]:
        """Layers that have, or may have, a memory, in the order in which it runs."""
        found: list[tuple[fx.Node, Streaming]] = []
        for node in self._nodes:
            found += [(node, delay) for delay in self._waits.get(node.name, ())]
            block = self._blocks.get(node.name)
            if isinstance(block, Streaming):
                found.append((node, block))
        return found

    def _clocks(self, tick: Tick) -> Any:
        """The clock of each block of `_streaming`."""
        clocks: dict[fx.Node, Tick] = {}
        for node in self._nodes:
            sources = [clocks[source] for source in node.all_input_nodes if source in clocks]
            if not sources:
                clocks[node] = tick
                continue
            waits = self._waits.get(node.name)
            if waits:
                yield from sources[: len(waits)]
                clocks[node] = max(sources, key=lambda clock: clock.delay)
                continue
            block = self._blocks.get(node.name)
            if isinstance(block, Streaming):
                yield sources[0]
            clocks[node] = sources[0] if block is None else sources[0].after(block)

    def _run(self, frame: Tensor, step: Callable[[Streaming, Tensor], Tensor]) -> Tensor:
        """Run the graph on clips of one frame, with `step` for what has a memory."""
        values: dict[fx.Node, Any] = {}

        def streamed(block: Streaming, clip: Tensor) -> Tensor:
            return step(block, clip.squeeze(2)).unsqueeze(2)

        for node in self._nodes:
            arguments = fx.node.map_arg(node.args, values.__getitem__)
            named = fx.node.map_arg(node.kwargs, values.__getitem__)
            if node.op == "placeholder":
                values[node] = frame.unsqueeze(2)
            elif node.op == "get_attr":
                values[node] = operator.attrgetter(str(node.target))(self.network)
            elif node.op == "output":
                output: Tensor = arguments[0]
                return output.squeeze(2) if output.ndim > 2 else output
            elif node.op == "call_module":
                block = self._blocks[node.name]
                values[node] = streamed(block, *arguments) if isinstance(block, Streaming) else block(*arguments)
            else:
                waits = iter(self._waits.get(node.name, ()))

                def wait(value: Any, waits: Any = waits) -> Any:
                    delay = next(waits, None) if isinstance(value, Tensor) else None
                    return value if delay is None else streamed(delay, value)

                if node.name in self._waits:
                    arguments = fx.node.map_aggregate(arguments, wait)
                if node.op == "call_method":
                    values[node] = getattr(arguments[0], str(node.target))(*arguments[1:], **named)
                else:
                    assert callable(node.target)
                    values[node] = node.target(*arguments, **named)
        raise AssertionError("a graph ends with its output")


def _after(timing: _Timing, block: nn.Module) -> _Timing:
    if not isinstance(block, Streaming):
        return timing
    return _Timing(
        timing.field + (block.receptive_field - 1) * timing.stride,
        timing.delay + block.delay * timing.stride,
        timing.stride * block.stride,
    )
