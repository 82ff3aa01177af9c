"""The method of non-maximum suppression that settings want."""

from __future__ import annotations

from dataclasses import dataclass

from opendr_perception.engine.session import EngineError
from opendr_perception.settings import parameter
from opendr_perception.tasks.nms.candidates import Suppressor
from opendr_perception.tasks.nms.classic import ClusterNms, Greedy, SoftNms
from opendr_perception.tasks.nms.learned import LearnedNms
from opendr_perception.tasks.perceiver import PerceiverSettings
from opendr_perception.zoo import Sessions, ZooError

LEARNED = ("seq2seq", "seq2seq_geom", "fseq2")
METHODS = ("greedy", "soft", "cluster", *LEARNED)
OWN_WEIGHTS = {"seq2seq_geom": "nms-geom", "fseq2": "nms-fseq2"}
"""Networks that come with this package."""


@dataclass(frozen=True)
class NmsSettings(PerceiverSettings):
    """Non-maximum suppression."""

    nms: str = parameter(
        "greedy",
        "Method of non-maximum suppression. greedy, soft and cluster look at how much two boxes overlap; "
        "seq2seq_geom is a network that looks at all boxes together, for crowds; fseq2 also looks at the feature map "
        "of the detector, which must be nanodet-features, and seq2seq at the image, with your own weights "
        "(nms_model). Networks give their own scores; on real images ours are no better than greedy. Not used with a "
        "detector that gives one box for each person.",
        choices=METHODS,
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


class Suppressors:
    """All methods of non-maximum suppression; learned ones are loaded when first wanted, and kept.

    Args:
        sessions: open the networks.
        has_features: whether the detector puts out its feature map.
    """

    def __init__(self, sessions: Sessions, has_features: bool) -> None:
        self._sessions, self._has_features = sessions, has_features
        self._networks: dict[str, LearnedNms] = {}

    def __call__(self, settings: NmsSettings) -> Suppressor:
        """The method that is wanted.

        Raises:
            ValueError: it has no weights, weights for another method, or a detector that cannot serve it.
        """
        if settings.nms == "soft":
            return SoftNms(settings.iou_threshold)
        if settings.nms == "cluster":
            return ClusterNms(settings.iou_threshold, distance=True)
        if settings.nms in LEARNED:
            return self._learned(settings)
        return Greedy(settings.iou_threshold)

    def _learned(self, settings: NmsSettings) -> LearnedNms:
        if settings.nms == "fseq2" and not self._has_features:
            raise ValueError(
                "nms 'fseq2' needs a detector that puts out its feature map: start the node with the detector "
                "nanodet-features, or take nms 'seq2seq_geom'"
            )
        model = settings.nms_model or OWN_WEIGHTS.get(settings.nms, "")
        if not model:
            raise ValueError(f"nms '{settings.nms}' needs weights of yours: set nms_model to an ONNX file first")
        try:
            if model not in self._networks:
                self._networks[model] = LearnedNms(settings.open(model, self._sessions))
        except (ZooError, EngineError) as error:
            raise ValueError(f"nms '{settings.nms}': {error}") from error
        network = self._networks[model]
        if network.kind != settings.nms:
            raise ValueError(
                f"nms '{settings.nms}': {model} is a network for nms '{network.kind}': change nms or nms_model"
            )
        return network
