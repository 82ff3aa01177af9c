"""Find people in images with a detector of any format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from opendr_perception.engine.session import EngineError, Outputs, Session
from opendr_perception.tasks.imaging import Image, Letterbox
from opendr_perception.tasks.nms import Candidates, Detections, FeatureMap, Greedy, Suppressor
from opendr_perception.tasks.people.formats import format_of

__all__ = ["Detections", "PersonDetector"]


@dataclass(frozen=True, eq=False)
class DetectorLook:
    """Answers of a detector's network to one image.

    Args:
        session: of the network.
        outputs: of the network, without the axis of the batch.
        size: (height, width) of the canvas that it took.
        place: of the image in the canvas.
        image: that was looked at.
    """

    session: Session
    outputs: Outputs
    size: tuple[int, int]
    place: Letterbox
    image: Image

    def at(self, image: Image, k: int) -> DetectorLook:
        """The same look as one at the image in which one pixel of this one is a block of k x k."""
        (x, y), offset = self.place.scale, self.place.offset
        return replace(self, place=Letterbox((x / k, y / k), offset), image=image)


class PersonDetector:
    """A detector of people, for the images of several cameras at once.

    Args:
        session: the zoo's `nanodet`, or a model of one of `tasks.people.formats`.
        score_threshold: detections below it are dropped.
        nms: how several boxes around one person become one; not used with a network that gives one for each.
        input_size: longest side, in pixels, to which images are resized; a multiple of 32. Larger finds smaller
            people and costs more, in proportion to its square. A network that takes canvases of one size has its own.

    Raises:
        EngineError: the model is no person detector.
        ValueError: the input size is not a multiple of 32.
    """

    def __init__(
        self,
        session: Session,
        score_threshold: float = 0.46,
        nms: Suppressor = Greedy(),  # noqa: B008 - it cannot change
        input_size: int = 416,
    ) -> None:
        self._format = format_of(session)
        if input_size <= 0 or input_size % self._format.stride:
            raise ValueError(f"input_size must be a positive multiple of {self._format.stride}, got {input_size}")
        self.only_size = _only_size(session)
        """(height, width) of the canvases, where the network takes no others."""
        self.score_threshold = score_threshold
        self.nms = nms
        self.session = session
        self.input_size = input_size

    @property
    def has_features(self) -> bool:
        """The network also gives its feature map."""
        return self._format.feature_stride > 0

    def warm_up(self) -> None:
        """Run once, so that the first image is not slow."""
        self.session.warm_up(image=(1, *(self.only_size or (self.input_size, self.input_size)), 3))

    def __call__(self, images: Sequence[Image], input_size: int | None = None) -> list[Detections]:
        """Find the people in each image.

        Args:
            images: the images.
            input_size: another one for these, rounded up to a multiple of 32.
        """
        return [self.choose(look) for look in self.look(images, input_size)]

    def look(self, images: Sequence[Image], input_size: int | None = None) -> list[DetectorLook]:
        """Run the network on images; `choose` says who is in them."""
        stride = self._format.stride
        longest = self.input_size if input_size is None else -(-input_size // stride) * stride
        looks: dict[int, DetectorLook] = {}
        for size, members in self._by_canvas(images, longest).items():
            canvases = np.empty((len(members), *size, 3), np.uint8)
            places = [self._format.fit(images[i], size, canvases[k])[1] for k, i in enumerate(members)]
            for i, outputs, place in zip(members, self._run(canvases), places, strict=True):
                looks[i] = DetectorLook(self.session, outputs, size, place, images[i])
        return [looks[i] for i in range(len(images))]

    def _run(self, canvases: np.ndarray) -> list[Outputs]:
        """The outputs of the network for each canvas, without the axis of the batch."""
        if self._format.one_each:  # the number of boxes may be another one for each canvas
            batches = [self.session.run({"image": canvas[None]}) for canvas in canvases]
            return [{name: rows[0] for name, rows in outputs.items()} for outputs in batches]
        outputs = self.session.run_batch({"image": canvases})
        return [{name: rows[k] for name, rows in outputs.items()} for k in range(len(canvases))]

    def _by_canvas(self, images: Sequence[Image], longest: int) -> dict[tuple[int, int], list[int]]:
        """Indices of the images that are resized to the same (height, width): only they can share a batch."""
        groups: dict[tuple[int, int], list[int]] = {}
        for index, image in enumerate(images):
            size = self.only_size or canvas_size(image.height, image.width, longest, self._format.stride)
            groups.setdefault(size, []).append(index)
        return groups

    def choose(self, look: DetectorLook) -> Detections:
        """The people of one image, from a look of this network at it."""
        image, weakest = look.image, 1.0 if self._format.one_each else self.nms.weakest
        proposals = self._format.decode(look.outputs, look.size, min(self.score_threshold, weakest))
        boxes = np.clip(look.place.to_source(proposals.boxes), 0, [image.width, image.height] * 2).astype(np.float32)
        features = self._features(look.outputs, look.place)
        candidates = Candidates(Detections(boxes, proposals.scores), (image.width, image.height), features, image)
        if self._format.one_each:
            return candidates.usable().proposals
        people = self.nms(candidates)
        return people[people.scores > self.score_threshold]

    def _features(self, outputs: Outputs, place: Letterbox) -> FeatureMap | None:
        if not self.has_features:
            return None
        features, stride = outputs["features"], self._format.feature_stride
        height, width = features.shape[1:]
        return FeatureMap(features, place.to_source([0, 0, width * stride, height * stride]))


def canvas_size(height: int, width: int, longest: int, stride: int = 32) -> tuple[int, int]:
    """The smallest (height, width), in multiples of a stride, around an image resized to `longest`."""
    scale = longest / max(height, width)
    return tuple(max(stride, int(np.ceil(side * scale / stride - 1e-6)) * stride) for side in (height, width))  # type: ignore[return-value]


def _only_size(session: Session) -> tuple[int, int] | None:
    _, height, width, _ = next(tensor.shape for tensor in session.inputs if tensor.name == "image")
    if height is not None and width is not None:
        return height, width
    if height is width is None:
        return None
    raise EngineError(f"{session.path}: of {session.inputs[0]}, height and width must both be fixed, or both free")
