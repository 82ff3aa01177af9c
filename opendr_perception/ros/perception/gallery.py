"""Services by which faces become known to a node, and are forgotten: ~/enroll, ~/forget, ~/list."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future as Job
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from rclpy.task import Future
from sensor_msgs.msg import Image as ImageMessage

from opendr_perception.srv import EnrollFace, ForgetFace, ListFaces
from opendr_perception.tasks.face import GalleryError, KnownFaces, check_name, look_alikes
from opendr_perception.tasks.imaging import Image

RequestT = TypeVar("RequestT", EnrollFace.Request, ForgetFace.Request)
ResponseT = TypeVar("ResponseT", EnrollFace.Response, ForgetFace.Response)

SAMPLES = 5
"""Views that are taken when nobody says how many."""

PATIENCE = 15.0
"""Seconds in which so many good views must come."""

MOST_SAMPLES = 20
"""Images of one request, or views."""

MOST_BYTES = 256 << 20
"""Of the images of one request."""

MOST_WAITING = 8
"""Requests that are not answered yet; more are refused at once."""


class GalleryServices:
    """Serves a gallery. What takes time runs in threads of its own, so that the executor is never held up.

    Args:
        node: that offers the services.
        known: the gallery.
    """

    def __init__(self, node: Node, known: KnownFaces) -> None:
        self._node = node
        self._known = known
        self._free = threading.Semaphore(MOST_WAITING)
        self._pool = ThreadPoolExecutor(2, f"{node.get_name()} gallery")
        apart = ReentrantCallbackGroup()  # a service that awaits would hold up all others of the node's own group
        self._services = [
            node.create_service(kind, f"~/{name}", callback, callback_group=apart)
            for kind, name, callback in (
                (EnrollFace, "enroll", self._on_enroll),
                (ForgetFace, "forget", self._on_forget),
                (ListFaces, "list", self._on_list),
            )
        ]

    def close(self) -> None:
        """Take back the services."""
        self._known.interrupt("the node is shut down")
        self._pool.shutdown()
        for service in self._services:
            self._node.destroy_service(service)

    async def _on_enroll(
        self, request: EnrollFace.Request, response: EnrollFace.Response
    ) -> EnrollFace.Response | None:
        return await self._in_background(self._enroll, request, response)

    async def _on_forget(
        self, request: ForgetFace.Request, response: ForgetFace.Response
    ) -> ForgetFace.Response | None:
        return await self._in_background(self._forget, request, response)

    def _on_list(self, request: ListFaces.Request, response: ListFaces.Response) -> ListFaces.Response:
        gallery = self._known.gallery
        response.names = list(gallery.people)
        response.samples = [gallery.names.count(name) for name in gallery.people]
        return response

    def _in_background(
        self, work: Callable[[RequestT, ResponseT], str], request: RequestT, response: ResponseT
    ) -> Future[ResponseT]:
        """Do the work in another thread, and let the executor go on meanwhile."""
        executor = self._node.executor
        assert executor is not None  # it has just called us
        future: Future[ResponseT] = Future(executor=executor)
        if not self._free.acquire(blocking=False):
            response.message = f"{MOST_WAITING} requests are waiting already; try again when they are answered"
            future.set_result(response)
            return future

        def attempt() -> None:
            try:
                response.message = work(request, response)
                response.success = True
            except Exception as error:  # noqa: BLE001 - whoever asked must get an answer
                response.message = str(error) or type(error).__name__

        def finish(job: Job[None]) -> None:
            self._free.release()
            future.set_result(response)
            executor.wake()  # or the answer would wait for the next message

        self._pool.submit(attempt).add_done_callback(finish)
        return future

    def _enroll(self, request: EnrollFace.Request, response: EnrollFace.Response) -> str:
        name = check_name(request.name)
        if request.images:
            _check_size(request.images)
            samples = self._known.samples([_image(message) for message in request.images])
        else:
            wanted = min(request.samples or SAMPLES, MOST_SAMPLES)
            samples = self._known.take_live(request.track_id, wanted, PATIENCE)
        total = self._known.enrol(name, samples)
        response.samples = len(samples)
        similar = look_alikes(self._known.gallery, name)
        for line in similar:
            self._node.get_logger().warning(line)
        return "; ".join([f"'{name}' is enrolled with {total} samples", *similar])

    def _forget(self, request: ForgetFace.Request, response: ForgetFace.Response) -> str:
        left: list[str] = []
        self._known.forget(request.name, left.append)
        return "; ".join([f"'{request.name}' is forgotten: images and embeddings are deleted", *left])


def _check_size(images: Sequence[ImageMessage]) -> None:
    size = sum(len(message.data) for message in images)
    if len(images) > MOST_SAMPLES or size > MOST_BYTES:
        raise GalleryError(
            f"{len(images)} images of {size >> 20} MB are too much for one request: "
            f"at most {MOST_SAMPLES} of {MOST_BYTES >> 20} MB together"
        )


def _image(message: ImageMessage) -> Image:
    return Image.from_buffer(message.data, message.height, message.width, message.step, message.encoding)
