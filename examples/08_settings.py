"""Choose models and settings, and change them while it runs.

python examples/08_settings.py [IMAGE OR FILM]
"""

import sys
import time
from dataclasses import replace

import opendr_perception as op
from opendr_perception.settings import documentation

WANTED = ({"nms": "greedy"}, {"nms": "soft"}, {"nms": "seq2seq_geom"}, {"score_threshold": 0.8})


def main(path: str = "") -> dict[str, int]:
    op.zoo.fetch(["nanodet", "vtest.avi"])
    for name, told in documentation(op.people.Settings).items():  # also in docs/nodes/person_detection.md
        print(f"{name}: {told.text}")
    image = next(iter(op.open_source(path or str(op.zoo.sample("vtest.avi"))))).image
    settings = op.people.Settings(model="nanodet", input_size=640, threads=1)
    perceive = op.people.build(settings)
    found = {}
    for change in WANTED:
        perceive.apply(replace(settings, **change))
        started = time.perf_counter()
        found[str(change)] = len(perceive(image))
        print(f"{change}: {found[str(change)]} people in {1e3 * (time.perf_counter() - started):.0f} ms")
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
