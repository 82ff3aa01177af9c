"""opendr-perception demo: get what it needs, play, and show."""

from __future__ import annotations

import tempfile
from pathlib import Path

from rich.console import Console

from opendr_perception import zoo
from opendr_perception.demo.play import BODIES, FACES, HEART, VIEW_URL, VOICES, DemoError, DemoInput, DemoSound, play
from opendr_perception.demo.portrait import enrol, film_portrait
from opendr_perception.demo.present import present
from opendr_perception.demo.report import show
from opendr_perception.demo.sound import VOICE, write_heart, write_voice
from opendr_perception.tasks.imaging import is_utf8, printable
from opendr_perception.tasks.recordings import VideoError, open_source
from opendr_perception.zoo.commands import ConsoleReporter

MODELS = ("nanodet", "movenet-lightning", "blazeface", "face-embedding")
HEARING = ("silero-vad", VOICE)
"""Model and sample for a voice."""
SAMPLES = {"street": ("vtest.avi", BODIES), "face": ("carphone_pristine.mp4", BODIES + FACES)}
"""Recording of each stream, and who looks at it: pedestrians from above, and a talking head."""
PORTRAIT, PERSON = "astronaut.png", "Eileen Collins"
"""Image for a third stream, and who it shows: somebody to be recognised."""


def demonstrate(source: str, topic: str, seconds: float, output: Path, headless: bool, view: bool = False) -> int:
    """Fetch models and recordings, play, print the report and open the film.

    Args:
        source: what to play, as `video_source` takes it; '' for the samples.
        topic: of a bag; '' for the first one that can be decoded.
        seconds: how long.
        output: folder to write to.
        headless: whether the film is left closed.
        view: whether everything is also shown in a browser.

    Returns:
        The exit status.
    """
    console, errors = Console(), Console(stderr=True, soft_wrap=True, highlight=False)
    try:
        if source:
            check_source(source, topic, console)
        zoo.fetch(MODELS, reporter=ConsoleReporter())
        with tempfile.TemporaryDirectory() as workspace:
            sounds: dict[str, DemoSound] = {}
            if source:
                sources, gallery = {"camera": DemoInput(source, topic=topic)}, None
            else:
                sources, gallery = _samples(Path(workspace), errors)
                sounds = _sounds(Path(workspace), errors)
            names = [*(each.name for each in sources.values()), *(each.path.name for each in sounds.values())]
            console.print(f"Playing {', '.join(names)} for {seconds:g} s ...")
            if view:
                console.print(f"Open {VIEW_URL} to see it live.", highlight=False)
            show(play(sources, seconds, output, gallery, view, sounds), console)
    except (DemoError, VideoError, zoo.ZooError, ValueError, OSError) as error:
        errors.print(f"error: {error}", markup=False)
        return 1
    except KeyboardInterrupt:
        return 130
    present(output, "what the nodes saw and heard", console, open_film=not headless)
    return 0


def check_source(source: str, topic: str, console: Console) -> None:
    """Make sure that something can be played, before anything is started.

    Raises:
        VideoError: it cannot.
    """
    if not is_utf8(source):
        raise VideoError(f"{printable(source)}: ROS takes no names that are not UTF-8; rename it")
    with open_source(source, topic=topic) as opened:
        for other in opened.passed_over:
            console.print(f"Not played: {other}", markup=False, highlight=False)


def _samples(workspace: Path, errors: Console) -> tuple[dict[str, DemoInput], Path | None]:
    """The recordings that can be had here, one is enough; and the gallery of who is in the portrait.

    Raises:
        ZooError: none can.
    """
    found: dict[str, DemoInput] = {}
    gallery = None
    problems: list[zoo.ZooError] = []
    for stream, (name, nodes) in {**SAMPLES, "portrait": (PORTRAIT, FACES)}.items():
        try:
            (path,) = zoo.fetch([name], reporter=ConsoleReporter())
        except zoo.ZooError as error:
            problems.append(error)
            errors.print(f"going on without {name}: {error}", markup=False)
            continue
        if name == PORTRAIT:
            gallery = enrol(path, PERSON, workspace / "gallery")
            path = film_portrait(path, workspace / "portrait")
        found[stream] = DemoInput(str(path), nodes)
    if not found:
        raise problems[0]
    return found, gallery


def _sounds(workspace: Path, errors: Console) -> dict[str, DemoSound]:
    """A voice, where it can be had, and a heart."""
    sounds = {"heart": DemoSound(write_heart(workspace), HEART, ("model:=heart-valves", "input:=audio"))}
    try:
        path = zoo.fetch(HEARING, reporter=ConsoleReporter())[-1]
        return {"voice": DemoSound(write_voice(path, workspace), VOICES), **sounds}
    except zoo.ZooError as error:
        errors.print(f"going on without {VOICE}: {error}", markup=False)
        return sounds
