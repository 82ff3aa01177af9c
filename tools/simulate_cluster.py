"""Costs of the recordings of a fleet: times of stages, measured here, and a simulation of who does what when.

python tools/simulate_cluster.py --measure     # docs/figures/scale.json, in about a minute
python tools/simulate_cluster.py               # docs/scale.md from it
"""

from __future__ import annotations

import argparse
import heapq
import json
import random
import re
import tempfile
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).parents[1]
FIGURES, PAGE = ROOT / "docs" / "figures" / "scale.json", ROOT / "docs" / "scale.md"
NODES = ("person_detection", "pose_estimation", "action_recognition", "face_recognition", "emotion_recognition")
FORMATS = {"mcap": "bag/*", "jsonl": "results.jsonl", "parquet": "results.parquet"}
FRAMES = 100
ROBOTS, HOURS, RATE = 1000, 8, 10
HOUR = 3600.0
MACHINE, AWAY = 32, 600.0
"""Cores of a machine, and seconds that a lost one is away."""


@dataclass(frozen=True)
class Plan:
    """A cluster, and how recordings are cut.

    Args:
        cores: of all machines.
        minutes: of recorded time in each file.
        lost: machines of 32 cores that are lost in an hour, and come back after ten minutes.
    """

    cores: int
    minutes: float
    lost: float = 0.0


PLANS = [
    *(Plan(cores, minutes) for minutes in (480, 60, 10) for cores in (256, 1024, 4096)),
    *(Plan(1024, minutes, lost=1.0) for minutes in (480, 60, 10)),
]
"""Clusters that are simulated for the page."""


def simulate(units: int, seconds: float, plan: Plan, seed: int = 0) -> float:
    """Seconds until all units are done, each by the next free core; what a lost machine was at is begun again.

    Args:
        units: streams of recordings.
        seconds: of a core for each.
        plan: the cluster.
        seed: of when machines are lost.
    """
    chance = random.Random(seed)
    machines = [range(first, min(first + MACHINE, plan.cores)) for first in range(0, plan.cores, MACHINE)]
    free = [(0.0, core, 0) for core in range(plan.cores)]  # when a core is free, and how often it was lost before
    lost = [0] * plan.cores
    busy, idle = set[int](), set[int]()
    next_loss = chance.expovariate(plan.lost / HOUR) if plan.lost else float("inf")
    waiting, ended = units, 0.0
    while waiting or busy:
        if next_loss < free[0][0]:
            machine = chance.choice(machines)
            waiting += len(busy.intersection(machine))
            busy.difference_update(machine)
            for core in machine:
                lost[core] += 1
                heapq.heappush(free, (next_loss + AWAY, core, lost[core]))
            for core in idle.difference(machine):
                heapq.heappush(free, (next_loss, core, lost[core]))
            idle.clear()
            next_loss += chance.expovariate(plan.lost / HOUR)
            continue
        now, core, before = heapq.heappop(free)
        if before != lost[core]:
            continue
        if core in busy:
            busy.remove(core)
            ended = now
        if waiting:
            waiting -= 1
            busy.add(core)
            heapq.heappush(free, (now + seconds, core, before))
        else:
            idle.add(core)
    return ended


def measure() -> dict[str, object]:
    """Milliseconds of a core and bytes for a frame, of a street with four people."""
    import av

    from opendr_perception import zoo
    from opendr_perception.process import Request, in_process, process_recordings

    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "street.avi"
        with av.open(str(zoo.sample("vtest.avi"))) as whole, av.open(str(film), "w") as cut:
            [stream] = whole.streams.video
            copy = cut.add_stream_from_template(stream)
            for packet in islice(whole.demux(stream), FRAMES):
                packet.stream = copy
                cut.mux(packet)
        taken: dict[str, float] = {}
        stages = [("person_detection",), ("pose_estimation",), ("pose_estimation", "action_recognition")]
        stages += [("face_recognition",), ("face_recognition", "emotion_recognition")]
        for nodes in [*stages, NODES]:
            moments: list[float] = []
            output = Path(folder) / "-".join(nodes)
            request = Request(nodes, formats=tuple(FORMATS))
            process_recordings(
                [str(film)], request, output, in_process, tell=lambda *_, to=moments: to.append(time.process_time())
            )
            taken["+".join(nodes)] = 1000 * (moments[-1] - moments[0]) / (len(moments) - 1)
        files = Path(folder) / "-".join(NODES) / "street"
        sizes = {name: sum(f.stat().st_size for f in files.glob(pattern)) for name, pattern in FORMATS.items()}
    poses, faces = taken["pose_estimation"], taken["face_recognition"]
    stage = {
        "person_detection": taken["person_detection"],
        "pose_estimation": poses,
        "action_recognition": taken["pose_estimation+action_recognition"] - poses,
        "face_recognition": faces,
        "emotion_recognition": max(0.0, taken["face_recognition+emotion_recognition"] - faces),
        "all five": taken["+".join(NODES)],
    }
    return {
        "core milliseconds a frame": {name: round(value, 1) for name, value in stage.items()},
        "bytes a frame": {name: round(size / FRAMES) for name, size in sizes.items()},
    }


def tables(figures: dict[str, dict[str, float]]) -> dict[str, str]:
    """The tables of the page, by the name of their place."""
    stages, sizes = figures["core milliseconds a frame"], figures["bytes a frame"]
    frames = ROBOTS * HOURS * HOUR * RATE
    rows = ["| what | a frame | all |", "|---|---|---|", f"| frames | | {frames / 1e6:.0f} million |"]
    rows += [
        f"| {name} | {value:.1f} ms of a core | {value * frames / 3.6e6:,.0f} core hours |"
        for name, value in stages.items()
    ]
    rows += [
        f"| results as {name} | {size / 1000:.1f} kB | {size * frames / 1e9:,.0f} GB |" for name, size in sizes.items()
    ]
    seconds = stages["all five"] / 1000 * frames
    simulated = [
        "| files of | cores | machines lost an hour | ideal | simulated | longer by |",
        "|---|---|---|---|---|---|",
    ]
    for plan in PLANS:
        units = round(ROBOTS * HOURS * 60 / plan.minutes)
        ideal, real = seconds / plan.cores, simulate(units, seconds / units, plan)
        length = f"{plan.minutes / 60:g} h" if plan.minutes >= 60 else f"{plan.minutes:g} min"
        simulated.append(
            f"| {length} | {plan.cores} | {plan.lost:g} | {ideal / HOUR:.1f} h | {real / HOUR:.1f} h "
            f"| {100 * (real / ideal - 1):.0f} % |"
        )
    return {"cost": "\n".join(rows), "cluster": "\n".join(simulated)}


def written(page: str, figures: dict[str, dict[str, float]]) -> str:
    """The page with these figures."""
    for name, table in tables(figures).items():
        page = re.sub(
            rf"(<!-- {name} -->\n).*?(\n<!-- end -->)", lambda m, t=table: m[1] + t + m[2], page, flags=re.DOTALL
        )
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", action="store_true")
    if parser.parse_args().measure:
        FIGURES.write_text(json.dumps(measure(), indent=2) + "\n", encoding="utf-8")
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), json.loads(FIGURES.read_text())), encoding="utf-8")


if __name__ == "__main__":
    main()
