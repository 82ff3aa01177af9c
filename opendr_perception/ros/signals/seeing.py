"""Base of the nodes that hear and see: sound in as for all that hear, and the faces of a camera beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus

from opendr_perception.msg import VoiceArray
from opendr_perception.ros.convert.messages import face_views
from opendr_perception.ros.signals.node import SampleNode
from opendr_perception.ros.signals.sights import Sights
from opendr_perception.tasks.emotion import FaceView
from opendr_perception.tasks.imaging import Image

Results = Iterable[tuple[int, object]]


class SeeingNode(SampleNode):
    """A node that hears, and looks at faces where `looks`; its parameters have `image_transport`."""

    PERIOD = 0
    """Nanoseconds of which one image is enough; 0 takes all."""
    VOICES = True
    """True if it also subscribes what is said of voices."""

    def __init__(self, **options: object) -> None:
        self._sights: dict[str, Sights] = {}
        super().__init__(**options)

    # --- what a node implements -------------------------------------------------------------------------------------

    @property
    def looks(self) -> bool:
        """True if faces are wanted."""
        return True

    def see(self, stamp: int, image: Image, faces: Sequence[FaceView], memory: Any) -> None:
        """Take the faces of an image with a stamp in ns."""
        raise NotImplementedError

    def told(self, stamp: int, voices: VoiceArray, memory: Any) -> None:
        """Take what was said of voices at a time in ns."""

    # --- lifecycle --------------------------------------------------------------------------------------------------

    def activate(self) -> None:
        super().activate()
        self.until_deactivate.callback(self._sights.clear)
        for name in self.params.streams if self.looks else ():
            self._sights[name] = sights = self._open(name)
            self.until_deactivate.callback(sights.close)

    def _open(self, name: str) -> Sights:
        looked = -1

        def see(stamp: int, messages: object) -> None:
            nonlocal looked
            if not self.PERIOD or stamp // self.PERIOD != looked:
                looked = stamp // self.PERIOD if self.PERIOD else stamp
                self.aside(name, lambda memory: self._look(name, memory, stamp, messages))

        def hear(stamp: int, message: VoiceArray) -> None:
            self.aside(name, lambda memory: self._listen(memory, stamp, message))

        return Sights(self, name, self.params.image_transport, see, hear if self.VOICES else None)

    def diagnose(self) -> list[DiagnosticStatus]:
        beside = []
        for name, sights in self._sights.items():
            problem = sights.problem()
            level = DiagnosticStatus.WARN if problem else DiagnosticStatus.OK
            beside.append(self.status(f"{name} faces".strip(), level, problem or "faces arrive", {}, ""))
        return [*super().diagnose(), *beside]

    # --- the worker's thread ----------------------------------------------------------------------------------------

    def _look(self, name: str, memory: object, stamp: int, messages: object) -> Results:
        sights = self._sights.get(name)
        if sights is not None:  # the node has not stopped meanwhile
            _, found = sights.source.open(messages)
            self.see(stamp, found.image, face_views(found.agreeing()), memory)
        return ()

    def _listen(self, memory: object, stamp: int, message: VoiceArray) -> Results:
        self.told(stamp, message, memory)
        return ()
