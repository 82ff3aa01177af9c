"""A network of any shape, by its graph."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F

from opendr_perception.streaming.compose import Delay
from opendr_perception.streaming.contract import Streaming, Tick
from opendr_perception.streaming.state import Memory, Shape, Slot

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
        convert: Makes one of its layers continual.
        gates_per_frame: Whether a mean over a whole clip may be one over the frame.

    Raises:
        TypeError: A layer or function mixes frames and has no streaming counterpart, or the graph depends on data.
        ValueError: A setting leaves a layer without one, or branches never meet.
    """

    def __init__(self, network: nn.Module, convert: Callable[[nn.Module], nn.Module], *, gates_per_frame: bool) -> None:
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
            timings[node] = self._place(node, timings, convert, gates_per_frame)
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
        self,
        node: fx.Node,
        timings: Mapping[fx.Node, _Timing | None],
        convert: Callable[[nn.Module], nn.Module],
        gates: bool,
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
                block = convert(layer)
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
