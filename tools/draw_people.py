"""Draw docs/images/people.webp, people.jpg and ros4hri.jpg: two simulated people before two cameras.

    python tools/draw_people.py

They come, are named by their faces, cross, leave, come back with their backs to the camera, and turn around. The
networks and the fusion are those of the nodes person_detection, pose_estimation, face_recognition and people; nobody is
real. Needs MuJoCo (requirements/sim.txt).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from PIL import Image as Animated

from opendr_perception.ros.convert.messages import face_array
from opendr_perception.ros.hri.frames import FramePlace, body_place, face_place
from opendr_perception.sim.people import load_people
from opendr_perception.sim.portraits import take_portraits
from opendr_perception.sim.robot import SimulatedCamera
from opendr_perception.sim.scene import Light, Pose, Scene, Standing
from opendr_perception.sim.world import World
from opendr_perception.tasks import body, face, people
from opendr_perception.tasks import fusion as scene
from opendr_perception.tasks.drawing import draw_poses, draw_scene
from opendr_perception.tasks.imaging import Image, PinholeCamera

IMAGES = Path(__file__).parents[1] / "docs" / "images"
CAMERA = SimulatedCamera(640, 480, math.radians(60), above=1.5)
CAMERAS = {"left": Pose(-2.6, 0.0, 0.0), "right": Pose(2.2, -3.2, math.pi / 2)}
ANN, BOB = "person_10", "person_03"
NAMES = {ANN: "Ann", BOB: "Bob"}
RATE = 10.0
"""Hz, of the cameras; the film shows every second image, twice as fast as it happens."""
WAYS: dict[str, list[tuple[float, float, float]]] = {
    ANN: [(0, 1.2, 1.2), (2.5, -1.2, 0.35), (4, -1.2, 0.35), (7, 1.6, -1.2), (10.5, 0.6, -4.6), (10.6, -2.4, -2.2),
          (13.5, -2.4, -2.2), (17, 1.2, -0.9), (19, 1.2, -0.9), (21, -1.2, -0.4), (22, -1.2, -0.4)],
    BOB: [(0, 2.6, -1.0), (3, -1.15, -0.35), (5.2, -1.15, -0.35), (8.5, 2.6, 1.2), (12.2, 6.6, 6.2), (12.3, -3.4, 2.4),
          (14.5, -3.4, 2.4), (18, -0.2, 0.9), (19, -0.2, 0.9), (20.5, -1.15, 0.35), (22, -1.15, 0.35)],
}  # fmt: skip
"""Times and places (s, m, m) between which they walk; for a tenth of a second, where nobody sees it, very quickly."""
SHOWN = (18.2, 2.0)
"""s of the film at which people.jpg and ros4hri.jpg are drawn."""


@dataclass(frozen=True)
class Shot:
    """One image of one camera, and all that was found in it."""

    image: np.ndarray
    poses: body.Poses
    faces: face.RecognisedFaces
    report: scene.SceneReport


class Eye:
    """A camera with all that looks at its images.

    Args:
        name: of the camera.
        gallery: folder of the enrolled people.
        fusion: of all cameras.
    """

    def __init__(self, name: str, gallery: str, fusion: scene.ScenePerceiver) -> None:
        self._name, self._fusion = name, fusion
        self._find, self._estimate = (
            people.build(people.Settings(quality="high")),
            body.build(body.Settings(people="topic")),
        )
        self._recognise = face.build(face.Settings(gallery=gallery))
        self._memories = self._find.new_memory(), self._estimate.new_memory(), self._recognise.new_memory()
        self._known = fusion.new_memory()
        self._mount = mount_of(name)

    def look(self, pixels: np.ndarray, stamp: float) -> Shot:
        image = Image(pixels, "rgb8")
        found = self._find(image, self._memories[0], stamp)
        poses = self._estimate(people.PeopleOfImage(image, found), self._memories[1], stamp)
        faces = self._recognise(face.CameraImage(image, LENS), self._memories[2], stamp)
        size = image.width, image.height
        sight = scene.Sight(self._name, size, found.detections, found.tracks, image, poses, faces)
        sight = scene.Sight(**{**vars(sight), "lens": LENS, "mount": self._mount, "frame": "map"})
        return Shot(pixels[..., ::-1].copy(), poses, faces, self._fusion(sight, self._known, stamp))


def mount_of(name: str) -> scene.Mount:
    """Pose of a camera in the room."""
    yaw = CAMERAS[name].yaw
    turn = np.array([[math.cos(yaw), -math.sin(yaw), 0], [math.sin(yaw), math.cos(yaw), 0], [0, 0, 1.0]])
    place = np.array([CAMERAS[name].x, CAMERAS[name].y, CAMERA.above])
    return scene.Mount(turn @ np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]]), place, upright=True)


LENS = PinholeCamera(CAMERA.matrix, CAMERA.width, CAMERA.height, np.zeros(4))


def main() -> None:
    frames = []
    for time, shots in filmed():
        if round(time * RATE) % 2 == 0:
            frames.append(pair([with_people(shot) for shot in shots], time))
        if abs(time - SHOWN[0]) < 0.5 / RATE:
            cv2.imwrite(str(IMAGES / "people.jpg"), frames[-1], [cv2.IMWRITE_JPEG_QUALITY, 88])
        if abs(time - SHOWN[1]) < 0.5 / RATE:
            cv2.imwrite(str(IMAGES / "ros4hri.jpg"), with_frames(shots[0]), [cv2.IMWRITE_JPEG_QUALITY, 88])
    write_film(IMAGES / "people.webp", frames)


def write_film(path: Path, frames: Sequence[np.ndarray]) -> None:
    """Write BGR images as an animated image, smaller than they are."""
    small = [cv2.resize(one, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA) for one in frames]
    first, *others = [Animated.fromarray(one[..., ::-1]) for one in small]
    first.save(path, save_all=True, append_images=others, duration=100, loop=0, quality=55)


def filmed() -> Iterator[tuple[float, list[Shot]]]:
    """The time and an image of each camera, one after the other."""
    someone = [one for one in load_people() if one.name in NAMES]
    with World(camera=CAMERA, people=someone) as world, TemporaryDirectory() as gallery:
        take_portraits(world, list(NAMES), Path(gallery))
        for model, name in NAMES.items():
            (Path(gallery) / model).rename(Path(gallery) / name)
        fusion = scene.build()
        eyes = {name: Eye(name, gallery, fusion) for name in CAMERAS}
        light = Light(azimuth=2.8, elevation=0.7, strength=0.6, ambient=0.6)
        world.reset(Scene(tuple(Standing(name, where(name, 0.0)) for name in NAMES), light=light), render=False)
        for number in range(round(max(way[-1][0] for way in WAYS.values()) * RATE) + 1):
            time = number / RATE
            for name in NAMES:
                world.place_person(name, where(name, time))
            shots = []
            for camera, pose in CAMERAS.items():
                world.place_robot(pose)
                pixels = world.observe().image
                assert pixels is not None
                shots.append(eyes[camera].look(pixels, 1 + time))
            for event in [event for shot in shots for event in shot.report.events]:
                begins = "begins" if event.begins else "ends"
                print(f"{time:5.1f} s  {event.person} {event.kind} {begins}: {event.reason}", flush=True)
            yield time, shots


def where(name: str, time: float) -> Pose:
    """Place of somebody, who looks where they go and, where they stand, at the camera on the left."""
    way = WAYS[name]
    for (begin, x, y), (end, x_next, y_next) in pairwise(way):
        if time <= end:
            share = (time - begin) / (end - begin)
            gone = (x_next - x, y_next - y)
            standing = gone == (0, 0)
            yaw = math.atan2(gone[1], gone[0])
            here = x + share * gone[0], y + share * gone[1]
            if standing:
                yaw = math.atan2(CAMERAS["left"].y - y, CAMERAS["left"].x - x)
            return Pose(*here, yaw)
    return Pose(*way[-1][1:], math.atan2(CAMERAS["left"].y - way[-1][2], CAMERAS["left"].x - way[-1][1]))


def with_people(shot: Shot) -> np.ndarray:
    """An image with what the node `people` says of it."""
    canvas = shot.image.copy()
    draw_scene(canvas, shot.report)
    return canvas


def with_frames(shot: Shot) -> np.ndarray:
    """An image with the frames of faces and bodies: x red, y green, z blue."""
    canvas = shot.image.copy()
    draw_poses(canvas, shot.poses)
    message = face_array(Image(shot.image, "bgr8"), shot.faces)
    seen = [person for person in shot.report.people if person.visible]
    far = {key: person.distance for person in seen for key in (person.face, person.body) if key}
    places = [face_place(each, LENS, far.get(each.track_id, math.nan)) for each in message.faces]
    points = shot.poses.in_layout("openpose18").keypoints
    for track, keypoints in zip(shot.poses.tracks, points, strict=True):
        places.append(body_place(keypoints.astype(np.float64), LENS, far.get(track, math.nan)))
    for place in filter(None, places):
        draw_axes(canvas, place)
    return canvas


def draw_axes(canvas: np.ndarray, place: FramePlace, length: float = 0.25) -> None:
    """Draw the axes of a frame."""
    ends = np.concatenate([place.origin[None], place.origin + length * place.axes.T]) @ LENS.matrix.T
    origin, *tips = np.round(ends[:, :2] / ends[:, 2:]).astype(int).tolist()
    for tip, colour in zip(tips, ((40, 40, 230), (40, 180, 40), (230, 90, 40)), strict=True):
        cv2.arrowedLine(canvas, origin, tip, colour, 3, cv2.LINE_AA, tipLength=0.2)


def pair(canvases: Sequence[np.ndarray], time: float) -> np.ndarray:
    """Both images beside each other, and the time."""
    sheet = np.concatenate([canvases[0], np.full((CAMERA.height, 6, 3), 255, np.uint8), canvases[1]], axis=1)
    cv2.putText(sheet, f"{time:4.1f} s", (10, 30), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (60, 60, 60), 2, cv2.LINE_AA)
    return sheet


if __name__ == "__main__":
    main()
