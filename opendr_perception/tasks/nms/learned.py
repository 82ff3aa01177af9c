"""Non-maximum suppression by a network that looks at all overlapping candidates together: Seq2Seq-NMS and variants."""

from __future__ import annotations

import numpy as np

from opendr_perception.engine.session import EngineError, Session, Tensor
from opendr_perception.tasks.nms import box_graph
from opendr_perception.tasks.nms.candidates import Candidates, Detections
from opendr_perception.tasks.nms.fmod import NUMBERS, Fmod
from opendr_perception.tasks.nms.overlap import greedy_mask, pairwise_iou

SAME_PERSON = 0.5
"""Overlap from which two boxes may stand for the same person."""
GRAPH = ("queries", "keys", "rows", "columns", "weights")
LOOKS: dict[str, tuple[Tensor | str, ...]] = {
    "seq2seq_geom": (),
    "seq2seq": (Tensor("appearance", (None, NUMBERS), np.dtype(np.float32)),),
    "fseq2": ("features", "boxes"),
}
"""Inputs of each kind of network beside those."""


class LearnedNms:
    """Seq2Seq-NMS_geom, Seq2Seq-NMS or FSeq2-NMS, whichever the model is: its inputs tell.

    The scores that it gives are the network's: how certain it is that a box is the one of its person.

    Args:
        session: a model that `opendr_perception.training.nms.export` has written.
        limit: most candidates that are looked at.
        sure: nobody of whom the detector is sure is lost: for each box that greedy suppression would keep, the best box
            near it scores at least as much. False leaves all to the network.

    Attributes:
        kind: seq2seq_geom, seq2seq or fseq2.

    Raises:
        EngineError: the model is something else.
    """

    def __init__(self, session: Session, limit: int = box_graph.MAX_CANDIDATES, sure: bool = True) -> None:
        names = {tensor.name for tensor in session.inputs}
        self.kind = "fseq2" if "features" in names else "seq2seq" if "appearance" in names else "seq2seq_geom"
        session.expect(inputs=[*GRAPH, *LOOKS[self.kind]], outputs=["scores"])
        self._session = session
        self._limit = limit
        self._sure = sure
        self._fmod = _fmod(session) if self.kind == "seq2seq" else None

    @property
    def weakest(self) -> float:
        return box_graph.MIN_SCORE

    def __call__(self, candidates: Candidates) -> Detections:
        """Candidates with new scores, best first.

        Raises:
            ValueError: the model looks at the detector's map or at the image, and the candidates come without it.
        """
        candidates = candidates.usable()
        proposals = candidates.proposals
        proposals = proposals[box_graph.candidates(proposals.boxes, proposals.scores, self._limit)]
        if not len(proposals):
            return proposals
        graph = box_graph.build_graph(proposals.boxes, proposals.scores, candidates.size)
        feeds = {name: getattr(graph, name) for name in GRAPH}
        scores = self._session.run({**feeds, **self._looks(candidates, proposals.boxes)})["scores"]
        if self._sure:
            scores = keep_certain(scores, proposals)
        order = np.argsort(-scores, kind="stable")
        return Detections(proposals.boxes[order], scores[order])

    def _looks(self, candidates: Candidates, boxes: np.ndarray) -> dict[str, np.ndarray]:
        if self.kind == "fseq2":
            if candidates.features is None:
                raise ValueError(f"{self._session.path} looks at the detector's feature map, which is missing")
            return {"features": candidates.features.values, "boxes": candidates.features.places(boxes)}
        if self._fmod is not None:
            if candidates.image is None:
                raise ValueError(f"{self._session.path} looks at the image, which is missing")
            return {"appearance": self._fmod(candidates.image, boxes)}
        return {}


def keep_certain(scores: np.ndarray, proposals: Detections) -> np.ndarray:
    """Raise scores (N,) so that each box which greedy suppression keeps is stood for by one near it, or by itself.

    Args:
        scores: that the network gives.
        proposals: N boxes with the detector's scores, best first.
    """
    overlaps = pairwise_iou(proposals.boxes, proposals.boxes)
    kept = greedy_mask(overlaps, SAME_PERSON)
    best = np.where(overlaps[kept] >= SAME_PERSON, scores, -1).argmax(axis=1)
    raised = scores.copy()
    np.maximum.at(raised, best, proposals.scores[kept])
    return raised


def _fmod(session: Session) -> Fmod:
    """The descriptor with the normalisation that the model was trained with."""
    try:
        mean, deviation = (np.array(session.metadata[key].split(), np.float32) for key in ("fmod_mean", "fmod_std"))
    except (KeyError, ValueError) as error:
        raise EngineError(f"{session.path}: its normalisation of FMoD cannot be read: {error!r}") from error
    return Fmod(mean, deviation)
