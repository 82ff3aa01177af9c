"""Draw what is found in a street, on the empty street: this project keeps no images of people it does not know.

python tools/draw_street.py

docs/images/persons.jpg shows person_detection, street.jpg pose_estimation and actions.jpg action_recognition, each
after some seconds of the same film.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import cv2
import numpy as np

import opendr_perception as op
from opendr_perception.tasks import action, body, people
from opendr_perception.tasks.drawing import draw_actions, draw_people, draw_poses
from opendr_perception.tasks.imaging import to_bgr

IMAGES = Path(__file__).parents[1] / "docs" / "images"
FILM = "vtest.avi"
RATE = 10.0
SHOWN = 60
"""Frame that is drawn: by then all tracks have an action."""


def main() -> None:
    op.zoo.fetch(["nanodet", "movenet-lightning", FILM])
    film = op.open_source(str(op.zoo.sample(FILM)))
    frames = [frame.image for frame in islice(film, 400)]
    film.close()
    street = np.median([to_bgr(image) for image in frames[::8]], axis=0).astype(np.uint8)
    find, estimate, recognise = people.build(), body.build(), action.build()
    found_memory, poses_memory, actions_memory = find.new_memory(), estimate.new_memory(), recognise.new_memory()
    for number, image in enumerate(frames[: SHOWN + 1]):
        found = find(image, found_memory, number / RATE)
        poses = estimate(image, poses_memory, number / RATE)
        actions = recognise(poses, actions_memory, number / RATE)
    canvases = {name: street.copy() for name in ("persons", "street", "actions")}
    draw_people(canvases["persons"], found)
    draw_poses(canvases["street"], poses)
    draw_actions(canvases["actions"], poses, actions)
    for name, canvas in canvases.items():
        cv2.imwrite(str(IMAGES / f"{name}.jpg"), canvas[80:440], [cv2.IMWRITE_JPEG_QUALITY, 85])


if __name__ == "__main__":
    main()
