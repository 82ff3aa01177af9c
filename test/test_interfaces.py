"""Messages of other packages, which `make test` builds: what they are is said, and they stay where they are."""

from __future__ import annotations

import re
import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from ament_index_python import get_packages_with_prefixes
from rclpy.type_support import check_for_type_support

ROOT = Path(__file__).parents[1]
PACKAGES = sorted((ROOT / "interfaces" / "src").iterdir())
LICENSES = {
    "Apache-2.0": "Apache License",
    "BSD-3-Clause": "Redistribution and use in source and binary forms",
    "MIT": "Permission is hereby granted, free of charge",
}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_origin_and_license_are_told(package: Path) -> None:
    manifest = ElementTree.parse(package / "package.xml").getroot()
    name, version, license_, url = (manifest.findtext(tag) for tag in ("name", "version", "license", "url"))
    assert name == package.name
    page = (ROOT / "interfaces" / "README.md").read_text()
    [row] = re.findall(rf"^\| \[{name}\].*$", page, re.MULTILINE)
    assert all(f"{each}" in row for each in (version, license_, url)), row
    assert LICENSES[f"{license_}"] in (package / "LICENSE").read_text()


def test_a_workspace_of_users_does_not_find_them() -> None:
    assert (ROOT / "interfaces" / "COLCON_IGNORE").exists()
    command = [
        "colcon",
        "--log-base",
        "/dev/null",
        "list",
        "--names-only",
        "--base-paths",
        str(ROOT),
        f"{ROOT}/interfaces",
    ]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert found == ["opendr_perception"]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_every_message_can_be_used(package: Path) -> None:
    if package.name not in get_packages_with_prefixes():
        pytest.skip(f"{package.name} is not installed: . install/interfaces/local_setup.bash")
    types: Any = import_module(f"{package.name}.msg")
    for path in (package / "msg").iterdir():
        check_for_type_support(getattr(types, path.stem))
