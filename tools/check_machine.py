"""Say what this machine lacks for `make`: one line each, and exit status 1."""

import os
import platform
import shutil
import sys
import sysconfig


def problems():
    """Yield what is missing and what to do about it. Only what Python 3.6 knows too."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        yield "the ROS 2 wheels are for x86-64 Linux only; use a ROS 2 installation instead, see README.md"
    if not (3, 10) <= sys.version_info[:2] <= (3, 13):
        yield (
            f"{sys.executable} is Python {platform.python_version()}, and 3.10 to 3.13 are supported; "
            "choose one, e.g.: make demo PYTHON=python3.12"
        )
        return
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        yield "this Python cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv"
    if not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")):
        yield "Python.h is missing; on Debian and Ubuntu: apt install python3-dev"
    if not any(map(shutil.which, filter(None, [os.environ.get("CXX"), "c++", "g++", "clang++"]))):
        yield "there is no C++ compiler; on Debian and Ubuntu: apt install g++"


if __name__ == "__main__":
    found = list(problems())
    for problem in found:
        sys.stderr.write("error: " + problem + "\n")
    sys.exit(1 if found else 0)
