"""Continual inference: what every streaming network promises.

A network for clips sees T frames and answers. On a live stream it would see each frame T times. A *streaming* network
has the same weights and gives the same answers, but sees each frame once: whatever a later answer needs of an earlier
frame is kept in a small memory [Hedegaard 2022, Continual Inference: def. 1].

    state = network.initial_state(streams=2)
    for frame in camera:                                  # (2, C, ...): one frame of each stream
        output, state = network.step(frame, state)
        if network.valid(state).all():
            use(output)

The decisions behind this file:

* **State is a value.** `step` is a pure function: it returns a new `State` and never changes the one it was given.
  No module holds a stream, so one set of weights serves any number of streams; to reset is to take a fresh state.
* **One clock per stream.** Which block has an input at which frame follows from the composition of the network (below),
  so one integer per stream, `State.frames`, is all the bookkeeping there is. Streams that started at different times
  share a batch: each row has its own clock.
* **An output is always a tensor, and `valid(state)` tells whether it counts.** While a network fills, or between the
  outputs of a strided one, the rows that are not valid hold numbers without meaning. There is no `None` and no branch
  on data, so a step batches, compiles and exports to ONNX; `valid` needs only the clock.
* **Blocks that have no input wait.** A block behind a stride, or behind a block that still fills, keeps its memory
  until an input is there (`Tick.hold`). Where all streams of a batch share the clock's phase, `step(..., phase=...)`
  leaves the waiting blocks out of the computation altogether: a network of stride s is then s small graphs.
* **The time axis is axis 2** of clips, chunks and memories, (B, C, T, ...); a frame is (B, C, ...). Any `nn.Module`
  that does not mix time (norm, activation, 1x1 convolution) is a block as it is.
* **Step is inference** (evaluation mode, no gradients). Train with `forward(clip)`, which is the ordinary network.

Composition. A block is described by its receptive field f, its start padding p (the frames before the stream that it
takes as given, zeros for a convolution) and its stride s, in its own input frames. In a chain, with accumulated values
of the blocks before (f = 1, p = 0, s = 1 for the input):

    f <- f + (f_i - 1) s        p <- p + p_i s        s <- s s_i        delay = f - p - 1

The first output comes with the frame of index `delay`, then one every s frames; it is free of start padding (`warm`)
once f frames were seen. End padding would need the future: `forward` has it, if the ordinary network has; a stream has
not. So on a fresh state the valid outputs of `steps` are the first ones of `forward`.
(The printed rules of the paper, eq. 6 and 9, do not give its own example; these do.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from opendr_perception.streaming.state import Memory, Shape, Slot, State, choose, filled


@dataclass(frozen=True)
class Tick:
    """Clock of a block: whether it gets an input with this frame, and the index of this input.

    Attributes:
        time: (B,) int64, index of the frame that now enters the network, for each stream.
        delay: Index of the frame that brings this block its first input.
        stride: Frames between two inputs of this block.
        phase: `time` modulo the stride of the network, where it is known and the same for all streams.
    """

    time: Tensor
    delay: int = 0
    stride: int = 1
    phase: int | None = None

    @property
    def index(self) -> Tensor:
        """(B,) int64: index of this input among the inputs of the block, or of the last one if it gets none."""
        age = self.time - self.delay
        return age if self.stride == 1 else age // self.stride

    @property
    def due(self) -> Tensor:
        """(B,) bool: the streams for which the block gets an input."""
        due = self.time >= self.delay
        if self.stride > 1 and self.phase is None:
            due = due & ((self.time - self.delay) % self.stride == 0)
        return due

    @property
    def idle(self) -> bool:
        """True if it is certain, without looking at data, that no stream brings the block an input."""
        return self.phase is not None and (self.phase - self.delay) % self.stride != 0

    def after(self, block: nn.Module) -> Tick:
        """Return what the clock shows at the block that follows."""
        if not isinstance(block, Streaming):
            return self
        return replace(self, delay=self.delay + block.delay * self.stride, stride=self.stride * block.stride)

    def hold(self, block: Streaming, new: Memory, old: Memory) -> Memory:
        """Return the new memory of a block where it had an input, the old one where it had not.

        Memory that fills before the first input needs no protection if the block has no start padding: its first
        output comes when every remembered input is a real one.
        """
        waits = self.stride > 1 and self.phase is None
        fills = self.delay > 0 and block.padding > 0
        if not (waits or fills):
            return new
        return tuple(choose(self.due, n, o) for n, o in zip(new, old, strict=True))


class Streaming(nn.Module):
    """A block or network that can see a stream one frame at a time.

    A block with memory sets the attributes below and implements `slots`, `output_shape` (if it changes the shape),
    `forward` and `update`. Containers implement `advance`. Everything else is for the user.

    Attributes:
        receptive_field: Frames that one output depends on.
        padding: Frames before the stream that the first output takes as given.
        stride: Frames between two outputs.
        memories: Number of tensors in the memory.
        frame_shape: Shape of a frame without the stream axis, where the network fixes it.
    """

    receptive_field: int = 1
    padding: int = 0
    stride: int = 1
    memories: int = 0
    frame_shape: Shape | None = None

    @property
    def delay(self) -> int:
        """Index of the frame that completes the first output."""
        return self.receptive_field - self.padding - 1

    # ------------------------------------------------------------------ for users

    def initial_state(
        self,
        streams: int = 1,
        frame_shape: Shape | None = None,
        *,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> State:
        """Return the state of streams that have seen nothing yet.

        Args:
            streams: The number of streams B.
            frame_shape: Shape of one frame without the stream axis, (C, ...); not needed where the network fixes it.
            device: Where the state lives; by default with the parameters.
            dtype: Floating-point type; by default that of the parameters.
        """
        shape = frame_shape if frame_shape is not None else self.frame_shape
        if shape is None:
            raise ValueError(f"{type(self).__name__}.initial_state needs the shape of a frame, (C, ...)")
        if self.frame_shape is not None and tuple(shape) != self.frame_shape:
            raise ValueError(f"{type(self).__name__} takes frames of shape {self.frame_shape}, not {tuple(shape)}")
        weight = next((p for p in self.parameters() if p.is_floating_point()), torch.empty(0))
        device, dtype = device or weight.device, dtype or weight.dtype
        slots = self.slots(tuple(shape))
        frames = torch.zeros(streams, dtype=torch.int64, device=device)
        memory = (filled(slot, streams, device, dtype) for slot in slots)
        return State(("frames", *(slot.name for slot in slots)), (frames, *memory))

    @torch.no_grad()
    def step(self, frame: Tensor, state: State, phase: int | None = None) -> tuple[Tensor, State]:
        """See one frame of each stream.

        Args:
            frame: (B, C, ...), the newest frame of each stream.
            state: The state of the B streams; it is not changed.
            phase: `state.frames % stride` of all streams, where it is the same for all: blocks that then have no
                input are left out of the computation. Without it any mixture of streams is right.

        Returns:
            The output (B, ...), with a meaning where `valid(state)` of the new state is true, and the new state.

        Raises:
            ValueError: The frame or the phase does not fit the state.
            RuntimeError: The network is in training mode.
        """
        if not torch.compiler.is_exporting():  # an export must not branch on data
            self._check(frame, state, phase)
        tick = Tick(state.frames, phase=phase)
        output, memory = self.advance(frame, state.tensors[1:], tick)
        if output is None:
            output = frame.new_zeros(frame.shape[0], *self.output_shape(tuple(frame.shape[1:])))
        return output, State(state.names, (state.frames + 1, *memory))

    @torch.no_grad()
    def replicated_state(self, frame: Tensor) -> State:
        """Return the state of streams that have always seen one frame, which is then to be stepped as their first.

        Outputs count from this frame on [Continual 3D CNNs, 3.6]. Until a padded network is `warm` they rest on copies.

        Args:
            frame: (B, C, ...), the first frame of each stream.
        """
        if self.training:
            raise RuntimeError("a step is inference: call eval() first, and train with forward(clip)")
        names = ("frames", *(slot.name for slot in self.slots(tuple(frame.shape[1:]))))
        frames = torch.full((len(frame),), self.delay, dtype=torch.int64, device=frame.device)
        return State(names, (frames, *self.settle(frame)[1]))

    def steps(self, chunk: Tensor, state: State) -> tuple[Tensor, State]:
        """See several frames of each stream, one after the other.

        Args:
            chunk: (B, C, T, ...), the next T frames of each stream.
            state: The state of the B streams; it is not changed.

        Returns:
            One output per frame, (B, C', T, ...), with a meaning where `valid(state, steps=T)` of the new state is
            true, and the new state.
        """
        if chunk.ndim < 3 or chunk.shape[2] == 0:
            raise ValueError(f"a chunk is (B, C, T, ...) with T > 0, not {tuple(chunk.shape)}")
        outputs = []
        for frame in chunk.unbind(2):
            output, state = self.step(frame, state)
            outputs.append(output)
        return torch.stack(outputs, 2), state

    def valid(self, state: State, steps: int | None = None) -> Tensor:
        """Tell which outputs count.

        Args:
            state: The state after the last step.
            steps: Ask for that many last steps instead of the last one only.

        Returns:
            (B,) bool for the last step, or (B, steps) bool for the last steps, oldest first.
        """
        if steps is None and self.stride == 1:
            return state.frames > self.delay
        age = state.frames - 1 - self.delay
        if steps is not None:
            age = age[:, None] - torch.arange(steps - 1, -1, -1, device=age.device)
        return age >= 0 if self.stride == 1 else (age >= 0) & (age % self.stride == 0)

    def warm(self, state: State) -> Tensor:
        """(B,) bool: the streams that have filled the receptive field, so that nothing is taken as given any more."""
        return state.frames >= self.receptive_field

    def for_inference(self) -> Streaming:
        """Return a network with the same answers that is cheaper to step; its state may have other tensors."""
        return self

    # ------------------------------------------------------------------ for blocks

    def slots(self, frame_shape: Shape) -> tuple[Slot, ...]:
        """Describe the memory of the block, for frames of a shape (C, ...)."""
        return ()

    def output_shape(self, frame_shape: Shape) -> Shape:
        """Return the shape of one output, for frames of a shape (C, ...)."""
        return frame_shape

    def update(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor | None, Memory]:
        """Compute an output and the next memory, for streams that all bring the block an input.

        Args:
            frame: (B, C, ...), the input.
            memory: As described by `slots`; not to be changed in place.
            tick: What the clock shows.

        Returns:
            The output, which may be None where `tick.after(self).idle` says that nobody waits for it; and the next
            memory.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say how it streams")

    def settle(self, frame: Tensor) -> tuple[Tensor, Memory]:
        """Return the output and the memory once a frame (B, C, ...) was repeated for ever."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it remembers of a frame that stands still")

    def advance(self, frame: Tensor, memory: Memory, tick: Tick) -> tuple[Tensor | None, Memory]:
        """Do `update` for the streams that bring the block an input, and let the others wait."""
        output, new = self.update(frame, memory, tick)
        return None if tick.after(self).idle else output, tick.hold(self, new, memory)

    def _check(self, frame: Tensor, state: State, phase: int | None) -> None:
        if self.training:
            raise RuntimeError("a step is inference: call eval() first, and train with forward(clip)")
        if len(state) != 1 + self.memories:
            raise ValueError(f"the state has {len(state)} tensors, {type(self).__name__} needs {1 + self.memories}")
        if frame.shape[:1] != (state.streams,):
            raise ValueError(f"a frame of shape {tuple(frame.shape)} does not fit a state of {state.streams} streams")
        if self.frame_shape is not None and tuple(frame.shape[1:]) != self.frame_shape:
            raise ValueError(f"frames have shape (B, {str(self.frame_shape)[1:]}, not {tuple(frame.shape)}")
        if phase is not None and bool((state.frames % self.stride != phase).any()):
            raise ValueError(f"not all streams are at phase {phase} of {self.stride}")


def compose(blocks: Sequence[nn.Module]) -> tuple[int, int, int]:
    """Return receptive field, padding and stride of a chain of blocks; plain modules see each frame by itself."""
    field, padding, stride = 1, 0, 1
    for block in blocks:
        if isinstance(block, Streaming):
            field += (block.receptive_field - 1) * stride
            padding += block.padding * stride
            stride *= block.stride
    return field, padding, stride
