"""Results drawn into pictures, for people who want to see what a node sees."""

from __future__ import annotations

import cv2
import numpy as np
import supervision as sv

from opendr_perception.msg import ActionArray, BodyPoseArray, Box, DetectionArray, EmotionArray, FaceArray
from opendr_perception.tasks.body import LIMBS
from opendr_perception.tasks.imaging import Heatmap, regions

KEYPOINT_THRESHOLD = 0.2
"""Keypoints below this score are not drawn."""

LIMB, JOINT = (80, 200, 80), (40, 40, 230)
HOT = (0, 0, 255)


def draw_detections(canvas: np.ndarray, result: DetectionArray) -> None:
    """Draw boxes with track and score into a (H, W, 3) uint8 BGR picture."""
    people = result.detections
    draw_boxes(
        canvas,
        [person.box for person in people],
        [f"{person.track_id or '-'} {person.score:.2f}" for person in people],
        [person.track_id for person in people],
    )


def draw_poses(canvas: np.ndarray, result: BodyPoseArray) -> None:
    """Draw boxes with track ids, limbs and joints into a (H, W, 3) uint8 BGR picture."""
    people = result.poses
    tracks = [person.track_id for person in people]
    draw_boxes(canvas, [person.box for person in people], [track or "-" for track in tracks], tracks)
    thickness = line_thickness(canvas)
    for person in people:
        points = [(round(point.x), round(point.y)) for point in person.keypoints]
        seen = [point.score >= KEYPOINT_THRESHOLD for point in person.keypoints]
        for start, end in LIMBS[result.layout]:
            if seen[start] and seen[end]:
                cv2.line(canvas, points[start], points[end], LIMB, thickness, cv2.LINE_AA)
        for point, visible in zip(points, seen, strict=True):
            if visible:
                cv2.circle(canvas, point, thickness, JOINT, cv2.FILLED, cv2.LINE_AA)


def draw_faces(canvas: np.ndarray, result: FaceArray) -> None:
    """Draw boxes with names, or track ids of unknown people, and landmarks into a (H, W, 3) uint8 BGR picture."""
    faces = result.faces
    labels = [
        f"{face.identity} {face.identity_confidence:.2f}" if face.identity else face.track_id or "-" for face in faces
    ]
    draw_boxes(canvas, [face.box for face in faces], labels, [face.track_id for face in faces])
    for face in faces:
        for point in face.landmarks:
            place = (round(point.x), round(point.y))
            cv2.circle(canvas, place, line_thickness(canvas), JOINT, cv2.FILLED, cv2.LINE_AA)


def draw_actions(canvas: np.ndarray, poses: BodyPoseArray, result: ActionArray) -> None:
    """Draw poses, and below each what the person is doing, into a (H, W, 3) uint8 BGR picture."""
    draw_poses(canvas, poses)
    write_actions(canvas, poses, result)


def write_actions(canvas: np.ndarray, poses: BodyPoseArray, result: ActionArray) -> None:
    """Write below each person what they are doing, with a `?` while that is not warm."""
    labels = {person.track_id: person.label + ("" if person.warm else "?") for person in result.actions}
    for person in poses.poses:
        if label := labels.get(person.track_id):
            write_below(canvas, person.box, label)


def draw_emotions(canvas: np.ndarray, faces: FaceArray, result: EmotionArray) -> None:
    """Draw boxes around tracked faces, and below each what it shows, into a (H, W, 3) uint8 BGR picture."""
    boxes = {face.track_id: face.box for face in faces.faces if face.track_id}
    shown = [emotion for emotion in result.emotions if emotion.track_id in boxes]
    tracks = [emotion.track_id for emotion in shown]
    draw_boxes(canvas, [boxes[track] for track in tracks], tracks, tracks)
    write_emotions(canvas, faces, result)


def write_emotions(canvas: np.ndarray, faces: FaceArray, result: EmotionArray) -> None:
    """Write below each tracked face its expression, valence and arousal, with a `?` while that is not warm."""
    boxes = {face.track_id: face.box for face in faces.faces if face.track_id}
    for emotion in result.emotions:
        if emotion.track_id in boxes:
            label = emotion.label + ("" if emotion.warm else "?")
            write_below(canvas, boxes[emotion.track_id], f"{label} {emotion.valence:+.1f} {emotion.arousal:+.1f}")


def draw_heatmap(canvas: np.ndarray, heatmap: Heatmap, threshold: float) -> None:
    """Redden a (H, W, 3) uint8 BGR picture where the heatmap is high, and draw boxes around cells above a threshold."""
    height, width = canvas.shape[:2]
    matrix = np.array([[1, 0, -heatmap.offset + 0.5], [0, 1, -heatmap.offset + 0.5]]) / heatmap.stride
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    heat = cv2.warpAffine(heatmap.values, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    share = (0.6 * np.asarray(heat))[..., None]
    canvas[:] = canvas * (1 - share) + np.array(HOT) * share
    found = regions(heatmap, threshold)
    boxes = [Box(x_min=x0, y_min=y0, x_max=x1, y_max=y1) for x0, y0, x1, y1 in found.boxes.tolist()]
    draw_boxes(canvas, boxes, [f"{score:.2f}" for score in found.scores], [""] * len(boxes))


def write_below(canvas: np.ndarray, box: Box, label: str) -> None:
    """Write a text below a box, readable on every background."""
    size = 0.4 * line_thickness(canvas)
    place = (round(box.x_min), round(box.y_max + 30 * size))
    cv2.putText(canvas, label, place, cv2.FONT_HERSHEY_SIMPLEX, size, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(canvas, label, place, cv2.FONT_HERSHEY_SIMPLEX, size, (255, 255, 255), 1, cv2.LINE_AA)


def draw_boxes(canvas: np.ndarray, boxes: list[Box], labels: list[str], tracks: list[str]) -> None:
    """Draw labelled boxes into a (H, W, 3) uint8 BGR picture; a track keeps its colour."""
    if not boxes:
        return
    detections = sv.Detections(
        xyxy=np.array([[box.x_min, box.y_min, box.x_max, box.y_max] for box in boxes], dtype=np.float32),
        class_id=np.array([number_of(track) for track in tracks]),
    )
    thickness = line_thickness(canvas)
    sv.BoxAnnotator(thickness=thickness).annotate(canvas, detections)
    sv.LabelAnnotator(text_scale=0.35 * thickness, text_thickness=1, text_padding=2).annotate(
        canvas, detections, labels
    )


def number_of(track: str) -> int:
    """The number at the end of an id, which chooses its colour; 0 where there is none."""
    number = track.rpartition("-")[2]
    return int(number) if number.isdecimal() and len(number) < 10 else 0


def line_thickness(canvas: np.ndarray) -> int:
    """Pixels; lines must be seen in large pictures and hide little in small ones."""
    return max(1, round(max(canvas.shape[:2]) / 640))
