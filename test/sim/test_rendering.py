"""Errors of the simulator when it cannot run here."""

from __future__ import annotations

import ctypes.util
import os
import sys

import pytest

from opendr_perception.sim.rendering import SimulatorError, load_mujoco


def pretend(monkeypatch: pytest.MonkeyPatch, *libraries: str) -> None:
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: f"lib{name}.so" if name in libraries else None)


def test_nothing_to_draw_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MUJOCO_GL", raising=False)
    pretend(monkeypatch)
    with pytest.raises(SimulatorError, match="apt-get install libegl1 and libgl1-mesa-dri, or libosmesa6"):
        load_mujoco()


@pytest.mark.parametrize(("backend", "packages"), [("egl", "libegl1 and libgl1-mesa-dri"), ("osmesa", "libosmesa6")])
def test_what_was_chosen_is_missing(monkeypatch: pytest.MonkeyPatch, backend: str, packages: str) -> None:
    monkeypatch.setenv("MUJOCO_GL", backend)
    pretend(monkeypatch, "OSMesa" if backend == "egl" else "EGL")
    with pytest.raises(SimulatorError, match=f"MUJOCO_GL={backend} needs the library .*: apt-get install {packages}"):
        load_mujoco()


def test_mujoco_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUJOCO_GL", "egl")
    pretend(monkeypatch, "EGL")
    monkeypatch.setitem(sys.modules, "mujoco", None)
    with pytest.raises(SimulatorError, match="the simulator needs mujoco: pip install --no-deps -r requirements"):
        load_mujoco()


def test_the_first_way_to_draw_that_is_here_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUJOCO_GL", "")
    pretend(monkeypatch, "OSMesa")
    monkeypatch.setitem(sys.modules, "mujoco", None)
    with pytest.raises(SimulatorError):
        load_mujoco()
    assert os.environ["MUJOCO_GL"] == "osmesa"
