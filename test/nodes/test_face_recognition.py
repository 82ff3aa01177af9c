"""The node `face_recognition` over real topics: one woman, as she is and as a camera might see her."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from opendr_perception.msg import FaceArray
from opendr_perception.srv import EnrollFace, ForgetFace, ListFaces
from sensor_msgs.msg import CameraInfo
from sensor_msgs.msg import Image as ImageMessage

from opendr_perception import zoo
from opendr_perception.engine.session import Session
from opendr_perception.nodes.face_recognition import FaceRecognition
from opendr_perception.tasks.face.detection import FaceDetector
from opendr_perception.tasks.face.embedding import FaceEmbedder
from opendr_perception.tasks.face.enrolment import Enroller, Sample, enrol, fingerprint
from opendr_perception.tasks.face.gallery import THRESHOLD
from opendr_perception.tasks.face.gallery_folder import GalleryFolder
from opendr_perception.tasks.imaging.image import Image

NAME = "Eileen Collins"
RATE = 10.0


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    return tmp_path / "gallery"


def seen_by_camera(astronaut: np.ndarray, step: int = 0, seed: int = 0) -> np.ndarray:
    """640x480: shifted, turned, darker or brighter, and noisy."""
    random = np.random.default_rng(1000 * seed + step)
    turn = cv2.getRotationMatrix2D((225, 125), random.uniform(-12, 12), random.uniform(0.8, 1.2))
    turn[:, 2] += [60 + 2 * step, 60 + step]
    image = cv2.warpAffine(astronaut, turn, (640, 480), borderMode=cv2.BORDER_REPLICATE)
    return np.clip(image * random.uniform(0.7, 1.2) + random.normal(0, 4, image.shape), 0, 255).astype(np.uint8)


class Scene:
    """A camera that shows images to the node, and what it answers."""

    def __init__(self, graph: Any, gallery: Path, **parameters: Any) -> None:
        self.graph = graph
        self.node = graph.run(FaceRecognition, gallery=str(gallery), threads=1, **parameters)
        self.faces = graph.listen(FaceArray, "faces", publishers=1)
        self.camera = graph.publisher(ImageMessage, "image_raw")
        self._frames = 0

    def show(self, pixels: np.ndarray) -> FaceArray:
        self._frames += 1
        image = self.graph.image(pixels, 100 + self._frames / RATE, "head_camera")
        answer = self.graph.ask(self.camera, image, self.faces)
        assert answer.header == image.header
        return answer

    def call(self, kind: Any, service: str, **fields: Any) -> Any:
        return self.graph.call(kind, f"face_recognition/{service}", kind.Request(**fields))

    def enroll(self, name: str, *images: np.ndarray) -> Any:
        return self.call(EnrollFace, "enroll", name=name, images=[self.graph.image(image) for image in images])


def test_a_face_is_found_enrolled_known_again_and_forgotten(graph: Any, gallery: Path, astronaut: np.ndarray) -> None:
    scene = Scene(graph, gallery)
    first = scene.show(seen_by_camera(astronaut))
    assert (first.width, first.height) == (640, 480)
    [face] = first.faces
    assert (face.track_id, face.identity) == ("", "")
    assert math.isnan(face.identity_distance)
    assert math.isnan(face.identity_confidence)
    assert len(face.landmarks) == 6
    for point in face.landmarks:
        assert face.box.x_min - 20 < point.x < face.box.x_max + 20
        assert point.score == pytest.approx(face.score)
    assert abs(face.yaw) < 0.35

    answer = scene.enroll(NAME, *(seen_by_camera(astronaut, seed=seed) for seed in (1, 2, 3)))
    assert (answer.success, answer.samples) == (True, 3), answer.message
    listed = scene.call(ListFaces, "list")
    assert (list(listed.names), list(listed.samples)) == ([NAME], [3])

    answers = [scene.show(seen_by_camera(astronaut, step, seed=4)) for step in range(12)]
    assert len({message.faces[0].track_id for message in answers}) == 1
    names = [message.faces[0].identity for message in answers]
    assert names == sorted(names), "once she is known she stays known"
    last = answers[-1].faces[0]
    assert last.identity == NAME
    assert 0 < last.identity_distance < 0.4
    assert last.identity_confidence == pytest.approx(1 - last.identity_distance / 0.47, abs=1e-4)

    nobody = scene.show(np.full((480, 640, 3), 80, np.uint8))
    assert nobody.faces == []

    assert scene.call(ForgetFace, "forget", name=NAME).success
    assert not list(gallery.rglob("*.png"))
    assert NAME.encode("utf-32-le") not in (gallery / "embeddings.npz").read_bytes()
    assert scene.show(seen_by_camera(astronaut, 12, seed=4)).faces[0].identity == ""
    assert not scene.call(ForgetFace, "forget", name=NAME).success


def test_identification_stops_and_resumes_while_running(graph: Any, gallery: Path, astronaut: np.ndarray) -> None:
    scene = Scene(graph, gallery)
    assert scene.enroll(NAME, astronaut).success
    for step in range(6):
        known = scene.show(seen_by_camera(astronaut, step))
    assert known.faces[0].identity == NAME
    assert graph.set_parameter("face_recognition", "identify", False) == ""
    hidden = scene.show(seen_by_camera(astronaut, 6)).faces[0]
    assert hidden.identity == ""
    assert math.isnan(hidden.identity_distance)
    assert graph.set_parameter("face_recognition", "identify", True) == ""
    assert scene.show(seen_by_camera(astronaut, 7)).faces[0].identity == "", "what was known of the face was forgotten"
    for step in range(8, 12):
        known = scene.show(seen_by_camera(astronaut, step))
    assert known.faces[0].identity == NAME


def test_nothing_about_unknown_faces_is_written(graph: Any, gallery: Path, astronaut: np.ndarray) -> None:
    scene = Scene(graph, gallery)
    for step in range(6):
        assert scene.show(seen_by_camera(astronaut, step)).faces[0].identity == ""
    assert not gallery.exists()


@pytest.fixture
def film(astronaut: np.ndarray) -> list[np.ndarray]:
    return [seen_by_camera(astronaut, step) for step in range(30)]


@pytest.fixture
def playing() -> Iterator[Any]:
    """Shows images to a scene in another thread until the test is over."""
    over = threading.Event()
    threads = []

    def play(scene: Scene, images: list[np.ndarray]) -> None:
        def run() -> None:
            step = 0
            while not over.is_set():
                scene.show(images[step % len(images)])
                step += 1

        threads.append(threading.Thread(target=run))
        threads[-1].start()

    yield play
    over.set()
    for thread in threads:
        thread.join()


def test_a_face_is_enrolled_while_the_camera_runs(
    graph: Any, gallery: Path, film: list[np.ndarray], playing: Any
) -> None:
    scene = Scene(graph, gallery)
    playing(scene, film)
    answer = scene.call(EnrollFace, "enroll", name=NAME, samples=4)
    assert (answer.success, answer.samples) == (True, 4), answer.message
    assert len(list((gallery / NAME).glob("*.png"))) == 4
    scene.faces.find(lambda message: message.faces and message.faces[0].identity == NAME, "name")


def test_live_enrolment_says_why_it_fails(
    graph: Any, gallery: Path, astronaut: np.ndarray, playing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opendr_perception.ros.perception.gallery.PATIENCE", 0.5)
    scene = Scene(graph, gallery)
    nobody = scene.call(EnrollFace, "enroll", name=NAME)
    assert not nobody.success
    assert "only 0 of 5 good views came within 0.5 s; the last image: no image has come" in nobody.message
    head = astronaut[30:220, 130:320]
    two = np.full((480, 640, 3), 90, np.uint8)
    two[100:290, 50:240] = two[100:290, 350:540] = head
    playing(scene, [two])
    both = scene.call(EnrollFace, "enroll", name=NAME)
    assert not both.success
    assert "2 faces in view" in both.message
    other = scene.call(EnrollFace, "enroll", name=NAME, track_id="77")
    assert "track 77 is not in view" in other.message
    assert not gallery.exists()


def test_one_name_is_not_given_to_two_faces_of_a_frame(graph: Any, gallery: Path, astronaut: np.ndarray) -> None:
    scene = Scene(graph, gallery)
    assert scene.enroll(NAME, astronaut).success
    head = astronaut[30:220, 130:320]
    for _ in range(6):
        two = np.full((480, 640, 3), 90, np.uint8)
        two[100:290, 50:240] = head
        two[100:290, 350:540] = cv2.GaussianBlur(head, (0, 0), 1.0)
        answer = scene.show(two)
    assert sorted(face.identity for face in answer.faces) == ["", NAME]
    [known] = [face for face in answer.faces if face.identity]
    [other] = [face for face in answer.faces if not face.identity]
    assert known.identity_distance < other.identity_distance < 0.47


def test_names_that_cannot_be_folders_are_refused(graph: Any, gallery: Path, astronaut: np.ndarray) -> None:
    scene = Scene(graph, gallery)
    for name in ("", "../eve", "a/b", ".hidden", "x" * 10_000, "new\nline", " eve"):
        answer = scene.enroll(name, astronaut)
        assert not answer.success
        assert "cannot be a name" in answer.message
        assert len(answer.message) < 200
    assert not gallery.exists()


def test_a_disk_that_cannot_be_written_is_reported_and_faces_are_served(
    graph: Any, gallery: Path, astronaut: np.ndarray
) -> None:
    (gallery / ".lock").mkdir(parents=True)  # nobody can open it for writing, as on a read-only disk
    scene = Scene(graph, gallery)
    answer = scene.enroll(NAME, astronaut)
    assert not answer.success
    assert "cannot be changed" in answer.message
    assert len(scene.show(seen_by_camera(astronaut)).faces) == 1


def test_a_face_that_leaves_the_image_keeps_its_name_while_it_is_seen(
    graph: Any, gallery: Path, astronaut: np.ndarray
) -> None:
    scene = Scene(graph, gallery)
    assert scene.enroll(NAME, astronaut).success
    head = cv2.resize(astronaut[30:220, 130:320], (240, 240))
    for x in [*[200] * 4, *range(200, -200, -12)]:
        image = np.full((480, 640, 3), 90, np.uint8)
        part = head[:, max(0, -x) :]
        image[100:340, max(0, x) : max(0, x) + part.shape[1]] = part
        last = scene.show(image)
        assert len(last.faces) <= 1
        for face in last.faces:
            assert 0 <= face.box.x_min < face.box.x_max <= 640
            assert all(point.score == 0 for point in face.landmarks if point.x < 0)
    names = [message.faces[0].identity for message in scene.faces.messages if message.faces]
    assert names.count(NAME) > 10
    assert set(names[4:]) == {NAME}
    assert last.faces == []


def test_what_can_be_asked_at_once_is_limited(
    graph: Any, gallery: Path, astronaut: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opendr_perception.ros.perception.gallery.MOST_WAITING", 1)
    scene = Scene(graph, gallery)
    many = scene.enroll(NAME, *[astronaut[:64, :64]] * 21)
    assert not many.success
    assert "21 images of 0 MB are too much for one request: at most 20" in many.message
    client = graph.observer.create_client(EnrollFace, "face_recognition/enroll")
    waiting = client.call_async(EnrollFace.Request(name=NAME))  # nobody shows a face: it has the one place for 15 s
    graph.wait(
        lambda: "requests are waiting already" in scene.enroll(NAME, astronaut).message, lambda: "nothing is refused"
    )
    assert not waiting.done()
    assert graph.change_state("face_recognition", "deactivate")
    graph.wait(waiting.done, lambda: "the request that waited is not answered")
    assert not gallery.exists()


def test_images_that_do_not_show_one_face_clearly_are_refused(graph: Any, gallery: Path, astronaut: np.ndarray) -> None:
    scene = Scene(graph, gallery)
    head = astronaut[30:220, 130:320]
    for images, complaint in [
        ([astronaut, np.full((200, 200, 3), 80, np.uint8)], "image 2 of 2 cannot be used: there is no face"),
        ([np.hstack([head, head])], "there are 2 faces in it"),
        ([cv2.GaussianBlur(astronaut, (0, 0), 4)], "the face is blurred"),
        ([cv2.resize(astronaut, (200, 200), interpolation=cv2.INTER_AREA)], "the face is too small"),
    ]:
        answer = scene.enroll(NAME, *images)
        assert not answer.success
        assert complaint in answer.message
    broken = graph.image(astronaut)
    broken.height *= 2
    answer = scene.call(EnrollFace, "enroll", name=NAME, images=[broken])
    assert "truncated" in answer.message
    assert not gallery.exists()


def test_a_face_that_is_known_gets_no_second_name(graph: Any, gallery: Path, astronaut: np.ndarray) -> None:
    scene = Scene(graph, gallery)
    assert scene.enroll(NAME, astronaut).success
    answer = scene.enroll("Somebody Else", seen_by_camera(astronaut))
    assert not answer.success
    assert f"already, as '{NAME}'" in answer.message
    again = scene.enroll(NAME, seen_by_camera(astronaut))
    assert again.success
    assert "2 samples" in again.message


def test_camera_info_changes_the_head_pose(graph: Any, gallery: Path, astronaut: np.ndarray) -> None:
    scene = Scene(graph, gallery, identify=False)
    image = np.full((480, 640, 3), 90, np.uint8)
    image[20:210, 440:630] = astronaut[30:220, 130:320]
    assumed = scene.show(image).faces[0]
    infos = graph.publisher(CameraInfo, "camera_info")
    wide = CameraInfo(width=640, height=480, k=[250.0, 0, 320, 0, 250, 240, 0, 0, 1], d=[0.0] * 5)
    infos.publish(wide)
    graph.wait(
        lambda: abs(scene.show(image).faces[0].yaw - assumed.yaw) > 0.05, lambda: "the camera's matrix is not used"
    )


def test_a_gallery_of_another_model_keeps_the_node_from_starting(
    graph: Any, gallery: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from opendr_perception.tasks.face.gallery import Gallery
    from opendr_perception.tasks.face.gallery_folder import GalleryFolder

    folder = GalleryFolder(gallery, "face-embedding 0123")
    with folder.writing():
        folder.write(Gallery(folder.model))
    node = graph.run(FaceRecognition, gallery=str(gallery))
    assert graph.state(node.get_name()) == "unconfigured"
    assert f"opendr-perception gallery rebuild --gallery {gallery}" in capfd.readouterr().err


def test_a_stranger_near_two_enrolled_people_is_named_only_when_one_is_forgotten(
    graph: Any, gallery: Path, models: dict[str, zoo.ModelFile], astronaut: np.ndarray
) -> None:
    session = Session(models["face-embedding"].path, threads=1)
    enroller = Enroller(FaceDetector(Session(models["blazeface"].path, threads=1)), FaceEmbedder(session))
    folder = GalleryFolder(gallery, fingerprint("face-embedding", session))
    stranger = enroller.sample(Image(astronaut, "bgr8"))
    aside = np.zeros(128, np.float32)
    aside[0] = 0.33
    enrol(folder, "Ann", [Sample(stranger.embedding + aside, stranger.image)])
    enrol(folder, "Bea", [Sample(stranger.embedding - aside, stranger.image)])
    scene = Scene(graph, gallery)

    def named() -> tuple[str, float, float]:
        for _ in range(5):
            [face] = scene.show(astronaut).faces
        return face.identity, face.identity_distance, face.identity_confidence

    name, distance, confidence = named()
    assert name == ""
    assert distance < THRESHOLD, "one threshold for all would have named her"
    assert confidence < 0
    assert scene.call(ForgetFace, "forget", name="Bea").success
    assert named()[0] == "Ann"
