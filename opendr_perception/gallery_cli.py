"""Command line: opendr-perception gallery {add,remove,list,check,rebuild}."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from opendr_perception.zoo.errors import ZooError

if TYPE_CHECKING:  # they load OpenCV and onnxruntime, for which the other commands need not wait
    from opendr_perception.tasks.face import Enroller, Gallery, GalleryFolder

app = typer.Typer(help="The faces that are known.", no_args_is_help=True, add_completion=False)

Folder = Annotated[
    Path | None, typer.Option("--gallery", help="Folder of the gallery; by default the one that the node takes.")
]
Embedder = Annotated[str, typer.Option(help="Model that tells people apart, as the node's parameter of this name.")]
Name = Annotated[str, typer.Argument(help="Of the person.")]

EMBEDDER = "face-embedding"
CLOSEST = 5
"""Pairs of people that `check` shows."""


@app.command()
def add(
    name: Name,
    images: Annotated[list[Path], typer.Argument(help="Each shows this person's face, and no other.")],
    gallery: Folder = None,
    embedder: Embedder = EMBEDDER,
) -> None:
    """Make a person known; three images in different light are a good start."""
    with _one_clear_line():
        from opendr_perception.tasks.face import enrol, look_alikes, read_sample

        enroller, folder = _open(gallery, embedder)
        samples = enroller.samples([read_sample(path) for path in images])
        known = enrol(folder, name, samples)
        typer.echo(f"'{name}' is enrolled with {known.names.count(name)} samples in {folder.path}")
        for line in look_alikes(known, name):
            _warn(line)


@app.command()
def remove(name: Name, gallery: Folder = None, embedder: Embedder = EMBEDDER) -> None:
    """Forget a person: delete all images and embeddings."""
    with _one_clear_line():
        from opendr_perception.tasks.face import GalleryFolder, default_gallery

        GalleryFolder(gallery or default_gallery(), embedder).forget(name, _warn)  # needs no weights
        typer.echo(f"'{name}' is forgotten: images and embeddings are deleted")


@app.command("list")
def list_command(gallery: Folder = None, embedder: Embedder = EMBEDDER) -> None:
    """Show who is known, with the number of samples of each."""
    with _one_clear_line():
        _, folder = _open(gallery, embedder)
        folder.open(_warn)
        known = folder.read()
        for line in folder.contents().skipped:
            _warn(line)
        for name in known.people:
            typer.echo(f"{known.names.count(name):4d}  {name}")
        typer.echo(f"{len(known.people)} people in {folder.path}, threshold {known.threshold:g}")


@app.command()
def check(
    gallery: Folder = None,
    embedder: Embedder = EMBEDDER,
    set_threshold: Annotated[float | None, typer.Option(help="Store this threshold.", min=0.01, max=2.0)] = None,
) -> None:
    """Take in images that were put into the folders, show who is hard to tell apart, and propose a threshold.

    The exit status is 1 when something in the folders was not taken in.
    """
    with _one_clear_line():
        from dataclasses import replace

        from opendr_perception.tasks.face import closest_pairs, farthest_own, look_alikes, propose_threshold

        enroller, folder = _open(gallery, embedder)
        known, faults = _synchronise(enroller, folder)
        if set_threshold is not None:
            with folder.writing():
                known = replace(folder.read(), threshold=set_threshold)
                folder.write(known)
        for line in look_alikes(known):
            _warn(line)
        pairs, own = closest_pairs(known, CLOSEST), farthest_own(known)
        for pair in pairs:
            typer.echo(f"{pair.distance:.3f}  {pair.first} - {pair.second}")
        for pair in own[:CLOSEST]:
            apart = "  NOT RECOGNISED BY THE OTHERS" if pair.distance >= known.threshold else ""
            typer.echo(f"{pair.distance:.3f}  {pair.first}, from one image to the others{apart}")
        typer.echo(
            f"{len(known.people)} people, {len(known.names)} samples; threshold {known.threshold:g}, "
            f"proposed {propose_threshold(known):.2f}"
        )
    raise typer.Exit(1 if faults else 0)


@app.command()
def rebuild(gallery: Folder = None, embedder: Embedder = EMBEDDER) -> None:
    """Embed all images again, e.g. because the model has changed. The exit status is as that of check."""
    with _one_clear_line():
        enroller, folder = _open(gallery, embedder)
        known, faults = _synchronise(enroller, folder, anew=True)
        typer.echo(f"{len(known.people)} people, {len(known.names)} samples in {folder.path}")
    raise typer.Exit(1 if faults else 0)


def _synchronise(enroller: Enroller, folder: GalleryFolder, anew: bool = False) -> tuple[Gallery, int]:
    """Synchronise the gallery; the result, and the number of images that were not taken in."""
    folder.open(_warn)  # what it mends is no fault of the images
    faults: list[str] = []
    known = enroller.synchronise(folder, faults.append, anew)
    for fault in faults:
        _warn(fault)
    return known, len(faults)


def _open(gallery: Path | None, embedder: str) -> tuple[Enroller, GalleryFolder]:
    from opendr_perception import zoo
    from opendr_perception.tasks.face import (
        Enroller,
        FaceDetector,
        FaceEmbedder,
        GalleryFolder,
        default_gallery,
        fingerprint,
    )

    session = zoo.session(embedder)
    network = FaceEmbedder(session)
    enroller = Enroller(FaceDetector(zoo.session("blazeface")), network)
    return enroller, GalleryFolder(gallery or default_gallery(), fingerprint(embedder, session), network.dimensions)


def _warn(text: str) -> None:
    typer.echo(f"warning: {text}", err=True)


@contextmanager
def _one_clear_line() -> Iterator[None]:
    try:
        yield
    except (ZooError, RuntimeError, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error
