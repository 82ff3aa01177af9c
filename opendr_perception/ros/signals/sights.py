"""Images with their faces, and what is said of voices, beside the sound of a stream."""

from __future__ import annotations

from collections.abc import Callable

from opendr_perception.msg import FaceArray, VoiceArray
from opendr_perception.ros.convert import stamps
from opendr_perception.ros.node import ManagedNode, qos
from opendr_perception.ros.topics import Input, Listener, Miss, Pairing, image_input, result_input, with_images

DEPTH = 16


class Sights:
    """Subscribes the images, faces and voices of one stream until `close`.

    Args:
        node: that subscribes.
        name: the prefix of the topics; '' for none.
        transport: of the images.
        see: takes the stamp in ns of faces, and the messages of their image and of them as `source` opens them.
        hear: takes the stamp in ns of what is said of voices, and the message; None: it is not subscribed.
    """

    def __init__(
        self,
        node: ManagedNode,
        name: str,
        transport: str,
        see: Callable[[int, object], None],
        hear: Callable[[int, VoiceArray], None] | None,
    ) -> None:
        images, faces = image_input(transport), result_input("faces", FaceArray)
        self.source = with_images(faces, images)
        self._missed: Miss | None = None
        self._pairing: Pairing[object, tuple[int, object]] = Pairing(
            lambda image, found: self._see(see, found[0], (image, found[1])), self._miss
        )
        prefix = f"{name}/" if name else ""
        profile = qos.newest("best_effort", DEPTH)

        def listen(source: Input, take: Callable[[int, object], None]) -> Listener:
            def receive(message: object) -> None:
                try:
                    stamp = source.stamp(message)
                except ValueError as error:
                    node.warn(f"{prefix}{source.topic}: {error}", f"{prefix}{source.topic}")
                else:
                    take(stamp, message)

            return Listener(node, source.type, prefix + source.topic, receive, profile, source.raw, source.remedy)

        self._listeners = [
            listen(faces, lambda stamp, message: self._pairing.add_result(stamp, (stamp, message))),
            listen(images, self._pairing.add_image),
        ]
        self._voices: list[Listener] = []
        if hear is not None:
            told = hear
            self._voices.append(
                Listener(
                    node,
                    VoiceArray,
                    f"{prefix}voices",
                    lambda message: told(stamps.nanoseconds(message.header.stamp), message),
                    qos.newest("best_effort", DEPTH),
                )
            )

    def _see(self, see: Callable[[int, object], None], stamp: int, messages: object) -> None:
        self._missed = None
        see(stamp, messages)

    def _miss(self, miss: Miss) -> None:
        self._missed = miss

    def problem(self) -> str:
        """The reason why nothing is seen; ''."""
        unpaired = ""
        if self._missed is not None and self._missed.in_a_row > DEPTH:
            how = "later than their images are kept" if self._missed.late else "without the images of their stamps"
            unpaired = f"faces come {how}"
        return "; ".join(filter(None, (unpaired, *(listener.problem() for listener in self._listeners))))

    def close(self) -> None:
        """End the subscriptions."""
        for listener in (*self._listeners, *self._voices):
            listener.close()
