"""MuJoCo, if it is installed and can draw on this machine."""

from __future__ import annotations

import ctypes.util
import importlib
import os
from types import ModuleType

INSTALL = "pip install --no-deps -r requirements/sim.txt"
LIBRARIES = {"egl": ("EGL", "libegl1 and libgl1-mesa-dri"), "osmesa": ("OSMesa", "libosmesa6")}
"""For each way to draw without a screen: its library, and the Debian packages that bring it."""


class SimulatorError(RuntimeError):
    """The simulator cannot run here; the text says what to install."""


def load_mujoco() -> ModuleType:
    """Import MuJoCo, having chosen how it draws.

    `MUJOCO_GL` is kept where it is set; else it becomes `egl` or, where that is missing, `osmesa`; they need no screen.

    Raises:
        SimulatorError: MuJoCo or the library is missing.
    """
    backend = os.environ.get("MUJOCO_GL", "").lower() or _backend()
    if backend in LIBRARIES:
        library, package = LIBRARIES[backend]
        if ctypes.util.find_library(library) is None:
            raise SimulatorError(f"MUJOCO_GL={backend} needs the library {library}: apt-get install {package}")
    os.environ["MUJOCO_GL"] = backend
    try:
        return importlib.import_module("mujoco")
    except ModuleNotFoundError as error:
        raise SimulatorError(f"the simulator needs {error.name}: {INSTALL}") from error
    except (ImportError, AttributeError, RuntimeError) as error:
        packages = f"; apt-get install {LIBRARIES[backend][1]}" if backend in LIBRARIES else ""
        raise SimulatorError(f"MuJoCo cannot draw with MUJOCO_GL={backend}: {error}{packages}") from error


def _backend() -> str:
    found = [backend for backend, (library, _) in LIBRARIES.items() if ctypes.util.find_library(library)]
    if not found:
        packages = ", or ".join(package for _, package in LIBRARIES.values())
        raise SimulatorError(f"MuJoCo has nothing to draw with: apt-get install {packages}")
    return found[0]
