"""Make somebody known by one image, and know them again in others.

python examples/03_gallery.py [GALLERY] [IMAGE] [NAME]
"""

import sys

import cv2

import opendr_perception as op


def main(gallery: str = "gallery", path: str = "", name: str = "Eileen Collins") -> str:
    op.zoo.fetch(["blazeface", "face-embedding", "astronaut.png"])
    perceive = op.face.build(op.face.Settings(gallery=gallery))  # a folder, with a subfolder for each person
    pixels = cv2.imread(path or str(op.zoo.sample("astronaut.png")))
    if name not in perceive.known.gallery.people:
        perceive.known.enrol(name, perceive.known.samples([op.Image(pixels, "bgr8")]))

    memory = perceive.new_memory()
    found = perceive(pixels, memory, 1.0)
    for number in range(1, 5):  # a single view names nobody
        smaller = cv2.resize(pixels, None, fx=1 - 0.02 * number, fy=1 - 0.02 * number)
        found = perceive(smaller, memory, 1 + number / 10)
        for who, track in zip(found.identities, found.tracks, strict=True):
            print(f"track {track or '-'}: {who.name or 'unknown'}, confidence {who.confidence:.2f}")
    return found.identities[0].name


if __name__ == "__main__":
    main(*sys.argv[1:])
