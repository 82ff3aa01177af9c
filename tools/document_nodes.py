"""Write config/<node>.yaml, and the generated parts of docs/nodes/<node>.md, from the classes of the nodes.

    python tools/document_nodes.py

The pages are written by hand, but for what stands between `<!-- topics -->` and `<!-- end -->`, and between
`<!-- parameters -->` and `<!-- end -->`. Pages of nodes that are no perception nodes have no part `topics`.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

from diagnostic_msgs.msg import DiagnosticArray
from opendr_perception.msg import NodeStatistics
from sensor_msgs.msg import CompressedImage, Image

from opendr_perception import nodes
from opendr_perception.ros.convert.images import TRANSPORTS
from opendr_perception.ros.node import ManagedNode, as_markdown, as_yaml
from opendr_perception.ros.outputs import Extra
from opendr_perception.ros.perception.node import PerceptionNode

ROOT = Path(__file__).parents[1]

CONFIGURATION = """\
{purpose}

Written by tools/document_nodes.py from the node's parameters; to change a default, change it there. Copy what you need
into a file of your own and give it to the node or to the launch file:

  ros2 run opendr_perception {name} --ros-args --params-file mine.yaml
  ros2 launch opendr_perception perception.launch.py params_file:=mine.yaml

A single value is given by `-p name:=value`; those that are not marked "only before" also change while the node runs:

  ros2 param set /{name} name value

"/**" stands for any namespace, this one included: "/".
"""

DIAGNOSTICS = """\
# Sorts the diagnostics of this package's nodes for diagnostic_aggregator, in any namespace, as
#
#   People/<node>/...
#
# Written by tools/document_nodes.py. Copy it and leave out the nodes that your robot does not run, because what says
# nothing is shown as stale; a node that is renamed (-r __node:=...) needs an entry of its own:
#
#   ros2 run diagnostic_aggregator aggregator_node --ros-args --params-file diagnostics.yaml
#
# An expression must match the whole name of a status, such as "/robot/pose_estimation: /robot/front/image_raw".
"""


def main() -> None:
    for path, text in generated().items():
        path.write_text(text)


def generated() -> dict[Path, str]:
    """Each generated file, and what it must contain."""
    files = {}
    for name, node in node_classes().items():
        files[ROOT / "config" / f"{name}.yaml"] = configuration(node)
        page = ROOT / "docs" / "nodes" / f"{name}.md"
        text = with_part(page.read_text(), "parameters", as_markdown(node.Parameters))
        if issubclass(node, PerceptionNode):
            text = with_part(text, "topics", topics(node))
        files[page] = text
    files[ROOT / "config" / "diagnostics.yaml"] = analyzers(sorted(node_classes()))
    return files


def analyzers(names: list[str]) -> str:
    """The text of config/diagnostics.yaml, the parameters of diagnostic_aggregator's node."""
    lines = ["/**:", "  ros__parameters:", "    path: 'People'", "    pub_rate: 1.0"]
    for name in names:
        lines += [
            f"    {name}:",
            "      type: 'diagnostic_aggregator/GenericAnalyzer'",
            f"      path: '{name}'",
            f"      regex: ['(/[^:]*)?/{name}(:.*)?']",
            "      timeout: 5.0",
        ]
    return DIAGNOSTICS + "\n".join(lines) + "\n"


def node_classes() -> dict[str, type[ManagedNode]]:
    """The class of each node, by the node's name."""
    found = {}
    for module in pkgutil.iter_modules(nodes.__path__, f"{nodes.__name__}."):
        for item in vars(importlib.import_module(module.name)).values():
            if isinstance(item, type) and issubclass(item, ManagedNode) and item.__module__ == module.name:
                found[item.NAME] = item
    return found


def configuration(node: type[ManagedNode]) -> str:
    """The text of the node's file in config/."""
    purpose = (importlib.import_module(node.__module__).__doc__ or "").splitlines()[0].replace("`", "")
    return as_yaml(node.NAME, node.Parameters, CONFIGURATION.format(purpose=purpose, name=node.NAME))


def with_part(page: str, name: str, text: str) -> str:
    """The page with one generated part replaced."""
    before, start, rest = page.partition(f"<!-- {name} -->\n")
    _, end, after = rest.partition("<!-- end -->\n")
    if not end:
        raise ValueError(f"a page has no part from '<!-- {name} -->' to '<!-- end -->':\n{page}")
    return f"{before}{start}\n{text}\n{end}{after}"


def topics(node: type[PerceptionNode]) -> str:
    """Tables of what a perception node subscribes and publishes."""
    result, topic = node.RESULT
    subscribed = []
    if node.INPUT is not None:
        where = ", where `{}` is `{}`".format(*node.INPUT_IF) if node.INPUT_IF else ""
        subscribed += [(node.INPUT.topic, node.INPUT.type, f"the results of another node{where}")]
    if node.INPUT is None or node.WITH_IMAGES:
        same = f", with the same stamps{' then' if node.INPUT_IF else ''}" if node.WITH_IMAGES else ""
        subscribed += [
            (image_topic, kind, f"the camera, where `image_transport` is `{transport}`{same}")
            for transport, (kind, _, image_topic) in TRANSPORTS.items()
        ]
    nothing = "" if result is Image else "; an empty array when nothing is found"
    published = [
        (topic, result, f"one for each processed input, with its header{nothing}"),
        ("~/image", Image, "the image with the result drawn in, bgr8; made only while somebody subscribes"),
        (
            "~/image/compressed",
            CompressedImage,
            "the same as JPEG, for slow networks; made only while somebody subscribes",
        ),
        *((f"~/{extra.topic}", extra.type, _outside(extra)) for extra in node.OUTPUTS),
        ("~/statistics", NodeStatistics, "once a second, for each stream: counts, rate, inference time and latency"),
        ("/diagnostics", DiagnosticArray, "once a second: the node's state or fault, and how each stream is"),
    ]
    return "\n".join(["Subscribed:", "", *table(subscribed), "", "Published:", "", *table(published)]) + "\n"


def _outside(extra: Extra) -> str:
    return f"{extra.meaning}; where {extra.package} is installed, made only while somebody subscribes"


def table(rows: list[tuple[str, type | str, str]]) -> list[str]:
    """Markdown lines of topics with message types and meanings."""
    return ["| topic | type | meaning |", "|---|---|---|"] + [
        f"| `{topic}` | {type_link(kind)} | {meaning} |" for topic, kind, meaning in rows
    ]


def type_link(kind: type | str) -> str:
    """The ROS name of a message type; our own lead to their definition."""
    if isinstance(kind, str):
        return kind
    package = kind.__module__.split(".")[0]
    name = f"{package}/{kind.__name__}"
    return f"[{name}](../../msg/{kind.__name__}.msg)" if package == "opendr_perception" else name


if __name__ == "__main__":
    main()
