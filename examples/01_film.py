"""Follow people through a film: everybody has an id that stays.

python examples/01_film.py [FILM, CAMERA OR URL] [FRAMES]
"""

import sys
from collections import Counter
from itertools import islice

import opendr_perception as op


def main(path: str = "", frames: str = "50") -> Counter[str]:
    op.zoo.fetch(["nanodet", "vtest.avi"])
    perceive = op.people.build(op.people.Settings(score_threshold=0.4))
    memory = perceive.new_memory()  # all that is known of this film
    seen: Counter[str] = Counter()
    film = op.open_source(path or str(op.zoo.sample("vtest.avi")))
    for number, frame in enumerate(islice(film, int(frames))):
        seconds = number / 10 if frame.stamp is None else frame.stamp * 1e-9
        people = perceive(frame.image, memory, seconds)
        seen.update(track for track in people.tracks if track)
    film.close()
    print(", ".join(f"person {track} in {count} frames" for track, count in seen.most_common()))
    return seen


if __name__ == "__main__":
    main(*sys.argv[1:])
