"""What the nodes that look for people share: the detector's parameters, and tracks in a stream's memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opendr_perception import zoo
from opendr_perception.engine.session import EngineError, Session
from opendr_perception.ros.node import parameter
from opendr_perception.ros.perception.node import Frame, PerceptionParameters
from opendr_perception.tasks.nms import ClusterNms, Detections, Greedy, LearnedNms, SoftNms, Suppressor
from opendr_perception.tasks.people import PersonDetector
from opendr_perception.zoo.errors import ZooError

LEARNED = ("seq2seq", "seq2seq_geom", "fseq2")
NMS = ("greedy", "soft", "cluster", *LEARNED)
OWN_WEIGHTS = {"seq2seq_geom": "nms-geom", "fseq2": "nms-fseq2"}
"""Networks that come with this package."""


@dataclass(frozen=True)
class PeopleParameters(PerceptionParameters):
    """What nodes take that detect and track people."""

    score_threshold: float = parameter(
        0.4,
        "Detections below this score are left out. Lower finds more people, and more that are none. A track only "
        "begins with a score of 0.5, whatever this is; weaker detections prolong it.",
        minimum=0.0,
        maximum=1.0,
    )
    nms: str = parameter(
        "greedy",
        "How several boxes around one person become one. greedy, soft and cluster look at how much two boxes overlap; "
        "seq2seq_geom is a network that looks at all boxes together, for crowds; fseq2 also looks at the feature map "
        "of the detector, which must be nanodet-features, and seq2seq at the picture, with weights of yours "
        "(nms_model). Networks give their own scores.",
        choices=NMS,
    )
    nms_model: str = parameter(
        "",
        "The ONNX file of the network for nms, written by opendr_perception.training.nms.export; '' takes the one that "
        "comes with this package.",
    )
    iou_threshold: float = parameter(
        0.5,
        "Of two boxes whose intersection over union is above this, only the better one stays (greedy, cluster), or the "
        "other one loses score (soft). Raise it where people stand close together, lower it where one person gets two "
        "boxes.",
        minimum=0.0,
        maximum=1.0,
    )
    input_size: int = parameter(
        416,
        "Longest side in pixels, a multiple of 32, to which images are resized to detect people. Larger finds people "
        "who are farther away; the time grows with its square.",
        minimum=32,
        maximum=2048,
        read_only=True,
    )
    tracking: bool = parameter(
        True, "Give each person an id that stays from image to image; false leaves track_id empty."
    )


def load_session(model: str, params: PerceptionParameters) -> Session:
    """A model of the zoo, or an ONNX file, on the device that the node is told to use."""
    return zoo.session(model, device=params.device, threads=params.threads)


class PeopleFinder:
    """The person detector with all methods of non-maximum suppression; learned ones are loaded when first wanted.

    Args:
        model: of the detector, in the zoo or an ONNX file.
        params: of the node, at its start.

    Raises:
        ValueError: the method that is wanted cannot be used, or a parameter has a wrong value.
        ZooError, EngineError: a model cannot be had or loaded.
    """

    def __init__(self, model: str, params: PeopleParameters) -> None:
        self.session = session = load_session(model, params)
        self.detector = PersonDetector(session, params.score_threshold, input_size=params.input_size)
        self._networks: dict[str, LearnedNms] = {}
        session.warm_up(image=(1, params.input_size, params.input_size, 3))
        self.tune(params)

    def tune(self, params: PeopleParameters) -> None:
        """Detect as the parameters want it from now on."""
        self.detector.score_threshold = params.score_threshold
        self.detector.nms = self.method(params)

    def method(self, params: PeopleParameters) -> Suppressor:
        """The method of non-maximum suppression that is wanted.

        Raises:
            ValueError: it has no weights, weights for another method, or a detector that cannot serve it.
        """
        if params.nms == "soft":
            return SoftNms(params.iou_threshold)
        if params.nms == "cluster":
            return ClusterNms(params.iou_threshold, distance=True)
        if params.nms in LEARNED:
            return self._learned(params)
        return Greedy(params.iou_threshold)

    def _learned(self, params: PeopleParameters) -> LearnedNms:
        if params.nms == "fseq2" and not self.detector.has_features:
            raise ValueError(
                "nms 'fseq2' needs a detector that puts out its feature map: start the node with the detector "
                "nanodet-features, or take nms 'seq2seq_geom'"
            )
        model = params.nms_model or OWN_WEIGHTS.get(params.nms, "")
        if not model:
            raise ValueError(f"nms '{params.nms}' needs weights of yours: set nms_model to an ONNX file first")
        try:
            if model not in self._networks:
                self._networks[model] = LearnedNms(load_session(model, params))
        except (ZooError, EngineError) as error:
            raise ValueError(f"nms '{params.nms}': {error}") from error
        network = self._networks[model]
        if network.kind != params.nms:
            raise ValueError(
                f"nms '{params.nms}': {model} is a network for nms '{network.kind}': change nms or nms_model"
            )
        return network


def track_ids(frame: Frame, people: Detections, params: PeopleParameters) -> Sequence[str]:
    """The track of each person, from the tracker in the memory of the frame's stream; '' without tracking."""
    if not params.tracking:
        return [""] * len(people)
    tracks: Sequence[str] = frame.memory.update(people, frame.time)
    return tracks
