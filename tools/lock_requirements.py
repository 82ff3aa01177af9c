"""Write requirements/locked*.txt: every file that `make demo` may install, by its hash, for each Python.

    pip install uv && python tools/lock_requirements.py

The closure is complete, so pip follows no dependency: a package that somebody replaces in a registry is not installed.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

REQUIREMENTS = Path(__file__).parents[1] / "requirements"
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
ALONE = ("no-deps.txt", "sim.txt")
"""Files whose packages are installed without what they ask for; the files say why."""
LOCKED = {"locked.txt": ("ros.txt", "run.txt", *ALONE), "locked-npm.txt": ("npm.txt",)}
HEADER = "# Written by tools/lock_requirements.py from {}; do not edit.\n"


def main() -> None:
    for name, sources in LOCKED.items():
        (REQUIREMENTS / name).write_text(HEADER.format(", ".join(sources)) + locked(sources))


def locked(sources: Sequence[str]) -> str:
    """Everything that these files ask for, in pip's format."""
    followed, alone = [name for name in sources if name not in ALONE], [name for name in sources if name in ALONE]
    pins = {
        python: {**_compile(python, followed), **(_compile(python, alone, "--no-deps") if alone else {})}
        for python in PYTHONS
    }
    lines = []
    for pin in sorted({pin for found in pins.values() for pin in found}):
        pythons = [python for python in PYTHONS if pin in pins[python]]
        lines.append(" \\\n    ".join([pin + _marker(pythons), *pins[pythons[0]][pin]]) + "\n")
    return "".join(lines)


def _compile(python: str, files: Sequence[str], *options: str) -> dict[str, list[str]]:
    """Pinned packages with the hashes of their files: {'name==version': ['--hash=sha256:...']}."""
    command = ["uv", "pip", "compile", "--quiet", "--generate-hashes", "--no-header", "--no-annotate"]
    command += ["--python-version", python, "--python-platform", "x86_64-manylinux_2_28", *options]
    command += ["--constraints", str(REQUIREMENTS / "constraints.txt"), *(str(REQUIREMENTS / name) for name in files)]
    locked = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    blocks = re.split(r"\n(?=\S)", locked.replace(" \\\n    ", " ").strip())
    pins = {}
    for block in blocks:
        pin, *hashes = block.split()
        pins[pin] = sorted(hashes)
    return pins


def _marker(pythons: list[str]) -> str:
    if pythons == list(PYTHONS):
        return ""
    return " ; " + " or ".join(f'python_version == "{python}"' for python in pythons)


if __name__ == "__main__":
    main()
