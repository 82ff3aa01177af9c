"""Action recognition: each person has a state of their own, and the network sees every pose once.

python examples/09_actions.py [FILM, CAMERA OR URL] [FRAMES]
"""

import sys
from itertools import islice

import opendr_perception as op


def main(path: str = "", frames: str = "40") -> set[str]:
    op.zoo.fetch(["nanodet", "movenet-lightning", "vtest.avi"])
    poses, actions = op.body.build(), op.actions.build()
    bodies, doing = poses.new_memory(), actions.new_memory()
    film, seen = op.open_source(path or str(op.zoo.sample("vtest.avi"))), set()
    for number, frame in enumerate(islice(film, int(frames))):
        found = poses(frame.image, bodies, number / 10)
        answer = actions(found, doing, number / 10)
        for person in answer.people:
            label = answer.labels[int(person.probabilities.argmax())]
            seen.add(label)
            sure = "" if person.warm else f" (after {person.frames} frames, not warm yet)"
            print(f"{number / 10:.1f} s: person {person.track} seems to {label}{sure}")
    film.close()
    return seen


if __name__ == "__main__":
    main(*sys.argv[1:])
