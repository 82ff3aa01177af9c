"""Input of the node `people`, made from messages: for each stream what belongs together, with lens and camera pose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus
from std_msgs.msg import Header

from opendr_perception.msg import DetectionArray
from opendr_perception.ros.convert import images, readers, stamps
from opendr_perception.ros.node import ManagedNode
from opendr_perception.ros.people.companions import IMAGE, Companions, Joined
from opendr_perception.ros.people.depth import read_depth
from opendr_perception.ros.people.lenses import Lens
from opendr_perception.ros.robot.transforms import FramePoses
from opendr_perception.ros.topics import Arrival, Input, Stream
from opendr_perception.tasks.fusion import Mount, Sight
from opendr_perception.tasks.imaging import Image, PixelRanges, to_bgr

ReadT = TypeVar("ReadT")

LOST_WITHOUT = {"poses": "seen to fall, lie, wave or point", "faces": "named"}
"""The rest of the line that says what is lost where results of a kind do not come."""


def joined_input() -> Input:
    """People and what belongs to them; they are drawn on the image where it is there, else on black."""
    return Input(
        "persons",
        DetectionArray,
        raw=False,
        open=lambda joined: (joined.persons.header, joined),
        canvas=_canvas,
        stamp=lambda message: stamps.nanoseconds(message.header.stamp),
    )


class Outlook:
    """Everything that is subscribed besides persons, until `close`.

    Args:
        node: that subscribes.
        deliver: takes the stream, the arrival and all that belongs to the people of an image.
    """

    def __init__(self, node: ManagedNode, deliver: Callable[[Stream, Arrival, Joined], None]) -> None:
        params = node.params
        self._node, self._target = node, params.target_frame
        self._poses = FramePoses(node, self._target) if self._target else None
        self._lenses = {
            name: Lens(node, name, params.image_transport, params.rectified, node.warn) for name in params.streams
        }
        self._ranges = PixelRanges()
        self._doubts: dict[str, str] = {}
        self._companions: dict[str, Companions[tuple[Stream, Arrival]]] = {
            name: Companions(node, name, lambda kept, joined: deliver(*kept, joined)) for name in params.streams
        }

    def close(self) -> None:
        """Listen no more."""
        for companions in self._companions.values():
            companions.close()
        for lens in self._lenses.values():
            lens.close()
        if self._poses is not None:
            self._poses.close()

    def offer(self, stream: Stream, arrival: Arrival, persons: DetectionArray) -> None:
        """The people of an image of a stream have come."""
        self._companions[stream.name].offer((stream, arrival), persons)

    # --- the worker's thread ----------------------------------------------------------------------------------------

    def sight(self, joined: Joined, stream: str) -> Sight:
        """Make the input of the fusion from an image; what cannot be read of it is left out, with a warning.

        Raises:
            ValueError: the people cannot be read.
        """
        persons, others = joined.persons, joined.others
        size = persons.width, persons.height
        if not all(size):
            raise ValueError("persons come without the size of their image")
        bodies = readers.read_detections(persons)
        if not np.isfinite(bodies.boxes).all():
            raise ValueError("persons have boxes that are not finite")
        self._doubts[stream] = ""
        read = partial(self._read, others, stream, size)
        mount = self._mount(persons.header.frame_id, stream)
        return Sight(
            stream,
            size,
            bodies,
            [one.track_id for one in persons.detections],
            read(IMAGE, self._image),
            read("poses", readers.read_poses),
            read("faces", readers.read_faces),
            read("actions", readers.read_actions),
            read("emotions", readers.read_emotions),
            self._lenses[stream].of(*size),
            mount,
            self._target or persons.header.frame_id,
            read("depth/image", partial(read_depth, size=size)),
            read("voices", readers.read_voices) or {},
        )

    def _read(
        self, others: Mapping[str, Any], stream: str, size: tuple[int, int], kind: str, reader: Callable[[Any], ReadT]
    ) -> ReadT | None:
        message = others.get(kind)
        if message is None:
            return None
        try:
            if kind in ("poses", "faces") and (message.width, message.height) != size:
                raise ValueError(
                    f"they are of an image of {message.width}x{message.height}, but persons of {size[0]}x{size[1]}"
                )
            found = reader(message)
            if isinstance(found, Image) and (found.width, found.height) != size:
                raise ValueError(f"it has {found.width}x{found.height}, but persons are of {size[0]}x{size[1]}")
        except Exception as error:  # noqa: BLE001 - what cannot be read must not cost the rest
            self._doubt(stream, f"{kind} cannot be used: {str(error) or type(error).__name__}", kind)
            return None
        return found

    def _image(self, data: bytes) -> Image:
        return images.decode(data, self._node.params.image_transport, self._ranges)[1]

    def _mount(self, frame: str, stream: str) -> Mount | None:
        if self._poses is None:
            return Mount()
        pose = self._poses.pose(frame)
        if pose is None:
            self._doubt(stream, f"{self._poses.problem(frame)}: nobody is located", "tf")
            return None
        return Mount(pose.rotation, pose.translation, upright=True)

    def _doubt(self, stream: str, text: str, about: str) -> None:
        self._doubts[stream] = text
        self._node.warn(f"{stream + ': ' if stream else ''}{text}", f"{stream} {about}")

    # --- telling ----------------------------------------------------------------------------------------------------

    def diagnose(self) -> list[DiagnosticStatus]:
        """The diagnostics of each stream: what is joined, and what is not."""
        return [self._diagnose(name) for name in self._companions]

    def _diagnose(self, stream: str) -> DiagnosticStatus:
        companions, lens = self._companions[stream], self._lenses[stream]
        unjoined = companions.problem()
        if unjoined:
            self._node.warn(unjoined, f"{stream} joining")
        problem = "; ".join(filter(None, (unjoined, self._doubts.get(stream, ""))))
        heard = companions.heard()
        lacks = (f"without {kind} nobody is {lost}" for kind, lost in LOST_WITHOUT.items() if kind not in heard)
        values = {"joined": ", ".join(heard) or "nothing", "calibration": lens.problem() or "known"}
        level = DiagnosticStatus.WARN if problem else DiagnosticStatus.OK
        part = f"{stream}/joined" if stream else "joined"
        return self._node.status(part, level, problem or "; ".join(("all that comes is joined", *lacks)), values)


def _canvas(joined: Joined) -> np.ndarray:
    data = joined.others.get(IMAGE)
    if data is not None:
        for transport in images.TRANSPORTS:
            try:
                return to_bgr(images.decode(data, transport)[1])
            except ValueError:
                continue
    return np.zeros((joined.persons.height, joined.persons.width, 3), np.uint8)


def header_of(header: Header, frame: str) -> Header:
    """The same moment in another frame."""
    return Header(stamp=header.stamp, frame_id=frame)
