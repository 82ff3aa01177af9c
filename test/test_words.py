"""Names and texts keep to the field's words: one word for one thing, and docstrings that begin with what it is."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("opendr_perception", "examples", "launch", "test", "tools")

SHARED_NAMES = {
    "Parameters": "each node's own, found by this name through the class of the node",
    "Settings": "each capability's and each training's own, found by this name in its module",
    "Trainer": "each training's own, found by this name in its module",
}

ASKING = re.compile(r"(What|Who|Whose|Whom|Whoever|Whatever|Whether|How|Where|When|Which|Why)\b")

DIALECT = {
    r"[Pp]icture|PICTURE": "image",
    r"how-manieth|so-manieth": "index, n-th",
    r"[Ss]ee there": "the meaning itself",
    r"known again|know again": "true accepts",
    r"[Mm]ailbox": "latest slot",
    r"[Gg]overnor": "velocity limiter",
    r"\b_?[Pp]ilot\b": "motion controller",
    r"\bunasked": "automatically, auto identify",
    r"keep_to_ourselves": "isolate_domain",
    r"published:=": "paper_constants:=",
}

KEPT = {
    "opendr_perception/tasks/face/gallery_file.py": "the field of the file keeps its name",
    "test/tasks/face/test_gallery_file.py": "the field of the file keeps its name",
    "test/tasks/face/test_gallery_folder.py": "the field of the file keeps its name",
}


def sources(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Docstrings, also those of constants and fields, with their lines."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        if isinstance(node, kinds) and (text := ast.get_docstring(node)):
            yield getattr(node, "lineno", 1), text
        if isinstance(node, (ast.Module, ast.ClassDef)) and isinstance(body, list):
            for before, after in pairwise(body):
                named = isinstance(before, (ast.Assign, ast.AnnAssign))
                if named and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
                    yield after.lineno, str(after.value.value)


def test_docstrings_begin_with_a_noun_or_a_verb() -> None:
    asking = [f"{p}:{line}" for p, tree in sources(*FOLDERS) for line, text in texts(tree) if ASKING.match(text)]
    assert not asking, "say what it is or does, not what question it answers"


def test_no_class_name_means_two_things() -> None:
    homes = defaultdict(list)
    for path, tree in sources("opendr_perception"):
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                homes[node.name].append(path)
    twice = {name: paths for name, paths in homes.items() if len(paths) > 1}
    assert twice.keys() - SHARED_NAMES.keys() == set()
    assert SHARED_NAMES.keys() - twice.keys() == set(), "no longer shared"


@pytest.mark.parametrize("word", DIALECT)
def test_one_word_for_one_thing(word: str) -> None:
    pattern = re.compile(word)
    suffixes = (".py", ".md", ".rst", ".yaml", ".msg", ".srv", ".action")
    folders = (*FOLDERS, "config", "docs", "msg", "srv", "action")
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in suffixes]
    found = [
        path.relative_to(ROOT).as_posix()
        for path in (*paths, ROOT / "README.md")
        if path != Path(__file__) and pattern.search(path.read_text(encoding="utf-8"))
    ]
    assert sorted(set(found) - KEPT.keys()) == [], f"say: {DIALECT[word]}"
