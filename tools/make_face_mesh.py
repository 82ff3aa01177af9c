"""Make opendr_perception/active/perception/face_mesh.npz anew, and say how far it is from the one that is there.

    python tools/make_face_mesh.py [FILE]

Triangles and texture coordinates are those of MediaPipe's canonical face model (Apache-2.0), as a source file of the
npm package @vladmandic/human 3.3.6 (MIT) lists them. Two vertices are each other's mirror image where their texture
coordinates are. The vertices are what the network `facemesh` (Apache-2.0) says of the portrait of Eileen Collins
(NASA, public domain), seen as it is and mirrored, turned to the front and made symmetric.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

from opendr_perception import zoo
from opendr_perception.active.perception import face_mesh
from opendr_perception.engine.session import Session
from opendr_perception.files import replacing
from opendr_perception.zoo.archives import read_files
from opendr_perception.zoo.manifest import Package
from opendr_perception.zoo.registries import download

FILE = Path(face_mesh.__file__).with_name("face_mesh.npz")
PACKAGE = Package("npm", "@vladmandic/human", 28615417, "3.3.6")
LISTS = "package/src/face/facemeshcoords.ts"
SHA256 = "f4a1c3d9426a5db3574c99a7e00631eea80b5c1a150d2f74295a7005964478f2"
PORTRAIT, CENTRE, SIDE = "astronaut.png", np.array([222.0, 112.0]), 150.0
"""The image, and about where its face is, pixels."""
ROUNDS = 3
"""Number of times that the crop is centred on the result of the one before."""
EYES, TOP_TO_CHIN = (33, 263), (10, 152)
"""Vertices."""
CROP = face_mesh.CROP


def main() -> None:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    triangles, coordinates = lists()
    mirror = mirrored(coordinates)
    vertices = from_the_front(portrait(mirror), mirror)
    made = {
        "vertices": vertices.astype(np.float32),
        "triangles": triangles.astype(np.int16),
        "mirror": mirror.astype(np.int16),
    }
    if FILE.exists():
        with np.load(FILE, allow_pickle=False) as there:
            for name, array in made.items():
                print(f"{name}: differs by at most {np.abs(array.astype(float) - there[name]).max():.2g}")
    with replacing(target, ".npz") as unfinished:
        np.savez(unfinished, **made)


def lists() -> tuple[np.ndarray, np.ndarray]:
    """Triangles (880, 3) and texture coordinates (468, 2) of the package."""
    with tempfile.TemporaryDirectory() as workspace:
        archive = download(PACKAGE, Path(workspace), lambda size: None)
        text = read_files(archive, PACKAGE.registry, {LISTS: SHA256})[LISTS].decode()
    found = {
        name: re.findall(r"[\d.]+", text.split(f"export const {name}:")[1].split("= [")[1].split("];")[0])
        for name in ("TRI468", "UV468")
    }
    return np.array(found["TRI468"], int).reshape(-1, 3), np.array(found["UV468"], float).reshape(-1, 2)


def mirrored(coordinates: np.ndarray) -> np.ndarray:
    """The vertex on the other side of each, (468,)."""
    others = coordinates * [-1, 1] + [1, 0]
    mirror = np.linalg.norm(coordinates[:, None] - others[None], axis=2).argmin(1)
    if not np.array_equal(mirror[mirror], np.arange(len(mirror))):
        raise ValueError("the texture coordinates are not symmetric")
    return np.asarray(mirror)


def portrait(mirror: np.ndarray) -> np.ndarray:
    """The vertices (468, 3) that the network sees in the portrait."""
    zoo.fetch([PORTRAIT, "facemesh"])
    image = np.asarray(cv2.imread(str(zoo.sample(PORTRAIT))))[..., ::-1]
    session = zoo.session("facemesh", threads=1)
    centre, side = CENTRE, SIDE
    for _ in range(ROUNDS):
        vertices = look(session, image, centre, side)
        low, high = vertices[:, :2].min(0), vertices[:, :2].max(0)
        centre, side = (low + high) / 2, float((high - low).max()) * face_mesh.MARGIN
    return (vertices + look(session, image, centre, side, mirror)) / 2


def look(
    session: Session, image: np.ndarray, centre: np.ndarray, side: float, mirror: np.ndarray | None = None
) -> np.ndarray:
    """The vertices (468, 3) in a square of the image, in its pixels; of its mirror image if `mirror` is given."""
    scale = side / CROP
    corner = centre - side / 2
    matrix = np.column_stack([scale * np.eye(2), corner])
    crop = cv2.warpAffine(image, matrix, (CROP, CROP), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    if mirror is not None:
        crop = crop[:, ::-1]
    vertices = session.run({"image": np.ascontiguousarray(crop)[None]})["vertices"][0].copy()
    if mirror is not None:
        vertices = (vertices * [-1, 1, 1] + [CROP, 0, 0])[mirror]
    vertices = vertices * scale
    vertices[:, :2] += corner
    return np.asarray(vertices)


def from_the_front(vertices: np.ndarray, mirror: np.ndarray) -> np.ndarray:
    """The vertices made symmetric and turned to the front, in units of the distance of the eyes' outer corners."""
    reflected = vertices[mirror] * [-1, 1, 1]
    symmetric = (vertices + aligned(reflected, vertices)) / 2
    across = np.linalg.svd(symmetric - symmetric[mirror])[2][0]
    across *= np.sign(across[0])
    down = symmetric[TOP_TO_CHIN[1]] - symmetric[TOP_TO_CHIN[0]]
    down -= across * (down @ across)
    down /= np.linalg.norm(down)
    axes = np.stack([across, down, np.cross(across, down)])
    turned = (symmetric - symmetric.mean(0)) @ axes.T
    turned = (turned + turned[mirror] * [-1, 1, 1]) / 2
    return np.asarray(turned / np.linalg.norm(turned[EYES[0]] - turned[EYES[1]]))


def aligned(points: np.ndarray, onto: np.ndarray) -> np.ndarray:
    """Points moved, turned and scaled so that they lie best on others [Umeyama 1991]."""
    a, b = points - points.mean(0), onto - onto.mean(0)
    u, scales, vt = np.linalg.svd(a.T @ b)
    signs = np.array([1, 1, np.sign(np.linalg.det(u @ vt))])
    scale = (scales * signs).sum() / (a**2).sum()
    return np.asarray(a @ (u @ np.diag(signs) @ vt) * scale + onto.mean(0))


if __name__ == "__main__":
    main()
