"""Builds the CMake project as a wheel; what is built is said in CMakeLists.txt, and how in pyproject.toml."""

from scikit_build_core.setuptools.wrapper import setup

setup(packages=[])
