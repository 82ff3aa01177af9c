"""Nothing here reads pickles: a file of data must never be a program."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted(
    path for part in ("opendr_perception", "tools", "launch", "test") for path in (ROOT / part).rglob("*.py")
)
MODULES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "jsonpickle"}


SUSPECT = re.compile("|".join([*MODULES, "allow_pickle", r"\bload\b", "_load", "read_pickle"]))
"""Of a text; without it none of the faults is there."""


def faults(tree: ast.AST) -> Iterator[str]:
    """Everything in a file that could read or write a pickle."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in MODULES:
            if {alias.name for alias in node.names} != {"UnpicklingError"}:  # an error, which reads nothing
                yield node.module or ""
        elif isinstance(node, ast.Call):
            yield from _faults_of_call(node)


def _faults_of_call(call: ast.Call) -> Iterator[str]:
    said = {keyword.arg: keyword.value for keyword in call.keywords}
    name = ast.unparse(call.func)
    if "allow_pickle" in said and not _is(said["allow_pickle"], False):
        yield f"{name}(allow_pickle={ast.unparse(said['allow_pickle'])})"
    if name == "torch.load" and not _is(said.get("weights_only"), True):
        yield "torch.load without weights_only=True"
    if name in ("pd.read_pickle", "pandas.read_pickle", "yaml.load", "yaml.unsafe_load", "yaml.full_load"):
        yield name


def _is(value: ast.expr | None, constant: bool) -> bool:
    return isinstance(value, ast.Constant) and value.value is constant


def test_there_are_files_to_look_at() -> None:
    assert len(FILES) > 200


def test_no_file_reads_pickles() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in FILES}
    suspects = {path: text for path, text in texts.items() if SUSPECT.search(text)}
    found = {str(path.relative_to(ROOT)): [*faults(ast.parse(text))] for path, text in suspects.items()}
    assert {path: said for path, said in found.items() if said} == {}


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from joblib import load",
        "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=trusted)",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "yaml.load(text)",
    ],
)
def test_what_reads_pickles_is_found(line: str) -> None:
    assert SUSPECT.search(line)
    assert list(faults(ast.parse(line)))
