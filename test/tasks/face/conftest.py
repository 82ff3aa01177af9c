"""A gallery in an empty folder, and what is put into it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from opendr_perception.tasks.face.enrolment import Sample
from opendr_perception.tasks.face.gallery import FILE, LOG, Gallery
from opendr_perception.tasks.face.gallery_folder import GalleryFolder

MODEL = "face-embedding 0123456789abcdef"


class MadeFolder(GalleryFolder):
    """A folder that is filled with people who do not exist."""

    def points(self, count: int, seed: int = 0) -> np.ndarray:
        return np.random.default_rng(seed).normal(0, 0.1, (count, 128)).astype(np.float32)

    def filled(self, **people: int) -> Gallery:
        gallery = Gallery(MODEL)
        for seed, (name, count) in enumerate(people.items()):
            gallery = gallery.with_samples(name, [f"{name}/{k}.png" for k in range(count)], self.points(count, seed))
        return gallery

    def put(self, gallery: Gallery) -> None:
        with self.writing():
            for image in gallery.images:
                (self.path / image).parent.mkdir(exist_ok=True)
                (self.path / image).write_bytes(b"image")
            self.write(gallery)

    def samples(self, seed: int, count: int = 3) -> list[Sample]:
        return [Sample(self.points(1, seed)[0], b"x" * 60_000) for _ in range(count)]

    def everything(self) -> set[str]:
        return {str(entry.relative_to(self.path)) for entry in self.path.rglob("*")} - {".lock", FILE, LOG}


@pytest.fixture
def folder(tmp_path: Path) -> MadeFolder:
    return MadeFolder(tmp_path / "gallery", MODEL)
