"""Command line: opendr-perception models {list,fetch,verify,pack,unpack,remove}."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from opendr_perception.zoo import golden, imported
from opendr_perception.zoo.bundle import pack, unpack
from opendr_perception.zoo.cache import default_cache
from opendr_perception.zoo.errors import ZooError
from opendr_perception.zoo.imported import TERMS, ImportedEntry
from opendr_perception.zoo.manifest import Entry, ModelEntry, OwnEntry, Package, SampleEntry, load_manifest
from opendr_perception.zoo.provision import fetch
from opendr_perception.zoo.store import REMEDIES, FileState, path_of, state_of

WIDE = 300
"""Columns of a table that no terminal shows: one line for each entry, for `grep`."""

app = typer.Typer(help="Get and check the pretrained models.", no_args_is_help=True, add_completion=False)


def _everything() -> dict[str, Entry | ImportedEntry]:
    """Models of the package, and those that the user has imported."""
    return {**load_manifest().entries, **imported.load(default_cache())}


def _known(names: list[str] | None) -> list[str]:
    return _check_names(names, load_manifest().entries)


def _known_model(names: list[str] | None) -> list[str]:
    with one_clear_line():
        return _check_names(names, [*load_manifest().models, *imported.load(default_cache())])


def _check_names(names: list[str] | None, known: Iterable[str]) -> list[str]:
    for name in names or []:
        if name not in known:
            raise typer.BadParameter(f"'{name}' is not one of {', '.join(known)}")
    return names or []


def _known_file(names: list[str] | None) -> list[str]:
    with one_clear_line():
        return _check_names(names, _everything())


Names = Annotated[list[str] | None, typer.Argument(callback=_known, help="Models or samples; all models by default.")]
Files = Annotated[
    list[str] | None, typer.Argument(callback=_known_file, help="Models or samples; all that are there by default.")
]
ModelNames = Annotated[list[str] | None, typer.Argument(callback=_known_model, help="Models; all by default.")]


@app.command("list")
def list_command() -> None:
    """Show every model and sample: its size on this disk, state, the terms of what was trained here, and licence."""
    with one_clear_line():
        table = Table("NAME", "TASK", "SIZE", "STATE", "TERMS", "LICENCE", box=None, pad_edge=False, header_style="")
        for entry in _everything().values():
            path = path_of(entry, default_cache())
            size = f"{path.stat().st_size / 1e6:.1f} MB" if path.is_file() else "-"
            task = "sample" if isinstance(entry, SampleEntry) else entry.task
            licence = f"{entry.licence} ({entry.upstream})" if isinstance(entry, ModelEntry) else entry.licence
            terms = TERMS if isinstance(entry, ImportedEntry) else entry.terms if isinstance(entry, OwnEntry) else "-"
            table.add_row(entry.name, task, size, state_of(entry, path).value, terms, licence)
        console = Console(highlight=False, markup=False)
        if not console.is_terminal:
            console.width = WIDE
        console.print(table)


@app.command("fetch")
def fetch_command(names: Names = None) -> None:
    """Download, convert and check what is missing."""
    with one_clear_line():
        for path in fetch(names or None, reporter=ConsoleReporter()):
            typer.echo(f"ready: {path}")


@app.command("verify")
def verify_command(names: Files = None) -> None:
    """Hash every file of the cache again and run every model on its test image."""
    faults = []
    with one_clear_line():
        for entry in _everything().values():
            path = path_of(entry, default_cache())
            state = state_of(entry, path)
            if entry.name not in names if names else state is FileState.MISSING:
                continue
            if state is not FileState.READY:
                remedy = REMEDIES.get(type(entry), f"run: opendr-perception models fetch {entry.name}")
                faults.append(f"{state.value}: {path}; {remedy}")
                continue
            try:
                if isinstance(entry, ModelEntry):
                    golden.check(entry, path)
                elif isinstance(entry, ImportedEntry):
                    golden.check_imported(entry, path)
                typer.echo(f"good: {path}")
            except ZooError as error:
                faults.append(str(error))
    for fault in faults:
        typer.echo(fault, err=True)
    raise typer.Exit(1 if faults else 0)


@app.command("pack")
def pack_command(file: Annotated[Path, typer.Argument(help="Tar file to write.")], names: ModelNames = None) -> None:
    """Write converted models into a tar file, for a robot without a network."""
    with one_clear_line():
        typer.echo(f"packed into {file}: {', '.join(pack(file, names or None))}")


@app.command("unpack")
def unpack_command(file: Annotated[Path, typer.Argument(help="Tar file that `pack` wrote.")]) -> None:
    """Take models from a tar file into the cache."""
    with one_clear_line():
        typer.echo(f"unpacked: {', '.join(unpack(file))}")


@app.command("remove")
def remove_command(name: Annotated[str, typer.Argument(help="An imported model.")]) -> None:
    """Delete an imported model; the file that it was made from stays."""
    with one_clear_line():
        imported.remove(name, default_cache())
        typer.echo(f"removed: {name}")


class ConsoleReporter:
    """Shows progress on standard error: a bar on a terminal, plain lines elsewhere."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)

    def line(self, text: str) -> None:
        """Print a line."""
        self._console.print(text, markup=False)

    @contextmanager
    def downloading(self, package: Package) -> Iterator[Callable[[int], None]]:
        """Show a download."""
        label = f"downloading {package}"
        if not self._console.is_terminal:
            self.line(f"{label} ({package.size / 1e6:.0f} MB)")
            started = time.monotonic()
            yield lambda size: None
            self.line(f"downloaded {package} in {time.monotonic() - started:.0f} s")
            return
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self._console) as progress:
            task = progress.add_task(label, total=package.size)
            # A client may hold the archive twice for a moment: never show more than all of it.
            yield lambda size: progress.update(task, completed=min(size, package.size))
            progress.update(task, completed=package.size)


@contextmanager
def one_clear_line() -> Iterator[None]:
    """End the program with one line on standard error where something cannot be done."""
    try:
        yield
    except ZooError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error
