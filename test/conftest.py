"""Fixtures for tests over real topics: a private ROS domain, and a `graph` that runs nodes, publishes and waits.

Everything waits for what it needs to see, with a generous limit and a text that says what did not happen.
"""

from __future__ import annotations

import fcntl
import functools
import gc
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from hypothesis import settings
from lifecycle_msgs.srv import ChangeState, GetState
from onnx import TensorProto, helper, numpy_helper
from rcl_interfaces.srv import SetParameters
from rclpy.action import ActionClient
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image as ImageMessage
from std_msgs.msg import Header

from opendr_perception import zoo
from opendr_perception.ros.convert import images
from opendr_perception.ros.node import managed
from opendr_perception.ros.node import runner as run
from opendr_perception.ros.node.executor import GuardedExecutor, spinning
from opendr_perception.zoo.manifest import load_manifest

LIMIT = 60.0
"""Seconds after which something is said not to happen; machines that run tests can be slow."""

settings.register_profile(
    "budget", max_examples=int(os.environ.get("FUZZ_EXAMPLES", "300")), deadline=None, database=None
)
settings.load_profile("budget")


def pytest_collection_finish() -> None:
    """Leave what was imported out of the search for garbage: it stays, and a look at all of it takes half a second.

    The search is seldom, too: exports of torch make so many small things that it took a tenth of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that the processes that share the tests end together."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session")
def models() -> dict[str, zoo.ModelFile]:
    """Every model of the manifest, from the user's cache; fetched when it is not there."""
    zoo.fetch()
    return {name: zoo.require(name) for name in load_manifest().models}


@pytest.fixture(scope="session")
def street() -> list[np.ndarray]:
    """The first second of a street with pedestrians, 10 frames, 576x768 BGR."""
    return read_frames("vtest.avi", 10)


@pytest.fixture(scope="session")
def talking_head(talking_film: list[np.ndarray]) -> list[np.ndarray]:
    """The first frames of a video of one man in a car, 144x176 BGR."""
    return talking_film[:10]


@pytest.fixture(scope="session")
def talking_film() -> list[np.ndarray]:
    """All of the video of one man in a car, four seconds, 144x176 BGR."""
    return read_frames("carphone_pristine.mp4", 120)


@pytest.fixture(scope="session")
def astronaut() -> np.ndarray:
    """The portrait of one woman, 512x512 BGR."""
    zoo.fetch(["astronaut.png"])
    return np.asarray(cv2.imread(str(zoo.sample("astronaut.png"))))


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], None]], Path]:
    """Writes a file or folder, one time for all processes that share the tests: an export takes seconds."""
    own = tmp_path_factory.getbasetemp()
    folder = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def write_once(name: str, write: Callable[[Path], None]) -> Path:
        path = folder / name
        with (folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists():
                write(folder / f"unfinished-{name}")
                (folder / f"unfinished-{name}").rename(path)
        return path

    return write_once


@pytest.fixture(scope="session")
def openpose(once: Callable[[str, Callable[[Path], None]], Path]) -> tuple[Any, Path]:
    """A small Lightweight OpenPose that has learnt nothing, and its model."""
    import torch

    from opendr_perception.networks.lightweight_openpose import LightweightOpenPose
    from opendr_perception.training.body.export import export_openpose

    torch.manual_seed(0)
    network = LightweightOpenPose(channels=16, width=0.125).eval()
    return network, once("openpose.onnx", lambda path: export_openpose(network, path))


@pytest.fixture(scope="session")
def heart_models(once: Callable[[str, Callable[[Path], None]], Path]) -> dict[str, Path]:
    """Judges of heart signals with random weights, written as trained ones are: `rhythm`, `beats` and `sound`."""
    return {path.stem: path for path in once("hearts", _write_hearts).glob("*.onnx")}


def _write_hearts(folder: Path) -> None:
    import torch

    from opendr_perception.networks.signals.continual import BeatNetwork, HeartSoundNetwork
    from opendr_perception.training.common.weights import save
    from opendr_perception.training.signals.export import export_weights
    from opendr_perception.training.signals.train import SOUND

    torch.manual_seed(0)
    folder.mkdir()
    sound = HeartSoundNetwork(2, window=32)
    told = {"mel": SOUND.as_dict(), "field": sound.encoder.field, "hop": sound.encoder.hop}
    for name, network, kind in (
        ("rhythm", BeatNetwork(4, window=8), {"kind": "ecg"}),
        ("beats", BeatNetwork(3, window=1), {"kind": "ecg"}),
        ("sound", sound, {"kind": "pcg", **told}),
    ):
        window = network.bag.window
        labels = [f"label {k}" for k in range(network.bag.classes)]
        card = {"labels": labels, "shape": {"window": window}, "by_beat": window == 1, **kind}
        save(network.eval(), folder / f"{name}.npz", card)
        export_weights(folder / f"{name}.npz", folder / f"{name}.onnx")


@pytest.fixture
def arrays_unchecked() -> Iterator[None]:
    """Tasks as on a robot: nothing checks shapes before they do (conftest.py of the repository)."""
    try:
        from jaxtyping import config
    except ImportError:
        yield
        return
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)


@pytest.fixture(scope="session")
def skeleton_models(
    once: Callable[[str, Callable[[Path], None]], Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Path]:
    """Writes models of one tiny untrained network of three actions with any metadata; it is exported once.

    It answers after 80 frames and knows its last 90, as a CoST-GCN* for clips of 90.
    """
    import torch

    from opendr_perception.engine.export import export
    from opendr_perception.networks.action.tcn import FRAME, Geometry
    from opendr_perception.streaming import AvgPool, Conv1d, Sequential
    from opendr_perception.tasks.action.skeleton import VERSION

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("skeletons")
    network = Sequential(Geometry(), Conv1d(Geometry.COUNT, 3, 81), AvgPool(10, partial=True)).eval()
    network.frame_shape = FRAME
    exported = once("skeletons.onnx", lambda path: export(network, path, softmax=True))

    def write(labels: Sequence[str] | str, version: int | str = VERSION, **texts: str) -> Path:
        model = onnx.load(exported)
        known = {each.key: each.value for each in model.metadata_props}
        told = labels if isinstance(labels, str) else json.dumps(list(labels))
        known |= {"labels": told, "skeleton_version": str(version), **texts}
        onnx.helper.set_model_props(model, {name: text for name, text in known.items() if text})
        path = folder / f"{len(list(folder.iterdir()))}.onnx"
        onnx.save(model, path)
        return path

    return write


def telling_begins(path: Path, folder: Path) -> Path:
    """The model of a file as one for online detection: of each action, 0.3 of the probability has just begun."""
    model = onnx.load(path)
    for node in model.graph.node:
        node.output[:] = ["all" if name == "output" else name for name in node.output]
    for name, share in (("going", 0.7), ("begun", 0.3)):
        model.graph.initializer.append(numpy_helper.from_array(np.float32(share), f"share of {name}"))
        model.graph.node.append(onnx.helper.make_node("Mul", ["all", f"share of {name}"], [name]))
    model.graph.node.append(onnx.helper.make_node("Concat", ["going", "begun"], ["output"], axis=1))
    (output,) = (each for each in model.graph.output if each.name == "output")
    output.type.tensor_type.shape.dim[1].dim_value *= 2
    onnx.save(model, folder / "online.onnx")
    return folder / "online.onnx"


@pytest.fixture(scope="session")
def online_model(skeleton_models: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A skeleton network that tells what has just begun."""
    return telling_begins(skeleton_models(("stand", "walk", "jump")), tmp_path_factory.mktemp("online"))


@pytest.fixture(scope="session")
def online_video_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The video network of this package, telling what has just begun."""
    path = Path(zoo.__file__).parent / "weights" / "activity-simulated.onnx"
    return telling_begins(path, tmp_path_factory.mktemp("online"))


@pytest.fixture(scope="session", autouse=True)
def operators_are_read_once() -> Iterator[None]:
    """Reads torch's table of ONNX operators once for each process: it never changes, and takes half a second."""
    try:
        from torch.onnx._internal.exporter._registration import ONNXRegistry
    except ImportError:
        yield  # there is no torch here, or another one
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ONNXRegistry, "from_torchlib", staticmethod(functools.cache(ONNXRegistry.from_torchlib)))
        yield


def read_frames(name: str, count: int) -> list[np.ndarray]:
    zoo.fetch([name])
    capture = cv2.VideoCapture(str(zoo.sample(name)))
    frames = [np.asarray(capture.read()[1]) for _ in range(count)]
    capture.release()
    return frames


@pytest.fixture(scope="session")
def ros() -> Iterator[None]:
    """ROS 2 in this process, in a domain that no other process uses, with the transport that the package sets."""
    os.environ["ROS_DOMAIN_ID"] = str(1 + os.getpid() % 100)
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    run.choose_transport()
    rclpy.init()
    yield
    rclpy.try_shutdown()


@pytest.fixture
def graph(ros: None, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Graph]:
    """Nodes, topics and processes of one test, in a namespace of its own; here diagnostics come five times a second."""
    monkeypatch.setattr(managed, "TELL_EVERY", 0.2)
    graph = Graph(f"/{request.function.__name__}")
    try:
        yield graph
    finally:
        graph.close()


class Collector:
    """The messages of one topic, in the order in which they came."""

    def __init__(self, graph: Graph, kind: type, topic: str, qos: QoSProfile) -> None:
        self.messages: list[Any] = []
        self._graph = graph
        self.subscription = graph.observer.create_subscription(kind, topic, self._take, qos)

    def _take(self, message: Any) -> None:
        with self._graph.changed:
            self.messages.append(message)
            self._graph.changed.notify_all()

    def wait(self, count: int = 1, limit: float = LIMIT) -> list[Any]:
        """Wait until so many messages have come."""
        topic = self.subscription.topic_name
        self._graph.wait(lambda: len(self.messages) >= count, lambda: f"{len(self.messages)} on {topic}", limit)
        return self.messages

    def find(self, wanted: Callable[[Any], bool], what: str) -> Any:
        """Wait for a message that is wanted, whenever it came."""
        self._graph.wait(lambda: any(map(wanted, self.messages)), lambda: f"no {what}; last: {self.messages[-1:]}")
        return next(filter(wanted, self.messages))


class Process:
    """A program that runs beside the test, with all that it prints."""

    def __init__(self, graph: Graph, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        self.output = ""
        self._graph = graph
        ignored = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup the program would ignore it, as it should
        self._process = subprocess.Popen(
            arguments,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # a process group of its own, to which signals can be sent
        )
        signal.signal(signal.SIGHUP, ignored)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as printed:
            for line in printed:
                with self._graph.changed:
                    self.output += line
                    self._graph.changed.notify_all()

    def says(self, text: str) -> None:
        """Wait until it has printed a text."""
        self._graph.wait(lambda: text in self.output, lambda: f"'{text}' is missing in:\n{self.output}")

    def signal(self, number: signal.Signals, group: bool = False) -> None:
        """Send a signal to the process, or also to all that it has started."""
        if group:
            os.killpg(self._process.pid, number)
        else:
            self._process.send_signal(number)

    def end(self, limit: float = 20.0) -> int:
        """Wait for its end; what it returns. A process that hangs tells where."""
        try:
            status = self._process.wait(limit)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGABRT)
            self._reader.join(limit)
            raise AssertionError(f"it did not end within {limit:g} s:\n{self.output}") from None
        self._reader.join(limit)
        return status

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self.end()


class GoalClient:
    """Speaks to an action as users do; from a node of its own, which spins only when the client is complete."""

    def __init__(self, graph: Graph, kind: Any, name: str) -> None:
        self.feedback: list[Any] = []
        self._graph, self._kind = graph, kind
        self._node = rclpy.create_node("client", namespace=graph.namespace)
        self._client: Any = ActionClient(self._node, kind, name)
        self._spinning = ExitStack()
        self._spinning.enter_context(spinning([self._node]))

    def close(self) -> None:
        self._spinning.close()
        self._client.destroy()
        self._node.destroy_node()

    def send(self, **fields: Any) -> Any:
        """Send a goal; its handle, which says whether it was accepted."""
        assert self._client.wait_for_server(LIMIT)
        for _ in range(4):  # an answer may get lost while another process is still finding out about this one
            answered = threading.Event()
            future = self._client.send_goal_async(
                self._kind.Goal(**fields), feedback_callback=lambda message: self.feedback.append(message.feedback)
            )
            future.add_done_callback(lambda _, answered=answered: answered.set())
            if answered.wait(LIMIT / 4):
                return future.result()
        raise AssertionError("no answer to the goal")

    def result(self, handle: Any) -> Any:
        """Wait for the end of a goal; its status and result."""
        future = handle.get_result_async()
        self._graph.wait(future.done, lambda: "no result")
        return future.result()

    def ends(self, handle: Any) -> tuple[int, str]:
        """Wait for the end of a goal; its status and what it says."""
        answer = self.result(handle)
        return answer.status, answer.result.message

    def cancel(self, handle: Any) -> None:
        future = handle.cancel_goal_async()
        self._graph.wait(future.done, lambda: "no answer to cancelling")


class Graph:
    """Runs nodes in this process as the package's executables do, and speaks to them through ROS alone."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self.changed = threading.Condition()
        self.observer = rclpy.create_node("observer", namespace=namespace)
        self._nodes: list[Any] = []
        self._processes: list[Process] = []
        self._goal_clients: list[GoalClient] = []
        self._nodes_executor = GuardedExecutor()
        self._diagnostics = self.listen(DiagnosticArray, "/diagnostics")
        self._spinning = ExitStack()
        self._spinning.enter_context(spinning([], self._nodes_executor))
        self._spinning.enter_context(spinning([self.observer]))

    def close(self) -> None:
        for process in self._processes:
            process.kill()
        for client in self._goal_clients:
            client.close()
        self._spinning.close()
        for node in self._nodes:
            node.close()
        self.observer.destroy_node()

    # --- nodes and processes ----------------------------------------------------------------------------------------

    def run(self, node_class: Any, *ros_arguments: str, namespace: str | None = None, **parameters: Any) -> Any:
        """A node in this process, started unless `autostart` is False."""
        node = node_class(
            namespace=self.namespace if namespace is None else namespace,
            parameter_overrides=[Parameter(name, value=value) for name, value in parameters.items()],
            cli_args=["--ros-args", *ros_arguments] if ros_arguments else None,
        )
        self._nodes.append(node)
        if node.params.autostart:
            node.start()
        self._nodes_executor.add_node(node)
        return node

    def process(self, *arguments: str, **environment: str) -> Process:
        """A program of this package, or python, in the environment of a user who has set nothing."""
        prefix = run.share_directory().parents[1]
        places = (prefix / "bin" / arguments[0], prefix / "lib" / "opendr_perception" / arguments[0])
        program = next((str(place) for place in places if place.exists()), arguments[0])
        inherited = {name: value for name, value in os.environ.items() if name != "FASTDDS_DEFAULT_PROFILES_FILE"}
        environment = {**inherited, "PYTHONFAULTHANDLER": "1", **environment}
        process = Process(self, [program, *arguments[1:]], environment)
        self._processes.append(process)
        return process

    # --- topics -----------------------------------------------------------------------------------------------------

    def publisher(self, kind: type, topic: str, reliability: str = "reliable", subscribers: int = 1) -> Any:
        """A publisher that is matched with so many subscribers."""
        profile = QoSProfile(depth=5, reliability=ReliabilityPolicy[reliability.upper()])
        publisher = self.observer.create_publisher(kind, topic, profile)
        self.wait(
            lambda: publisher.get_subscription_count() >= subscribers,
            lambda: f"{publisher.get_subscription_count()} of {subscribers} subscribers of {publisher.topic_name}",
        )
        return publisher

    def listen(self, kind: type, topic: str, publishers: int = 0) -> Collector:
        """Collect a topic; matched with so many publishers."""
        collector = Collector(self, kind, topic, QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE))
        self.wait(lambda: collector.subscription.get_publisher_count() >= publishers, lambda: f"no {topic}")
        return collector

    def ask(self, publisher: Any, message: Any, answers: Collector) -> Any:
        """Publish a message, and wait for one answer."""
        before = len(answers.messages)
        publisher.publish(message)
        return answers.wait(before + 1)[-1]

    def image(
        self, pixels: np.ndarray, stamp: float | None = None, frame_id: str = "eye", encoding: str = "bgr8"
    ) -> ImageMessage:
        """An image message; stamped with seconds, or with now."""
        return images.to_message(pixels, self.header(stamp, frame_id), encoding)

    def jpeg(self, pixels: np.ndarray, stamp: float | None = None) -> CompressedImage:
        data = cv2.imencode(".jpg", pixels)[1].tobytes()
        return CompressedImage(header=self.header(stamp), format="jpeg", data=data)

    def header(self, stamp: float | None = None, frame_id: str = "eye") -> Header:
        now = self.observer.get_clock().now().nanoseconds
        nanoseconds = now if stamp is None else round(stamp * 1e9)
        header = Header(frame_id=frame_id)
        header.stamp.sec, header.stamp.nanosec = divmod(nanoseconds, 10**9)
        return header

    # --- services ---------------------------------------------------------------------------------------------------

    def call(self, kind: Any, service: str, request: Any) -> Any:
        client = self.observer.create_client(kind, service)
        try:
            assert client.wait_for_service(LIMIT), f"no service {service}"
            future = client.call_async(request)
            self.wait(future.done, lambda: f"no answer from {service}")
            return future.result()
        finally:
            self.observer.destroy_client(client)

    def goals(self, kind: Any, name: str) -> GoalClient:
        """A client of an action."""
        self._goal_clients.append(GoalClient(self, kind, name))
        return self._goal_clients[-1]

    def change_state(self, node: str, label: str) -> bool:
        """Ask for a lifecycle transition: configure, activate, deactivate, cleanup or shutdown."""
        state = self.state(node)
        ids = {"configure": 1, "cleanup": 2, "activate": 3, "deactivate": 4}
        ids["shutdown"] = {"unconfigured": 5, "inactive": 6, "active": 7}.get(state, 0)
        request = ChangeState.Request()
        request.transition.id = ids[label]
        return bool(self.call(ChangeState, f"{node}/change_state", request).success)

    def state(self, node: str) -> str:
        return str(self.call(GetState, f"{node}/get_state", GetState.Request()).current_state.label)

    def set_parameter(self, node: str, name: str, value: Any) -> str:
        """Set a parameter; '' when it was accepted, else the reason."""
        message = Parameter(name, value=value).to_parameter_msg()
        response = self.call(SetParameters, f"{node}/set_parameters", SetParameters.Request(parameters=[message]))
        return "" if response.results[0].successful else str(response.results[0].reason) or "no reason was given"

    # --- waiting ----------------------------------------------------------------------------------------------------

    def wait(self, predicate: Callable[[], bool], missing: Callable[[], str], limit: float = LIMIT) -> None:
        """Wait until the predicate holds; messages wake it up, and it is also asked now and then."""
        deadline = time.monotonic() + limit
        with self.changed:
            while not predicate():
                left = deadline - time.monotonic()
                assert left > 0, f"did not happen within {limit:g} s: {missing()}"
                self.changed.wait(min(left, 0.05))

    def clear_diagnostics(self) -> None:
        """Forget what was told until now."""
        self._diagnostics.messages.clear()

    def diagnosis(self, part: str = "", text: str = "", **values: Any) -> dict[str, str]:
        """Wait for diagnostics of a part of a node, by pieces of its name and message, and by exact values.

        Returns:
            All values that came with it, and its name, level and message.
        """
        wanted = {key: str(value) for key, value in values.items()}

        def fits(status: DiagnosticStatus) -> bool:
            present = {item.key: item.value for item in status.values}
            named = self.namespace in status.name and part in status.name
            return named and text in status.message and wanted.items() <= present.items()

        def statuses() -> list[DiagnosticStatus]:
            return [status for message in self._diagnostics.messages for status in message.status]

        def missing() -> str:
            last = [f"{s.name}: {s.message} { {v.key: v.value for v in s.values} }" for s in statuses()[-4:]]
            return f"no diagnosis of '{part}' with '{text}' and {wanted}; last:\n" + "\n".join(last)

        self.wait(lambda: any(map(fits, statuses())), missing)
        status = next(filter(fits, reversed(statuses())))
        present = {item.key: item.value for item in status.values}
        return present | {"name": status.name, "message": status.message, "level": str(status.level[0])}


@pytest.fixture
def models_elsewhere(tmp_path: Path, models: dict[str, zoo.ModelFile], monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache that nodes use instead of the user's."""
    monkeypatch.setenv("OPENDR_PERCEPTION_CACHE", str(tmp_path / "elsewhere"))
    return tmp_path / "elsewhere"


class Exports:
    """ONNX files as other projects' tools export them, with outputs that a test chooses."""

    FACE = np.array([34.0, 8, 58, 40], np.float32)
    LANDMARKS = np.array([[40.0, 20], [52, 20], [46, 27], [42, 33], [50, 33]], np.float32)
    """Box, and eyes, nose and corners of the mouth of the face that `one_face` sees."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(
        self,
        name: str,
        outputs: Mapping[str, np.ndarray],
        size: tuple[int | str, int | str] = (64, 96),
        *,
        notes: Mapping[str, str] | None = None,
        kind: int = TensorProto.FLOAT,
        batch: int | str = 1,
        free: bool = False,
        size_of_each: bool = False,
    ) -> Path:
        """Write a file whose outputs do not depend on the image.

        Args:
            name: of the file.
            outputs: their values for one image; they are repeated where the batch is free.
            size: (height, width) of the image; texts where they are free.
            notes: metadata.
            kind: of the numbers of the image and of the outputs.
            batch: images at a time; a text where it is free.
            free: the outputs do not say how many candidates they have.
            size_of_each: with an input for the original size of each image, as RT-DETR has it.
        """
        constants, nodes, declared = [], [*BATCH_OF_IMAGES], []
        for key, array in outputs.items():
            whole = array.dtype.kind == "i"
            typed = array if whole else array.astype(helper.tensor_dtype_to_np_dtype(kind))
            constants += [
                numpy_helper.from_array(typed, f"{key}_value"),
                numpy_helper.from_array(np.array([1] * (array.ndim - 1), np.int64), f"{key}_ones"),
            ]
            nodes += [
                helper.make_node("Concat", ["batch", f"{key}_ones"], [f"{key}_repeats"], axis=0),
                helper.make_node("Tile", [f"{key}_value", f"{key}_repeats"], [key]),
            ]
            shape = [batch, *("K" if free and axis == 1 else side for axis, side in enumerate(array.shape) if axis)]
            declared.append(helper.make_tensor_value_info(key, TensorProto.INT64 if whole else kind, shape))
        inputs = [helper.make_tensor_value_info("image", kind, [batch, 3, *size])]
        if size_of_each:
            inputs.append(helper.make_tensor_value_info("orig_target_sizes", TensorProto.INT64, [batch, 2]))
        return self.write(name, nodes, inputs, declared, constants, notes)

    def write(
        self,
        name: str,
        nodes: Sequence[onnx.NodeProto],
        inputs: Sequence[onnx.ValueInfoProto],
        outputs: Sequence[onnx.ValueInfoProto],
        constants: Sequence[onnx.TensorProto] = (),
        notes: Mapping[str, str] | None = None,
    ) -> Path:
        """Write any graph."""
        graph = helper.make_graph(nodes, "exported", inputs, outputs, constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        helper.set_model_props(model, dict(notes or {}))
        onnx.checker.check_model(model)
        path = self._folder / name
        onnx.save(model, str(path))
        return path

    def bright_box(self, name: str = "bright-box.onnx") -> Path:
        """A detector of one class, YOLO end to end, that finds the box around what is bright in 64 x 96 pixels."""
        whole = {"last": [-1], "before": [-100], "axis": [1], "back": [-1], "pair": [1, 1, 1]}
        nodes = [
            helper.make_node("ReduceMean", ["image"], ["grey"], axes=[1], keepdims=0),
            helper.make_node("Greater", ["grey", "half"], ["bright"]),
            helper.make_node("Cast", ["bright"], ["mask"], to=TensorProto.FLOAT),
            helper.make_node("ReduceMax", ["mask"], ["seen"], axes=[1, 2], keepdims=1),
            helper.make_node("Mul", ["seen", "nine_tenths"], ["score"]),
            helper.make_node("Mul", ["seen", "zero"], ["class"]),
        ]
        for side, axis in (("x", 1), ("y", 2)):
            nodes += [
                helper.make_node("ReduceMax", ["mask"], [f"{side}_any"], axes=[axis], keepdims=0),
                helper.make_node("ArgMax", [f"{side}_any"], [f"{side}_first"], axis=1),
                helper.make_node("Slice", [f"{side}_any", "last", "before", "axis", "back"], [f"{side}_turned"]),
                helper.make_node("ArgMax", [f"{side}_turned"], [f"{side}_left"], axis=1),
                helper.make_node("Sub", [f"{side}_length", f"{side}_left"], [f"{side}_end"]),
            ]
            for end in ("first", "end"):
                nodes += [
                    helper.make_node("Cast", [f"{side}_{end}"], [f"{side}_{end}_number"], to=TensorProto.FLOAT),
                    helper.make_node("Reshape", [f"{side}_{end}_number", "pair"], [f"{side}_{end}_place"]),
                ]
        corners = [f"{side}_{end}_place" for end in ("first", "end") for side in ("x", "y")]
        nodes.append(helper.make_node("Concat", [*corners, "score", "class"], ["output0"], axis=2))
        constants = [numpy_helper.from_array(np.array(value, np.int64), key) for key, value in whole.items()]
        for key, value in (("x_length", 96), ("y_length", 64)):
            constants.append(numpy_helper.from_array(np.array(value, np.int64), key))
        for key, number in (("half", 0.5), ("nine_tenths", 0.9), ("zero", 0.0)):
            constants.append(numpy_helper.from_array(np.array(number, np.float32), key))
        inputs = [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 64, 96])]
        outputs = [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, 1, 6])]
        return self.write(name, nodes, inputs, outputs, constants)

    def bright_keypoints(self, form: str, name: str = "bright-keypoints.onnx") -> Path:
        """A pose network, RTMPose or ViTPose, all of whose keypoints are where crops of 64 x 48 are bright."""
        nodes = [helper.make_node("ReduceMean", ["image"], ["grey"], axes=[1], keepdims=1)]
        inputs = [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, 64, 48])]
        if form == "vitpose":
            nodes += [
                helper.make_node("AveragePool", ["grey"], ["small"], kernel_shape=[4, 4], strides=[4, 4]),
                helper.make_node("Concat", ["small"] * 17, ["heatmaps"], axis=1),
            ]
            outputs = [helper.make_tensor_value_info("heatmaps", TensorProto.FLOAT, ["N", 17, 16, 12])]
            return self.write(name, nodes, inputs, outputs)
        outputs = []
        for axis_name, axis, length in (("simcc_x", 2, 48), ("simcc_y", 3, 64)):
            nodes += [
                helper.make_node("ReduceMax", ["grey"], [f"{axis_name}_most"], axes=[axis], keepdims=0),
                helper.make_node("Resize", [f"{axis_name}_most", "", "twice"], [f"{axis_name}_twice"], mode="nearest"),
                helper.make_node("Tile", [f"{axis_name}_twice", "each"], [axis_name]),
            ]
            outputs.append(helper.make_tensor_value_info(axis_name, TensorProto.FLOAT, ["N", 17, 2 * length]))
        constants = [
            numpy_helper.from_array(np.array([1, 17, 1], np.int64), "each"),
            numpy_helper.from_array(np.array([1, 1, 2], np.float32), "twice"),
        ]
        return self.write(name, nodes, inputs, outputs, constants)

    def stripes(self, numbers: int, side: int, name: str = "stripes.onnx") -> Path:
        """An embedder of square images: the means of so many stripes of the planes as it gets them."""
        nodes = [
            helper.make_node("Reshape", ["image", "stripes"], ["rows"]),
            helper.make_node("ReduceMean", ["rows"], ["embedding"], axes=[2], keepdims=0),
        ]
        shape = numpy_helper.from_array(np.array([0, numbers, -1], np.int64), "stripes")
        inputs = [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, side, side])]
        outputs = [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", numbers])]
        return self.write(name, nodes, inputs, outputs, [shape])

    def one_face(self, name: str = "one-face.onnx") -> Path:
        """A detector, YuNet, that sees one face in every 64 x 96 pixels."""
        return self(name, self.yunet_outputs())

    @classmethod
    def yunet_outputs(cls) -> dict[str, np.ndarray]:
        """Outputs of YuNet for that face, of score 0.9, in the cell of stride 8 at column 5, row 2."""
        outputs = {}
        for kind, numbers in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            for stride in (8, 16, 32):
                outputs[f"{kind}_{stride}"] = np.zeros((1, 64 // stride * (96 // stride), numbers), np.float32)
        cell, corner = 2 * 12 + 5, np.array([40.0, 16])
        outputs["cls_8"][0, cell], outputs["obj_8"][0, cell] = 1.0, 0.81
        middle, side = (cls.FACE[:2] + cls.FACE[2:]) / 2, cls.FACE[2:] - cls.FACE[:2]
        outputs["bbox_8"][0, cell] = [*(middle - corner) / 8, *np.log(side / 8)]
        outputs["kps_8"][0, cell] = ((cls.LANDMARKS - corner) / 8).ravel()
        return outputs


BATCH_OF_IMAGES = [helper.make_node("Shape", ["image"], ["batch"], start=0, end=1)]
"""Nodes that tell how many images there are, as (1,)."""


@pytest.fixture
def exports(tmp_path: Path) -> Exports:
    """Writes ONNX files as other projects' tools export them."""
    return Exports(tmp_path)
