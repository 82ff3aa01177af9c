"""An ONNX model, loaded and ready to run on the CPU, with CUDA or with TensorRT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime
from onnxruntime import IOBinding, OrtValue

Feeds = Mapping[str, np.ndarray]
Outputs = dict[str, np.ndarray]

DEVICES = ("cpu", "cuda", "tensorrt")

_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider", "tensorrt": "TensorrtExecutionProvider"}

_DTYPES = {
    "tensor(uint8)": np.uint8,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
    "tensor(bool)": np.bool_,
    "tensor(float16)": np.float16,
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
}


class EngineError(RuntimeError):
    """The model cannot be loaded or run; the text names the file and what is wrong in one line."""


class _Port(Protocol):
    """An input or output, as onnxruntime tells of it."""

    name: str
    type: str
    shape: list[int | str]


@dataclass(frozen=True)
class Tensor:
    """An input or output: None stands for a dimension that is free at run time."""

    name: str
    shape: tuple[int | None, ...]
    dtype: np.dtype

    def accepts(self, array: np.ndarray) -> bool:
        """True if an array of this shape and dtype can be fed."""
        return (
            array.dtype == self.dtype
            and array.ndim == len(self.shape)
            and all(free is None or free == size for free, size in zip(self.shape, array.shape, strict=True))
        )

    def fits(self, found: Tensor) -> bool:
        """True if `found` in a model matches this description: its free dimensions may have any size there."""
        return (self.name, self.dtype, len(self.shape)) == (found.name, found.dtype, len(found.shape)) and all(
            None in (size, other) or size == other for size, other in zip(self.shape, found.shape, strict=True)
        )

    def __str__(self) -> str:
        shape = ", ".join("any" if size is None else str(size) for size in self.shape)
        return f"{self.name} {self.dtype} ({shape})"


class Session:
    """Runs one ONNX model. State of a continual network is an input and an output like any other; none is kept here.

    Args:
        path: the ONNX file.
        device: cpu, cuda or tensorrt. With TensorRT the layers run in half precision, and the engine that it builds
            at the first run is cached beside the model.
        threads: of the CPU, 0 for one each core.
        max_batch: longest leading axis that `run_batch` gives to the model at once; 0 chooses by the device. On a
            CPU a batch is not faster than its images one by one, but takes their memory at the same time.
            A batch that is fixed in the model is kept to.

    Raises:
        EngineError: there is no such file, it is not a model, or the device is not available.
        ValueError: an argument is out of range.
    """

    def __init__(self, path: Path, *, device: str = "cpu", threads: int = 0, max_batch: int = 0) -> None:
        if device not in DEVICES:
            raise ValueError(f"device must be one of {', '.join(DEVICES)}, got '{device}'")
        if threads < 0 or max_batch < 0:
            raise ValueError("threads and max_batch must not be negative")
        self.path = Path(path)
        self.device = device
        self._memory = "cpu" if device == "cpu" else "cuda"
        self._session = self._load(threads)
        self.inputs = tuple(map(self._tensor, self._session.get_inputs()))
        self.outputs = tuple(map(self._tensor, self._session.get_outputs()))
        fixed = self.inputs[0].shape[:1]  # a model that was exported for one image takes one at a time
        self.max_batch = max_batch or (fixed[0] if fixed and fixed[0] else 1 if device == "cpu" else 16)

    def expect(self, inputs: Sequence[Tensor | str], outputs: Sequence[Tensor | str]) -> None:
        """Check that the model has these inputs and outputs, as a task does with a model that a user brought.

        Args:
            inputs: each as it must be, or only its name.
            outputs: likewise.

        Raises:
            EngineError: one is missing or different; the text names what was expected and what was found.
        """
        for kind, expected, found in (("inputs", inputs, self.inputs), ("outputs", outputs, self.outputs)):
            by_name = {tensor.name: tensor for tensor in found}
            for item in expected:
                name = item if isinstance(item, str) else item.name
                if name not in by_name or not (isinstance(item, str) or item.fits(by_name[name])):
                    raise EngineError(
                        f"{self.path}: expected the {kind} {'; '.join(map(str, expected))}; "
                        f"found {'; '.join(map(str, found))}"
                    )

    def run(self, feeds: Feeds) -> Outputs:
        """Run the model once.

        Args:
            feeds: an array for each input, by name.

        Returns:
            An array for each output, by name.

        Raises:
            EngineError: an input is missing, unknown or of the wrong shape or dtype, or the run failed.
        """
        self._check(feeds)
        try:
            results = self._session.run(None, dict(feeds))
        except Exception as error:  # onnxruntime's exceptions share no base class of their own
            raise EngineError(f"{self.path}: running failed: {_first_line(error)}") from error
        return {tensor.name: result for tensor, result in zip(self.outputs, results, strict=True)}

    def run_batch(self, feeds: Feeds) -> Outputs:
        """Like `run`, for feeds that all have the batch as leading axis: in pieces of at most `max_batch`.

        The batch must not be empty.
        """
        size = min(len(array) for array in feeds.values())
        if size <= self.max_batch:
            return self.run(feeds)
        pieces = [
            self.run({name: array[start : start + self.max_batch] for name, array in feeds.items()})
            for start in range(0, size, self.max_batch)
        ]
        return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}

    def bind(
        self,
        inputs: Mapping[str, OrtValue],
        answers: Mapping[str, OrtValue | None],
        outputs: Mapping[str, OrtValue | None],
    ) -> IOBinding:
        """Say once where inputs lie and outputs go, for many runs.

        Args:
            inputs: buffers on the model's device.
            answers: buffers on the CPU; None for one that each run allocates.
            outputs: buffers on the model's device; None for one that each run allocates.
        """
        binding = self._session.io_binding()
        for name, value in inputs.items():
            binding.bind_ortvalue_input(name, value)
        for memory, buffers in (("cpu", answers), (self._memory, outputs)):
            for name, buffer in buffers.items():
                if buffer is None:
                    binding.bind_output(name, memory)
                else:
                    binding.bind_ortvalue_output(name, buffer)
        return binding

    def run_bound(self, binding: IOBinding, feeds: Feeds) -> None:
        """Run the model once, with its outputs where they were bound.

        Args:
            binding: from `bind`.
            feeds: arrays for the other inputs.

        Raises:
            EngineError: the run failed, e.g. because an input does not fit.
        """
        try:
            for name, array in feeds.items():
                binding.bind_cpu_input(name, np.ascontiguousarray(array))
            self._session.run_with_iobinding(binding)
        except Exception as error:  # see run
            raise EngineError(f"{self.path}: running failed: {_first_line(error)}") from error

    def to_device(self, array: np.ndarray) -> OrtValue:
        """A copy of an array where the model runs."""
        return OrtValue.ortvalue_from_numpy(np.ascontiguousarray(array), self._memory)

    @property
    def metadata(self) -> dict[str, str]:
        """The texts that are stored in the model file."""
        return dict(self._session.get_modelmeta().custom_metadata_map)

    def warm_up(self, **free: Sequence[int]) -> None:
        """Run once on zeros, so that the first real frame is not slow.

        Args:
            free: for inputs with free dimensions, the shape to run with; elsewhere a free dimension is taken as 1.
        """
        shapes = {tensor.name: free.get(tensor.name, [size or 1 for size in tensor.shape]) for tensor in self.inputs}
        self.run({tensor.name: np.zeros(shapes[tensor.name], tensor.dtype) for tensor in self.inputs})

    def _load(self, threads: int) -> onnxruntime.InferenceSession:
        if not self.path.is_file():
            raise EngineError(f"{self.path}: there is no such model file")
        provider = _PROVIDERS[self.device]
        self._check_available(provider, onnxruntime.get_available_providers())
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        # Threads that spin between frames would take cores from the rest of the robot.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            session = onnxruntime.InferenceSession(str(self.path), options, providers=self._providers())
        except Exception as error:  # see run
            raise EngineError(f"{self.path}: not a model that onnxruntime can load: {_first_line(error)}") from error
        self._check_available(provider, session.get_providers())  # a provider without its libraries is dropped
        return session

    def _providers(self) -> list[tuple[str, dict[str, object]]]:
        """The device's provider first, then those that take over the layers that it does not know."""
        providers: list[tuple[str, dict[str, object]]] = [(_PROVIDERS["cpu"], {})]
        if self.device != "cpu":
            providers.insert(0, (_PROVIDERS["cuda"], {}))
        if self.device == "tensorrt":
            cache = {"trt_engine_cache_enable": True, "trt_engine_cache_path": str(self.path.parent)}
            providers.insert(0, (_PROVIDERS["tensorrt"], {"trt_fp16_enable": True, **cache}))
        return providers

    def _check_available(self, provider: str, available: Sequence[str]) -> None:
        if provider not in available:
            raise EngineError(
                f"device '{self.device}' needs {provider}, which is not available here (there is "
                f"{', '.join(available)}): install onnxruntime-gpu and its CUDA libraries, or set device to cpu"
            )

    def _tensor(self, node: _Port) -> Tensor:
        if node.type not in _DTYPES:
            raise EngineError(f"{self.path}: {node.name} is a {node.type}, which cannot be fed or read")
        shape = tuple(size if isinstance(size, int) else None for size in node.shape)
        return Tensor(node.name, shape, np.dtype(_DTYPES[node.type]))

    def _check(self, feeds: Feeds) -> None:
        expected = {tensor.name: tensor for tensor in self.inputs}
        if feeds.keys() != expected.keys():
            raise EngineError(
                f"{self.path}: expected the inputs {', '.join(expected)}; got {', '.join(feeds) or 'none'}"
            )
        for name, array in feeds.items():
            if not expected[name].accepts(array):
                raise EngineError(f"{self.path}: expected {expected[name]}; got {array.dtype} {array.shape}")


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
