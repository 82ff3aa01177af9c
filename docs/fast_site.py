"""Extension of Sphinx: the site in minutes. What takes longer the more modules there are is looked up, or left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from autodoc2.db import InMemoryDb
from autodoc2.sphinx import utils
from autodoc2.utils import ItemData
from sphinx.application import Sphinx


class IndexedDb(InMemoryDb):
    """Items of the code by what they are in: without it, all of them are looked at for each."""

    def __init__(self) -> None:
        super().__init__()
        self._children: dict[str, dict[str, ItemData]] = {}

    def add(self, item: ItemData) -> None:
        super().add(item)
        if item["type"] != "overload":
            self._children.setdefault(item["full_name"].rpartition(".")[0], {})[item["full_name"]] = item

    def get_children(
        self, full_name: str, types: set[str] | None = None, *, sort_name: bool = False
    ) -> Iterable[ItemData]:
        inside = (item for name, item in self._children.get(full_name, {}).items() if name in self)
        found = [item for item in inside if types is None or item["type"] in types]
        return sorted(found, key=lambda item: item["full_name"]) if sort_name else found

    def get_children_names(
        self, full_name: str, types: set[str] | None = None, *, sort_name: bool = False
    ) -> Iterable[str]:
        return [item["full_name"] for item in self.get_children(full_name, types, sort_name=sort_name)]


def fold_branches(app: Sphinx, page: str, template: str, context: dict[str, Callable[..., str]], tree: object) -> None:
    """Open only the page's branch in the sidebar, not all of the API on each of its hundreds of pages."""
    if all_of_it := context.get("toctree"):
        context["toctree"] = lambda **options: all_of_it(**{**options, "collapse": True})


def setup(app: Sphinx) -> dict[str, bool]:
    """Come before the theme, which draws the sidebar at the usual 500."""
    utils.InMemoryDb = IndexedDb
    app.connect("html-page-context", fold_branches, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
