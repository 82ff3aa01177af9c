"""opendr-perception demo-active: a simulated robot goes from person to person and moves to see who they are."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from opendr_perception import zoo
from opendr_perception.demo.above import TopView
from opendr_perception.demo.guide import Guide
from opendr_perception.demo.play import DemoError, listening
from opendr_perception.demo.present import present
from opendr_perception.demo.visit import Visit, show, summary
from opendr_perception.demo.witness import EpisodeRecorder
from opendr_perception.files import write_text
from opendr_perception.ros.node import isolate_domain, running
from opendr_perception.sim.model import CAMERA_AHEAD
from opendr_perception.sim.people import load_people
from opendr_perception.sim.portraits import take_portraits
from opendr_perception.sim.rendering import SimulatorError
from opendr_perception.sim.scene import Pose, Scene, draw_scene
from opendr_perception.sim.world import SimulatedCamera, World
from opendr_perception.zoo.commands import ConsoleReporter

MODELS = (
    "blazeface",
    "face-embedding",
    "facemesh",
    "face-features",
    "occlusion-direction",
    "occlusion-ratio",
    "view-policy",
)
STRANGER = 4
"""Number of the person in the tour who is not enrolled."""
FAR = 100.0
"""m, out of the image."""
LONGEST, TOUR = 25.0, 115.0
"""Simulated seconds for one person, and for all."""
CAMERA = SimulatedCamera(896, 672)
"""As large as the detector takes in one piece."""
MOUNT = [CAMERA_AHEAD, 0.0, CAMERA.above, 0.0, 0.0, 0.0]
SIMULATED = {"face_size": 0.135, "command_timeout": 0.6, "camera_pose": MOUNT}
"""Of view_control: simulated faces are a little smaller, a small machine that draws the world too answers late, and tf
is not everywhere."""
WIDE = {"max_moves": 6, "max_travel": 6.0, "max_pan": 1.57, "max_linear": 0.4, "allow_fast": True}
"""Of view_control: there is room, and those who watch want to see something."""


def demonstrate_active(seed: int, people: int, policy: str, output: Path, headless: bool) -> int:
    """Enrol simulated people, let the robot visit them all, print the table and open the film.

    Returns:
        The exit status.
    """
    console, errors = Console(), Console(stderr=True, soft_wrap=True, highlight=False)
    try:
        zoo.fetch(MODELS, reporter=ConsoleReporter())
        with tempfile.TemporaryDirectory() as workspace:
            visits = visit_all(seed, people, policy, output, Path(workspace) / "gallery", console)
    except (DemoError, SimulatorError, zoo.ZooError, ValueError, OSError) as error:
        errors.print(f"error: {error}", markup=False)
        return 1
    except KeyboardInterrupt:
        return 130
    show(visits, console)
    present(output, "what the robot saw, and where it went", console, open_film=not headless)
    return 0


def visit_all(seed: int, count: int, policy: str, folder: Path, gallery: Path, console: Console) -> Sequence[Visit]:
    """Run the nodes and go from person to person; write `annotated.mp4`, `results.jsonl` and `summary.json`.

    Ctrl-C ends the tour earlier; what was found out until then is written.

    Args:
        seed: of the scene.
        count: how many people there are.
        policy: of view_control.
        folder: where to write.
        gallery: folder for the images of those who are enrolled.
        console: is told what happens.

    Raises:
        DemoError: a program ended early, or does not answer.
        SimulatorError: the simulator cannot run here; the text says what to install.
    """
    folder.mkdir(parents=True, exist_ok=True)
    isolate_domain()
    known = load_people()[:count]
    names = tuple(person.name for person in known)
    scene = draw_scene("tour", names, seed, count)
    strangers = {person.name for person in scene.people[STRANGER : STRANGER + 1]}
    with World(camera=CAMERA, people=known) as world:
        take_portraits(world, sorted(set(names) - strangers), gallery)
        world.reset(replace(scene, robot=Pose(FAR, FAR)), render=False)
        above = TopView(world, world.camera.field_of_view / 2)
    console.print(f"Enrolled: {len(names) - len(strangers)} of {count} people. The robot begins its tour ...")
    log = folder / "nodes.log"
    interrupted = False
    with (
        open(log, "w", encoding="utf-8") as output,
        listening(lambda: EpisodeRecorder(folder, scene, above)) as witness,
        running(programs(seed, count, policy, gallery), output.fileno()) as running_programs,
    ):
        try:
            _tour(Guide(witness, running_programs, log), witness, scene, strangers, console)
        except KeyboardInterrupt:
            if not witness.visits:
                raise
            interrupted = True
        visits = tuple(witness.visits.values())
        clearance = None if math.isinf(witness.clearance) else round(witness.clearance, 3)
    report = {"seed": seed, "policy": policy, "interrupted": interrupted, "clearance": clearance, **summary(visits)}
    write_text(folder / "summary.json", json.dumps(report, indent=2) + "\n")
    return visits


def programs(seed: int, count: int, policy: str, gallery: Path) -> Sequence[Sequence[str]]:
    """The command lines: the world, and the nodes that look at it and move the robot."""
    world = {
        "scene": "tour",
        "seed": seed,
        "people": count,
        "width": CAMERA.width,
        "height": CAMERA.height,
        "field_of_view": CAMERA.field_of_view,
        "camera_height": CAMERA.above,
    }
    look = {"use_sim_time": True, "gallery": gallery.resolve(), "policy": policy, "threads": 1, **SIMULATED, **WIDE}
    run = ["opendr_perception.cli", "run"]
    return (
        [*run, "simulation", "--ros-args", *_options(world)],
        [*run, "face_recognition", "view_control", "--ros-args", *_options(look)],
    )


def _options(values: dict[str, object]) -> Sequence[str]:
    texts = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in values.items()}
    return [part for name, text in texts.items() for part in ("-p", f"{name}:={text}")]


def _tour(guide: Guide, witness: EpisodeRecorder, scene: Scene, strangers: set[str], console: Console) -> None:
    begun = witness.seconds
    for person in scene.people:
        left = TOUR - (witness.seconds - begun)
        if left < 5:
            console.print("The time is over before everybody is visited.")
            return
        guide.go_to(person.pose)
        visit = guide.identify(person, person.name not in strangers, min(LONGEST, left))
        console.print(f"{person.name}: {visit.first} at first, {visit.last} after {visit.moves} moves", highlight=False)
