"""The site of the documentation has every page, and the long tests are those that are marked so."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
INDEX = ROOT / "docs" / "index.md"


def listed() -> list[str]:
    """The entries of the toctrees, from the repository's root, without suffixes."""
    lines = [
        line
        for tree in re.findall(r"```{toctree}\n(.*?)```", INDEX.read_text(), re.DOTALL)
        for line in tree.split("\n")
    ]
    entries = [line for line in lines if line and not line.startswith(":")]
    return [entry.removeprefix("/") if entry.startswith("/") else f"docs/{entry}" for entry in entries]


def test_every_page_is_listed_and_every_entry_is_a_page() -> None:
    pages = {
        str(path.relative_to(ROOT).with_suffix(""))
        for pattern in ("*.md", "examples/*.md", "docs/**/*.md", "opendr_perception/**/*.md", "CHANGELOG.rst")
        for path in ROOT.glob(pattern)
        if path != INDEX
    }
    entries = listed()
    assert len(entries) == len(set(entries))
    missing = {page for page in pages if not any(fnmatch(page, entry) for entry in entries)}
    assert not missing, "add them to docs/index.md"
    assert not [entry for entry in entries if "/api/" not in entry and not any(fnmatch(page, entry) for page in pages)]


def test_the_site_reads_every_page_and_leaves_out_modules_that_exist() -> None:
    settings = runpy.run_path(str(ROOT / "docs" / "conf.py"))
    for entry in listed():
        assert any(
            fnmatch(f"{entry}.md", pattern) or fnmatch(f"{entry}.rst", pattern)
            for pattern in settings["include_patterns"]
        )
    assert not [name for name in settings["NO_LIBRARY"] if not [*(ROOT / "opendr_perception").glob(f"{name}*")]]
    assert settings["release"] in (ROOT / "pyproject.toml").read_text()


def test_what_builds_the_site_is_pinned() -> None:
    for line in (ROOT / "requirements" / "docs.txt").read_text().splitlines():
        assert re.fullmatch(r"#.*|[\w-]+==[\w.]+", line)


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_soak_runs_what_is_marked_and_all_properties_in_long() -> None:
    dry = ["make", "--dry-run", "--always-make", "--no-print-directory", "soak"]
    said = subprocess.run(dry, cwd=ROOT, capture_output=True, text=True, timeout=60)
    (line,) = (line for line in said.stdout.splitlines() if "pytest" in line and "-m" in line)
    (examples,) = re.findall(r"FUZZ_EXAMPLES=(\d+)", line)
    assert int(examples) >= 1000
    assert '-m "soak or hypothesis"' in line


def test_no_property_has_a_number_of_examples_of_its_own() -> None:
    fixed = [path.name for path in (ROOT / "test").rglob("*.py") if re.search(r"max_examples=\d", path.read_text())]
    assert fixed == []
