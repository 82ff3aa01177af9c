"""Results drawn into pictures, for people who want to see what a node sees."""

from __future__ import annotations

import cv2
import numpy as np
import supervision as sv

from opendr_perception.msg import ActionArray, BodyPoseArray, Box, DetectionArray, FaceArray
from opendr_perception.tasks.pose import COCO17_LIMBS

KEYPOINT_THRESHOLD = 0.2
"""Keypoints below this score are not drawn."""

LIMB, JOINT = (80, 200, 80), (40, 40, 230)


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
        for start, end in COCO17_LIMBS:
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
    size = 0.4 * line_thickness(canvas)
    for person in poses.poses:
        if label := labels.get(person.track_id):
            place = (round(person.box.x_min), round(person.box.y_max + 30 * size))
            cv2.putText(canvas, label, place, cv2.FONT_HERSHEY_SIMPLEX, size, (0, 0, 0), 3, cv2.LINE_AA)
            cv2.putText(canvas, label, place, cv2.FONT_HERSHEY_SIMPLEX, size, (255, 255, 255), 1, cv2.LINE_AA)


def draw_boxes(canvas: np.ndarray, boxes: list[Box], labels: list[str], tracks: list[str]) -> None:
    """Draw labelled boxes into a (H, W, 3) uint8 BGR picture; a track keeps its colour."""
    if not boxes:
        return
    detections = sv.Detections(
        xyxy=np.array([[box.x_min, box.y_min, box.x_max, box.y_max] for box in boxes], dtype=np.float32),
        class_id=np.array([int(track) if track.isdigit() else 0 for track in tracks]),
    )
    thickness = line_thickness(canvas)
    sv.BoxAnnotator(thickness=thickness).annotate(canvas, detections)
    sv.LabelAnnotator(text_scale=0.35 * thickness, text_thickness=1, text_padding=2).annotate(
        canvas, detections, labels
    )


def line_thickness(canvas: np.ndarray) -> int:
    """Pixels; lines must be seen in large pictures and hide little in small ones."""
    return max(1, round(max(canvas.shape[:2]) / 640))
