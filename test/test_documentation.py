"""The pages and configuration files agree with the code."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from opendr_perception.ros.node.parameters import documentation
from opendr_perception.tasks.body.pose import COCO17

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
GENERATOR = runpy.run_path(str(ROOT / "tools" / "document_nodes.py"))
GENERATED: dict[Path, str] = GENERATOR["generated"]()
NODES = GENERATOR["node_classes"]()


@pytest.mark.parametrize("path", GENERATED, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_generated_file_is_up_to_date(path: Path) -> None:
    assert path.read_text() == GENERATED[path], "run: python tools/document_nodes.py"


def test_every_node_has_a_page_a_configuration_and_an_executable() -> None:
    names = sorted(NODES)
    assert names == sorted(path.stem for path in (ROOT / "opendr_perception" / "nodes").glob("[a-z]*.py"))
    configurations = {path.stem for path in (ROOT / "config").glob("*.yaml")}
    assert names == sorted(configurations - {"diagnostics"})
    assert names == sorted(path.stem for path in (DOCS / "nodes").glob("[a-z]*.md"))


@pytest.mark.parametrize("name", NODES)
def test_a_configuration_file_has_the_defaults_and_nothing_else(name: str) -> None:
    content = yaml.safe_load((ROOT / "config" / f"{name}.yaml").read_text())
    parameters = NODES[name].Parameters
    defaults = {key: getattr(parameters(), key) for key in documentation(parameters)}
    lists = {key: list(value) if isinstance(value, tuple) else value for key, value in defaults.items()}
    assert content == {"/**": {name: {"ros__parameters": lists}}}


def test_every_status_of_a_node_is_sorted_by_the_analyzer_of_that_node() -> None:
    content = yaml.safe_load((ROOT / "config" / "diagnostics.yaml").read_text())["/**"]["ros__parameters"]
    analyzers = {name: value for name, value in content.items() if isinstance(value, dict)}
    assert sorted(analyzers) == sorted(NODES)
    for node in NODES:
        for status in (f"/{node}", f"/{node}: /image_raw", f"/robot/front/{node}: /robot/{node}2/image_raw"):
            matching = [
                name for name, analyzer in analyzers.items() if any(re.fullmatch(x, status) for x in analyzer["regex"])
            ]
            assert matching == [node], status
    for foreign in ("/amcl", "/my_pose_estimation", f"/camera: /{min(NODES)}", "pose_estimation"):
        assert not any(re.fullmatch(x, foreign) for analyzer in analyzers.values() for x in analyzer["regex"]), foreign
    for name, analyzer in analyzers.items():
        assert analyzer["type"] == "diagnostic_aggregator/GenericAnalyzer"
        assert analyzer["path"] == name
        assert isinstance(analyzer["timeout"], float), "the aggregator declares it as a double"


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda path: str(path.relative_to(DOCS)))
def test_links_lead_to_files(page: Path) -> None:
    targets = re.findall(r"]\(([^)#]+)", page.read_text())
    missing = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert missing == []


def test_warnings_that_are_explained_are_given() -> None:
    rows = re.findall(r"^\| `(.*?)` \| (?:log|diagnostics)", (DOCS / "nodes" / "README.md").read_text(), re.MULTILINE)
    assert rows, "the table of warnings is missing"
    sources = "\n".join(path.read_text() for path in (ROOT / "opendr_perception").rglob("*.py"))
    for text in rows:
        for piece in filter(None, (piece.strip(" …:,;") for piece in text.split("…"))):
            assert piece in sources, f"nothing warns of '{piece}'"


def test_keypoints_are_converted_as_the_migration_page_says() -> None:
    page = (DOCS / "migration-from-opendr.md").read_text()
    parts = {"sho": "shoulder", "elb": "elbow", "wri": "wrist", "ank": "ankle"}
    sides = {"r": "right", "l": "left"}
    names: list[str] = []
    for number, theirs, ours, name in re.findall(r"^\| (\d+) \| (\w+) \| (\d*) ?\| (.*) \|$", page, re.MULTILINE):
        assert int(number) == len(names)
        names.append(theirs)
        if theirs == "neck":
            continue
        assert COCO17[int(ours)] == name
        side, _, part = theirs.rpartition("_")
        assert name == "_".join(filter(None, (sides.get(side), parts.get(part, part))))
    assert len(names) == 18

    code: dict[str, object] = {}
    exec(re.search(r"```python\n(.*?)```", page, re.DOTALL)[1], code)  # type: ignore[index]
    points = [
        SimpleNamespace(x=10.0 * k, y=k, score=0.0 if name == "left_ear" else 1.0) for k, name in enumerate(COCO17)
    ]
    converted = code["opendr_keypoints"](SimpleNamespace(keypoints=points))  # type: ignore[operator]
    found = dict(zip(names, converted, strict=True))
    assert found["neck"] == (55.0, 5.5)
    assert found["l_ear"] == (-1, -1)
    assert found["r_ank"] == (160.0, 16)
    assert found["r_eye"] == (20.0, 2)


TEXTS = [
    *sorted(DOCS.rglob("*.md")),
    ROOT / "README.md",
    *sorted(ROOT.glob("launch/*.py")),
    *sorted(ROOT.glob("tools/*.py")),
]


def table_of_nodes(page: Path) -> dict[str, list[str]]:
    """Rows of the first table whose first column links to the pages of nodes: name -> the row's cells."""
    rows = re.findall(r"^\| \[`?(\w+)`?\]\((?:docs/nodes/)?\1\.md\) \|(.*)\|$", page.read_text(), re.MULTILINE)
    return {name: [cell.strip() for cell in cells.split("|")] for name, cells in rows}


@pytest.mark.parametrize("page", [ROOT / "README.md", DOCS / "nodes" / "README.md"], ids=["readme", "nodes"])
def test_a_table_of_nodes_has_all_of_them_with_their_topics(page: Path) -> None:
    table = table_of_nodes(page)
    assert sorted(table) == sorted(NODES)
    for name, node in NODES.items():
        _, published, *_ = table[name]
        if hasattr(node, "RESULT"):
            assert f"`{node.RESULT[1]}`" in published, f"{name} publishes {node.RESULT[1]}"


@pytest.mark.parametrize("page", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_executables_that_are_named_exist(page: Path) -> None:
    text = page.read_text()
    named = set(re.findall(r"ros2 run opendr_perception ([\w-]+)", text))
    for line in re.findall(r"opendr-perception run ((?:[a-z_]+ )+)", text):
        named.update(line.split())
    assert named <= {*NODES, "NODE"}
    modules = set(re.findall(r"python -m (opendr_perception(?:\.\w+)+)", text))
    missing = {name for name in modules if not (ROOT / (name.replace(".", "/") + ".py")).exists()}
    assert not missing


@pytest.mark.parametrize("page", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_said_to_be_missing_that_may_exist_by_now(page: Path) -> None:
    assert not re.search(r"\bnot yet\b|\bTODO\b|\bFIXME\b", page.read_text()), "say what is, without a time"


def test_topics_of_the_migration_page_are_those_of_the_launch_file() -> None:
    page = (DOCS / "migration-from-opendr.md").read_text()
    described = set(re.findall(r"`(/opendr/\w+)`", page.split("## Topics and types")[1].split("Field by field")[0]))
    launched = set(re.findall(r'"(/opendr/\w+)"', (ROOT / "launch" / "opendr_compat.launch.py").read_text()))
    assert launched <= described


def test_the_first_page_has_five_figures_and_what_they_missed() -> None:
    rows = re.compile(r"^\| (?!(?:case|what) \|).*\|$", re.MULTILINE)
    front = rows.findall((ROOT / "README.md").read_text().split("## Five figures")[1])
    assert len(front) == 5
    assert any("missed" in row for row in front), "a miss belongs to what is shown first"
    assert len(rows.findall((DOCS / "benchmarks.md").read_text())) >= 37
