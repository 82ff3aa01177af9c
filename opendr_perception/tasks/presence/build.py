"""From settings to a perceiver of where in an image somebody may be."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from opendr_perception import settings as values
from opendr_perception import zoo
from opendr_perception.settings import parameter
from opendr_perception.tasks.imaging import Heatmap, Image, smooth, to_bgr
from opendr_perception.tasks.memories import Kinds
from opendr_perception.tasks.perceiver import ImagePerceiver, Moment, PerceiverSettings, Warn
from opendr_perception.tasks.presence.detection import SCALES, WINDOW, HumanPresence, check_scales


@dataclass(frozen=True)
class Settings(PerceiverSettings):
    """Human presence."""

    model: str = parameter(
        "presence-1080p",
        "The network of this package, or an ONNX file like it, written by opendr_perception.training.presence.export.",
        read_only=True,
    )
    scales: tuple[float, ...] = parameter(
        SCALES,
        "Sizes in which each image is looked at, as fractions in (0, 1]. In 1.0 people of 32 to 64 pixels are found, "
        "in 0.5 those of 64 to 128, and so on; leaving out 1.0 makes it about four times as fast.",
    )
    longest: int = parameter(
        1920,
        "Images whose longer side has more pixels are reduced to it first; the scales are those of the reduced image.",
        minimum=WINDOW,
        maximum=16384,
    )
    smoothing: float = parameter(
        0.0,
        "Weight of the previous result (exponential smoothing): 0 for none; towards 1, less jitter and more delay.",
        minimum=0.0,
        maximum=0.99,
    )


@dataclass
class PresenceMemory:
    """Memory of one stream."""

    heatmap: Heatmap | None = None


class PresencePerceiver(ImagePerceiver[Settings, PresenceMemory, Heatmap]):
    """Tells how sure it is, in each part of an image, that somebody is there."""

    def __init__(self, settings: Settings, sessions: zoo.Sessions) -> None:
        super().__init__(settings)
        session = settings.open(settings.model, sessions)
        self._presence = HumanPresence(session, settings.scales, settings.longest)
        session.warm_up(image=(1, 4 * WINDOW, 4 * WINDOW, 3))

    def kinds(self) -> Kinds:
        return {PresenceMemory: {}, Heatmap: {}}

    def new_memory(self) -> PresenceMemory:
        return PresenceMemory()

    def check(self, wanted: Settings) -> None:
        super().check(wanted)
        check_scales(wanted.scales)

    def adopt(self, settings: Settings) -> None:
        self._presence.scales, self._presence.longest = settings.scales, settings.longest

    def perceive(self, moments: Sequence[Moment[Image, PresenceMemory]]) -> Iterable[Heatmap]:
        return map(self._look, moments)

    def _look(self, moment: Moment[Image, PresenceMemory]) -> Heatmap:
        memory = moment.memory
        memory.heatmap = smooth(self._presence(to_bgr(moment.input)), memory.heatmap, self.settings.smoothing)
        return memory.heatmap


def build(
    settings: Settings = Settings(),
    sessions: zoo.Sessions = zoo.session,
    warn: Warn = warnings.warn,
) -> PresencePerceiver:
    """A perceiver of human presence, whose results are heatmaps.

    Args:
        settings: what is wanted.
        sessions: open models by name.
        warn: is told what a user should know.

    Raises:
        ValueError: a setting has a value that is not allowed.
        ZooError, EngineError: a model cannot be had or loaded.
    """
    values.check(settings)
    return PresencePerceiver(settings, sessions)
