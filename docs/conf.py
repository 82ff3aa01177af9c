"""The documentation as one site, by `make docs`: Markdown as on the hosting platform, cards of models, and API pages.

The source directory is the repository's root, so that links lead to the same files as elsewhere.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
NO_LIBRARY = ("bench", "cli", "demo", "gallery_cli", "nodes", "sim", "training")
"""Programs and nodes, described on their own pages, and not called by others."""

project = "opendr_perception"
author = "opendr_perception maintainers"
(release,) = re.findall(r"<version>(.*)</version>", (ROOT / "package.xml").read_text())

sys.path.insert(0, str(ROOT / "docs"))
extensions = ["myst_parser", "autodoc2", "fast_site"]
root_doc = "docs/index"
include_patterns = [
    "README.md",
    "SECURITY.md",
    "examples/README.md",
    "CHANGELOG.rst",
    "docs/**",
    "docs-output/api/**",
    "opendr_perception/zoo/weights/*.md",
]
exclude_patterns = [".*", "build", "install", "log", "test", "docs-output/html", "docs-output/cache", "**/__pycache__"]
myst_heading_anchors = 3

# The code is read, not imported: neither ROS nor torch is needed to build this.
autodoc2_packages = ["opendr_perception"]
autodoc2_output_dir = "docs-output/api"
autodoc2_render_plugin = "myst"
autodoc2_hidden_objects = ["private", "dunder", "inherited"]
autodoc2_sort_names = False
autodoc2_skip_module_regexes = [rf"opendr_perception\.{name}(\..*)?" for name in NO_LIBRARY]

html_theme = "furo"
html_title = f"{project} {release}"
