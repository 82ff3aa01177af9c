"""Requests of launch files. `launch` and `launch_ros`, which come with a ROS installation only, are stood in for here:
test/launch runs the real ones where they are."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

MODULES = {
    "launch.actions": ("DeclareLaunchArgument", "ExecuteProcess"),
    "launch.launch_context": ("LaunchContext",),
    "launch.substitutions": ("LaunchConfiguration",),
    "launch_ros.actions": ("Node",),
    "launch_ros.parameter_descriptions": ("ParameterValue",),
}


class Argument:
    def __init__(self, name: str, default_value: str, description: str, choices: list[str] | None) -> None:
        self.name, self.default_value, self.choices = name, default_value, choices
        assert choices is None or default_value in choices


class Configuration:
    def __init__(self, name: str) -> None:
        self._name = name

    def perform(self, context: dict[str, str]) -> str:
        return context[self._name]


STAND_INS = {"DeclareLaunchArgument": Argument, "LaunchConfiguration": Configuration, "LaunchContext": dict}


def forget(package: str) -> None:
    """Import a package anew the next time."""
    for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
        del sys.modules[name]


@pytest.fixture
def launching(monkeypatch: pytest.MonkeyPatch) -> Any:
    for path, names in MODULES.items():
        module = ModuleType(path)
        for name in names:
            setattr(module, name, STAND_INS.get(name, lambda *positional, **named: SimpleNamespace(**named)))
        monkeypatch.setitem(sys.modules, path, module)
        monkeypatch.setitem(sys.modules, path.partition(".")[0], ModuleType(path.partition(".")[0]))
    name = "opendr_perception.ros.launching"
    forget(name)
    yield importlib.import_module(name)
    forget(name)


def processes(launching: Any, **given: str) -> list[Any]:
    """The processes that perception.launch.py starts."""
    context = {argument.name: argument.default_value for argument in launching.PERCEPTION}
    assert given.keys() <= context.keys()
    return launching.perception({**context, **given})  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("cores", "given", "carries"),
    [
        (2, {}, True),
        (8, {}, False),
        (2, {"carry": "false"}, False),
        (8, {"carry": "true"}, True),
        (2, {"device": "cuda"}, False),
        (2, {"nodes": "person_detection"}, False),
    ],
)
def test_people_are_carried_between_detections_where_cores_are_few(
    launching: Any, monkeypatch: pytest.MonkeyPatch, cores: int, given: dict[str, str], carries: bool
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda process: set(range(cores)))
    (process,) = processes(launching, **given)
    carried = {name: process.parameters[-1].get(name) for name in ("detect_every", "max_fresh")}
    assert carried == ({"detect_every": 2, "max_fresh": 3} if carries else {"detect_every": None, "max_fresh": None})


def test_a_parameter_file_says_itself_whether_people_are_carried(
    launching: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda process: {0})
    mine = tmp_path / "mine.yaml"
    mine.write_text("{}")
    (process,) = processes(launching, params_file=str(mine))
    assert "detect_every" not in process.parameters[-1]


def test_a_parameter_file_wins_over_what_a_launch_file_takes_unless_told(launching: Any, tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("/**:\n  view_control:\n    ros__parameters: {face_size: 0.2, motion: differential}\n")

    def given(params_file: str) -> object:
        values = {"params_file": params_file, "log_level": "info", "respawn": "false"}
        defaults = {"face_size": 0.135, "command_timeout": 0.6}
        return launching.process(["view_control"], values, {"motion": "free"}, defaults).parameters[-1]

    assert given("") == {"face_size": 0.135, "command_timeout": 0.6, "motion": "free"}
    assert given(str(mine)) == {"command_timeout": 0.6, "motion": "free"}
    mine.write_text("view_control: {ros__parameters: [")
    with pytest.raises(ValueError, match=r"^params_file: .*mine.yaml is no YAML file: .*line 1"):
        given(str(mine))
    mine.write_text("")
    assert given(str(mine)) == {"face_size": 0.135, "command_timeout": 0.6, "motion": "free"}


def people(process: Any) -> str:
    return str(process.parameters[-1].get("people", ""))


def test_people_are_looked_for_once_by_those_who_are_started_together(launching: Any, tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.touch()
    assert people(processes(launching)[0]) == "topic"
    assert people(processes(launching, nodes="pose_estimation")[0]) == ""
    assert people(processes(launching, params_file=str(mine))[0]) == ""
    assert people(processes(launching, params_file=str(mine), people="topic")[0]) == "topic"
    assert people(processes(launching, people="own")[0]) == "own"
    apart = processes(launching, composed="false")
    assert {process.executable: people(process) for process in apart if people(process)} == {"pose_estimation": "topic"}


def test_cameras_and_what_they_publish_are_as_they_are_given(launching: Any) -> None:
    (process,) = processes(
        launching,
        nodes="person_detection,face_recognition",
        streams="front rear",
        image_transport="compressed",
        image="color/image",
        camera_info="color/info",
        depth="aligned/image",
        respawn="true",
    )
    assert process.respawn
    assert process.arguments == ["run", "person_detection", "face_recognition"]
    assert process.parameters[-1] == {"streams": ["front", "rear"], "image_transport": "compressed"}
    for stream in ("front", "rear"):
        assert (f"{stream}/image_raw/compressed", f"{stream}/color/image/compressed") in process.remappings
        assert (f"{stream}/camera_info", f"{stream}/color/info") in process.remappings
        assert (f"{stream}/depth/image", f"{stream}/aligned/image") in process.remappings
    (process,) = processes(launching, image="/eye/image", camera_info="/eye/info", depth="/eye/depth")
    assert ("image_raw/ffmpeg", "/eye/image/ffmpeg") in process.remappings
    assert ("camera_info", "/eye/info") in process.remappings
    assert ("depth/image", "/eye/depth") in process.remappings


def test_whoever_names_a_microphone_gets_those_who_hear_it(launching: Any) -> None:
    (process,) = processes(launching, nodes="people", audio="/ear/audio")
    assert process.arguments == ["run", "people", "voice_activity", "sound_classification"]
    assert ("audio", "/ear/audio") in process.remappings
    (deaf,) = processes(launching, nodes="people,voice_activity")
    assert "sound_classification" not in deaf.arguments
    assert "audio" not in dict(deaf.remappings)


@pytest.mark.parametrize(
    ("given", "distribution", "stamped"), [("", "jazzy", False), ("", "kilted", True), ("true", "jazzy", True)]
)
def test_velocities_are_stamped_as_the_distribution_has_them(
    launching: Any, monkeypatch: pytest.MonkeyPatch, given: str, distribution: str, stamped: bool
) -> None:
    monkeypatch.setenv("ROS_DISTRO", distribution)
    (process,) = processes(launching, nodes="view_control", stamped=given)
    assert process.parameters[-1] == {"stamped": stamped}


def test_a_parameter_file_that_does_not_speak_of_stamps_leaves_them_to_the_distribution(
    launching: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ROS_DISTRO", "jazzy")
    mine = tmp_path / "mine.yaml"
    mine.write_text("/**:\n  view_control:\n    ros__parameters: {max_linear: 0.1}\n")
    (process,) = processes(launching, nodes="view_control", params_file=str(mine))
    assert process.parameters[-1] == {"stamped": False}
    mine.write_text("/**:\n  view_control:\n    ros__parameters: {stamped: true}\n")
    (process,) = processes(launching, nodes="view_control", params_file=str(mine))
    assert process.parameters[-1] == {"stamped": True}
    (process,) = processes(launching, nodes="view_control", params_file=str(mine), stamped="false")
    assert process.parameters[-1] == {"stamped": False}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"nodes": "pose"}, "there is no node 'pose'"),
        ({"nodes": ","}, "no node is given"),
        ({"nodes": "simulation,person_detection,pose_estimation"}, "start simulation by sim.launch.py"),
        ({"params_file": "/nowhere/mine.yaml"}, "there is no file"),
        ({"streams": "front,rear", "depth": "/eye/depth"}, "depth: with streams it is below each of them"),
    ],
)
def test_a_wrong_argument_is_named(launching: Any, given: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        processes(launching, **given)
