"""A view policy of your own, tried in the simulated world: where should the robot look from next?

python examples/06_own_policy.py [SCENE]
"""

import math
import sys
from collections.abc import Sequence

from opendr_perception.active.control import Move
from opendr_perception.active.identification import Outcome
from opendr_perception.active.perception import FaceObservation
from opendr_perception.active.policies import Decision
from opendr_perception.bench.view.policies import ViewSetUp


class NearerThenAround:
    """Goes up to 1.5 m, then around the person."""

    def begin(self) -> None:
        self.steps = 0

    def decide(self, views: Sequence[FaceObservation]) -> Decision:
        if views[-1].distance > 2.0:
            return Decision(Move(advance=views[-1].distance - 1.5), "the face is small")
        self.steps += 1
        return Decision(Move(pan=math.radians(20)) if self.steps < 4 else None, "another side may say more")


def main(scene: str = "0") -> Outcome:
    laboratory = ViewSetUp()
    episode, outcome = laboratory.run(NearerThenAround(), int(scene))
    print(f"{outcome.identity or 'unknown'} after {outcome.moves} moves: {'right' if episode.right else 'wrong'}")
    return outcome


if __name__ == "__main__":
    main(*sys.argv[1:])
