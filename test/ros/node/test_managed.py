"""Lifecycle and diagnostics of a managed node, through the services that a lifecycle manager uses."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest

from opendr_perception.ros.node import managed
from opendr_perception.ros.node.managed import ManagedNode


class Recorder(ManagedNode):
    """Notes what is asked of it; `trouble` makes the named step fail."""

    NAME = "recorder"

    def __init__(self, **options: Any) -> None:
        self.steps: list[str] = []
        self.trouble: dict[str, Exception] = {}
        super().__init__(**options)

    def step(self, name: str) -> None:
        if name in self.trouble:
            raise self.trouble[name]
        self.steps.append(name)

    def configure(self) -> None:
        self.step("configure")

    def activate(self) -> None:
        self.step("activate")

    def deactivate(self) -> None:
        self.step("deactivate")

    def cleanup(self) -> None:
        self.step("cleanup")


def test_a_lifecycle_manager_can_lead_it_twice_around(graph: Any) -> None:
    node = graph.run(Recorder, autostart=False)
    assert graph.state("recorder") == "unconfigured"
    around = {"configure": "inactive", "activate": "active", "deactivate": "inactive", "cleanup": "unconfigured"}
    for transition, state in 2 * list(around.items()):
        assert graph.change_state("recorder", transition)
        assert graph.state("recorder") == state
        assert node.stage == state
    assert node.steps == 2 * list(around)
    graph.diagnosis("recorder", "unconfigured")


def test_by_default_it_starts_itself(graph: Any) -> None:
    node = graph.run(Recorder)
    assert graph.state("recorder") == "active"
    assert node.steps == ["configure", "activate"]
    assert graph.diagnosis("recorder", "active")["level"] == "0"


def test_what_a_step_raises_is_told_and_the_step_can_be_tried_again(graph: Any) -> None:
    node = graph.run(Recorder, autostart=False)
    for transition, failing, before, after in (
        ("configure", "cannot configure", "unconfigured", "inactive"),
        ("activate", "cannot activate", "inactive", "active"),
    ):
        node.trouble[transition] = RuntimeError("the disk is on fire")
        assert not graph.change_state("recorder", transition)
        assert graph.state("recorder") == before
        assert graph.diagnosis("recorder", failing)["message"] == f"{failing}: the disk is on fire"
        assert graph.diagnosis("recorder", failing)["level"] == "2"
        node.trouble.clear()
        assert graph.change_state("recorder", transition)
        assert graph.state("recorder") == after
        assert graph.diagnosis("recorder", after)["level"] == "0"


def test_an_error_without_a_text_is_named(graph: Any) -> None:
    node = graph.run(Recorder, autostart=False)
    node.trouble["configure"] = KeyboardError()
    assert not graph.change_state("recorder", "configure")
    assert graph.diagnosis("recorder", "cannot")["message"] == "cannot configure: KeyboardError"


class KeyboardError(Exception):
    """An error that says nothing."""


def test_closing_and_shutdown_undo_whatever_was_done(graph: Any) -> None:
    active = graph.run(Recorder, "-r", "__node:=first")
    inactive = graph.run(Recorder, "-r", "__node:=second", autostart=False)
    assert graph.change_state("second", "configure")
    assert graph.change_state("first", "shutdown")
    assert graph.state("first") == "finalized"
    assert active.steps == ["configure", "activate", "deactivate", "cleanup"]
    assert graph.change_state("second", "shutdown")
    assert inactive.steps == ["configure", "cleanup"]


def test_the_same_warning_is_not_repeated_at_once(graph: Any, capfd: Any) -> None:
    node = graph.run(Recorder)
    for _ in range(3):
        node.warn("it rains", "weather")
        node.warn("it rains cats", "weather")
        node.warn("it is late", "hour")
    output = capfd.readouterr().err
    assert (output.count("it rains"), output.count("it is late")) == (1, 1)


def test_simulated_time_that_stands_still_is_told(
    graph: Any, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(managed, "CLOCK_STANDS", 0.5)
    graph.run(Recorder, use_sim_time=True)
    values = graph.diagnosis("recorder", "use_sim_time is set, but /clock has no publisher")
    assert values["level"] == "1"
    assert "/clock has no publisher" in capfd.readouterr().err


class Builder(ManagedNode):
    """Makes three things at each step, or as many as `enough`, and notes what is undone."""

    NAME = "builder"

    def __init__(self, **options: Any) -> None:
        self.undone: list[str] = []
        self.enough = 3
        super().__init__(**options)

    def build(self, undo: ExitStack, what: str) -> None:
        for number in range(3):
            if number == self.enough:
                raise OSError("out of bricks")
            undo.callback(self.remove, f"{what}{number}")

    def remove(self, thing: str) -> None:
        self.undone.append(thing)
        if thing == "wall1":
            raise RuntimeError("the wall has cracked")

    def stand_still(self) -> None:
        self.undone.append("still")

    def configure(self) -> None:
        self.build(self.until_cleanup, "floor")

    def activate(self) -> None:
        self.build(self.until_deactivate, "wall")


@pytest.mark.parametrize(
    ("transition", "undone"),
    [("configure", ["still", "floor1", "floor0"]), ("activate", ["still", "wall1", "wall0"])],
)
def test_a_step_that_fails_half_way_is_undone(graph: Any, transition: str, undone: list[str]) -> None:
    node = graph.run(Builder, autostart=False)
    if transition == "activate":
        assert graph.change_state("builder", "configure")
    node.enough = 2
    assert not graph.change_state("builder", transition)
    assert node.undone == undone
    assert graph.diagnosis("builder", f"cannot {transition}: out of bricks")["level"] == "2"
    node.enough = 3
    assert graph.change_state("builder", transition)
    assert node.undone == undone, "what was undone is not undone again"


def test_what_cannot_be_undone_is_told_and_keeps_the_rest_from_nothing(graph: Any) -> None:
    node = graph.run(Builder)
    assert graph.change_state("builder", "deactivate")
    assert node.undone == ["still", "wall2", "wall1", "wall0"]
    assert graph.diagnosis("builder", "cannot deactivate: the wall has cracked")["level"] == "2"
    assert graph.change_state("builder", "cleanup")
    assert node.undone[4:] == ["floor2", "floor1", "floor0"]
    graph.diagnosis("builder", "unconfigured")
    assert graph.state("builder") == "unconfigured"


def test_a_node_that_cannot_tell_how_it_is_tells_that(graph: Any) -> None:
    node = graph.run(Recorder)
    node.diagnose = lambda: 1 / 0
    assert graph.diagnosis("recorder", "cannot be told: division by zero")["level"] == "1"
    node.diagnose = lambda: ()
    node._failed -= 100
    graph.diagnosis("recorder", "active")
