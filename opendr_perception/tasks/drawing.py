"""Results drawn into images, for people who want to see what is perceived.

Every function draws into a canvas: a (H, W, 3) uint8 BGR array.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from opendr_perception.tasks.action import Actions
from opendr_perception.tasks.body import LIMBS, Poses
from opendr_perception.tasks.emotion import Emotions, FaceView
from opendr_perception.tasks.face import RecognisedFaces
from opendr_perception.tasks.fusion import NameSource, SceneReport
from opendr_perception.tasks.imaging import Heatmap, regions
from opendr_perception.tasks.people import TrackedPeople

KEYPOINT_THRESHOLD = 0.2
"""Keypoints below this score are not drawn."""

LIMB, JOINT = (80, 200, 80), (40, 40, 230)
HOT = (0, 0, 255)


def draw_people(canvas: np.ndarray, people: TrackedPeople) -> None:
    """Draw boxes with track and score."""
    found = people.detections
    labels = [f"{track or '-'} {score:.2f}" for track, score in zip(people.tracks, found.scores, strict=True)]
    draw_boxes(canvas, found.boxes, labels, people.tracks)


def draw_poses(canvas: np.ndarray, poses: Poses) -> None:
    """Draw boxes with track ids, limbs and joints."""
    tracks = poses.tracks or [""] * len(poses)
    draw_boxes(canvas, poses.people.boxes, [track or "-" for track in tracks], tracks)
    thickness = line_thickness(canvas)
    for keypoints in poses.keypoints:
        points = [(round(x), round(y)) for x, y in keypoints[:, :2].tolist()]
        seen = keypoints[:, 2] >= KEYPOINT_THRESHOLD
        for start, end in LIMBS[poses.layout]:
            if seen[start] and seen[end]:
                cv2.line(canvas, points[start], points[end], LIMB, thickness, cv2.LINE_AA)
        for point, visible in zip(points, seen, strict=True):
            if visible:
                cv2.circle(canvas, point, thickness, JOINT, cv2.FILLED, cv2.LINE_AA)


def draw_faces(canvas: np.ndarray, found: RecognisedFaces) -> None:
    """Draw boxes with names, or track ids of unknown people, and the landmarks."""
    labels = [
        f"{who.name} {who.confidence:.2f}" if who.name else track or "-"
        for who, track in zip(found.identities, found.tracks, strict=True)
    ]
    draw_boxes(canvas, found.faces.detections.boxes, labels, found.tracks)
    for x, y in found.faces.landmarks.reshape(-1, 2).tolist():
        cv2.circle(canvas, (round(x), round(y)), line_thickness(canvas), JOINT, cv2.FILLED, cv2.LINE_AA)


def draw_actions(canvas: np.ndarray, poses: Poses, actions: Actions) -> None:
    """Draw poses, and below each what the person is doing."""
    draw_poses(canvas, poses)
    write_actions(canvas, poses, actions)


def write_actions(canvas: np.ndarray, poses: Poses, actions: Actions) -> None:
    """Write below each person what they are doing, with a `?` while that is not warm."""
    labels = {
        person.track: actions.labels[int(np.argmax(person.probabilities))] + ("" if person.warm else "?")
        for person in actions.people
    }
    for track, box in zip(poses.tracks, poses.people.boxes, strict=True):
        if label := labels.get(track):
            write_below(canvas, box, label)


def draw_activities(canvas: np.ndarray, people: TrackedPeople | None, activities: Actions) -> None:
    """Draw people, and below each what they do; without people, what happens in the whole image, at its top."""
    if people is not None:
        draw_people(canvas, people)
    boxes = {} if people is None else dict(zip(people.tracks, people.detections.boxes, strict=True))
    for each in activities.people:
        label = activities.labels[int(np.argmax(each.probabilities))] + ("" if each.warm else "?")
        write_below(canvas, boxes.get(each.track, np.zeros(4)), label)


def draw_emotions(canvas: np.ndarray, faces: Sequence[FaceView], emotions: Emotions) -> None:
    """Draw boxes around tracked faces, and below each what it shows."""
    boxes = {face.track: face.box for face in faces if face.track}
    tracks = [emotion.track for emotion in emotions.faces if emotion.track in boxes]
    draw_boxes(canvas, np.array([boxes[track] for track in tracks]), tracks, tracks)
    write_emotions(canvas, faces, emotions)


def write_emotions(canvas: np.ndarray, faces: Sequence[FaceView], emotions: Emotions) -> None:
    """Write below each tracked face its expression, valence and arousal, with a `?` while that is not warm."""
    boxes = {face.track: face.box for face in faces if face.track}
    for emotion in emotions.faces:
        if emotion.track in boxes:
            label = emotions.labels[int(np.argmax(emotion.probabilities))] + ("" if emotion.warm else "?")
            write_below(canvas, boxes[emotion.track], f"{label} {emotion.valence:+.1f} {emotion.arousal:+.1f}")


def draw_scene(canvas: np.ndarray, found: SceneReport) -> None:
    """Draw who is seen, with id or name, and how far away they are; a `~` where the name is carried by clothes."""
    shown = [person for person in found.people if person.visible]
    carried = {person.id: "~" if person.name_source == NameSource.APPEARANCE else "" for person in shown}
    labels = [f"{person.name or person.id}{carried[person.id]}" for person in shown]
    boxes = np.array([person.box for person in shown]).reshape(-1, 4)
    draw_boxes(canvas, boxes, labels, [person.id for person in shown])
    for person in shown:
        far = "" if np.isnan(person.distance) else f"{person.distance:.1f} m"
        write_below(canvas, person.box, " ".join(filter(None, (far, person.manner.action))))


def draw_heatmap(canvas: np.ndarray, heatmap: Heatmap, threshold: float) -> None:
    """Redden the canvas where the heatmap is high, and draw boxes around cells above a threshold."""
    height, width = canvas.shape[:2]
    matrix = np.array([[1, 0, -heatmap.offset + 0.5], [0, 1, -heatmap.offset + 0.5]]) / heatmap.stride
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    heat = cv2.warpAffine(heatmap.values, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    share = (0.6 * np.asarray(heat))[..., None]
    canvas[:] = canvas * (1 - share) + np.array(HOT) * share
    found = regions(heatmap, threshold)
    draw_boxes(canvas, found.boxes, [f"{score:.2f}" for score in found.scores], [""] * len(found))


def write_below(canvas: np.ndarray, box: np.ndarray, label: str) -> None:
    """Write a text below a box (4,), readable on every background."""
    size = 0.4 * line_thickness(canvas)
    place = (round(float(box[0])), round(float(box[3]) + 30 * size))
    cv2.putText(canvas, label, place, cv2.FONT_HERSHEY_SIMPLEX, size, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(canvas, label, place, cv2.FONT_HERSHEY_SIMPLEX, size, (255, 255, 255), 1, cv2.LINE_AA)


def draw_boxes(canvas: np.ndarray, boxes: np.ndarray, labels: Sequence[str], tracks: Sequence[str]) -> None:
    """Draw labelled boxes (n, 4); a track keeps its colour."""
    if not len(boxes):
        return
    import supervision as sv  # takes half a second to import, so that only those do it who draw

    detections = sv.Detections(
        xyxy=boxes.astype(np.float32),
        class_id=np.array([number_of(track) for track in tracks]),
    )
    thickness = line_thickness(canvas)
    sv.BoxAnnotator(thickness=thickness).annotate(canvas, detections)
    sv.LabelAnnotator(text_scale=0.35 * thickness, text_thickness=1, text_padding=2).annotate(
        canvas, detections, list(labels)
    )


def number_of(track: str) -> int:
    """The number at the end of an id, which chooses its colour; 0 where there is none."""
    number = track.replace("_", "-").rpartition("-")[2]
    return int(number) if number.isdecimal() and len(number) < 10 else 0


def colour_of(track: str) -> tuple[int, int, int]:
    """The colour of a track in images, red, green and blue in 0..255."""
    import supervision as sv

    return sv.ColorPalette.DEFAULT.by_idx(number_of(track)).as_rgb()


def line_thickness(canvas: np.ndarray) -> int:
    """Pixels; lines must be seen in large images and hide little in small ones."""
    return max(1, round(max(canvas.shape[:2]) / 640))
