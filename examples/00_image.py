"""Find the people of one image and their keypoints, and draw them.

python examples/00_image.py [IMAGE] [OUTPUT]
"""

import sys

import cv2

import opendr_perception as op


def main(path: str = "", output: str = "poses.jpg") -> None:
    op.zoo.fetch(["nanodet", "movenet-lightning", "astronaut.png"])  # once; nothing is fetched behind your back
    image = cv2.imread(path or str(op.zoo.sample("astronaut.png")))
    poses = op.body.build()(image)
    for score, keypoints in zip(poses.people.scores, poses.keypoints, strict=True):
        print(f"a person, score {score:.2f}, with {int((keypoints[:, 2] > 0.3).sum())} of 17 keypoints in sight")
    op.drawing.draw_poses(image, poses)
    cv2.imwrite(output, image)


if __name__ == "__main__":
    main(*sys.argv[1:])
