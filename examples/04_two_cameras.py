"""Two cameras, one model: inference for both at once, a memory for each.

python examples/04_two_cameras.py [FILM OR CAMERA] [FILM OR CAMERA]
"""

import sys
from itertools import islice

import opendr_perception as op


def main(front: str = "", rear: str = "", frames: str = "20") -> dict[str, set[str]]:
    op.zoo.fetch(["nanodet", "movenet-lightning", "vtest.avi", "carphone_pristine.mp4"])
    samples = {"front": front or "vtest.avi", "rear": rear or "carphone_pristine.mp4"}
    films = [op.open_source(path if front else str(op.zoo.sample(path))) for path in samples.values()]
    perceiver = op.body.build()
    memories = [perceiver.new_memory() for _ in films]
    seen: dict[str, set[str]] = {name: set() for name in samples}
    for number, images in enumerate(islice(zip(*films, strict=False), int(frames))):
        moments = [op.Moment(frame.image, memory, number / 10) for frame, memory in zip(images, memories, strict=True)]
        for name, poses in zip(seen, perceiver.batch(moments), strict=True):
            seen[name] |= set(poses.tracks) - {""}
    for film, memory in zip(films, memories, strict=True):
        perceiver.release(memory)
        film.close()
    print("; ".join(f"{name}: {len(tracks)} people" for name, tracks in seen.items()))
    return seen


if __name__ == "__main__":
    main(*sys.argv[1:])
