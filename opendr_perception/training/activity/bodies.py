"""The people of the simulated world, made to move: clouds of coloured points that hang on the joints of a motion.

A network that sees some hundred pixels needs no triangles: points as dense as pixels look the same and are drawn by a
single sort. The skeleton is that of `training.body.motion`: x forward, y up, z to the right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opendr_perception.sim.people import MeshPart, PersonModel, load_people
from opendr_perception.training.body.motion import PARENTS, Body, Floats, Ints, multiply, rotate

HELD_OUT = (2, 7, 10, 13)
"""Places in the list of people of those who are kept for the evaluation: two women and two men, of three origins."""
REFERENCE = 1.72
"""m, height of the standard body of the motions."""
PELVIS = 0.53
"""Height of the root, in body heights."""
SHARPNESS = 5.0
"""Of the border between two bones."""

BONES = {
    0: 1, 1: 2, 2: 15, 3: 4, 4: 5, 5: 5, 8: 9, 9: 10, 10: 10, 6: 7, 7: 13, 11: 12, 12: 14,
}  # fmt: skip
"""Joint that turns a bone, and the joint at its other end; a foot is about its ankle."""
THICKNESS = {
    0: 0.15, 1: 0.17, 2: 0.11, 3: 0.09, 4: 0.065, 5: 0.07, 8: 0.09, 9: 0.065, 10: 0.07, 6: 0.05, 7: 0.045, 11: 0.05,
    12: 0.045,
}  # fmt: skip
"""m, of bones: a point belongs to the bone that is nearest in such units."""
NEXT = {
    0: (1, 3, 8), 1: (0, 2, 6, 11), 2: (1,), 3: (0, 4), 4: (3, 5), 5: (4,), 8: (0, 9), 9: (8, 10), 10: (9,), 6: (1, 7),
    7: (6,), 11: (1, 12), 12: (11,),
}  # fmt: skip
"""Bones that touch a bone: a point may hang on two of these only, so that a hand beside the hip stays a hand."""
FOREARMS = ("hands", "forearms")
"""Parts of the meshes that are below the elbow."""
ARMS = {6: 1.0, 11: -1.0}
"""Upper arms, and the side on which they are."""


@dataclass(frozen=True)
class Cloud:
    """Points of a body, each on two bones.

    Attributes:
        joints: (P, 2), that turn the bones.
        weights: (P, 2), summing to 1.
        places: (P, 2, 3), from each joint, in its frame, m.
        normals: (P, 2, 3), likewise.
        colours: (P, 3) RGB in [0, 1].
        offsets: (16, 3), of each joint from its parent, m.
        face: (5, 3), nose, left eye, right eye, left ear, right ear, from the neck, in the frame of the head.
    """

    joints: Ints
    weights: Floats
    places: Floats
    normals: Floats
    colours: Floats
    offsets: Floats
    face: Floats

    def pose(self, rotations: Floats, root: Floats) -> tuple[Floats, Floats]:
        """Place the points.

        Args:
            rotations: (T, 16, 4), of the joints.
            root: (T, 3), where the pelvis is, m.

        Returns:
            Points and normals in the world, (T, P, 3) each.
        """
        world: list[Floats] = []
        at: list[Floats] = []
        for joint, parent in enumerate(PARENTS):
            if parent < 0:
                world.append(rotations[:, joint])
                at.append(root)
            else:
                at.append(at[parent] + rotate(world[parent], self.offsets[joint]))
                world.append(multiply(world[parent], rotations[:, joint]))
        turns = np.stack([_matrix(turn) for turn in world], 1)[:, self.joints]  # (T, P, 2, 3, 3)
        origins = np.stack(at, 1)[:, self.joints]
        places = ((turns @ self.places[..., None])[..., 0] + origins) * self.weights[..., None]
        normals = (turns @ self.normals[..., None])[..., 0] * self.weights[..., None]
        return places.sum(2), normals.sum(2)


def clouds(points: int, held_out: bool, seed: int = 1) -> list[Cloud]:
    """The people for training, or those for the evaluation, with so many points each."""
    return [
        cloud(person, points, np.random.default_rng((seed, place)))
        for place, person in enumerate(load_people())
        if (place in HELD_OUT) == held_out
    ]


def cloud(person: PersonModel, points: int, rng: np.random.Generator) -> Cloud:
    """Cover the surface of a person evenly with points and hang them on the bones."""
    places, normals, colours, below = _surface(person, points, rng)
    places = places[:, [0, 2, 1]] * [1.0, 1.0, -1.0]  # x forward, y up, z right
    normals = normals[:, [0, 2, 1]] * [1.0, 1.0, -1.0]
    rest, offsets = _rest(person.height, places)
    joints, weights = _weights(places, rest, person.height / REFERENCE, below > 0.5)
    straight = np.stack([_straightened(joint, rest) for joint in range(16)])[joints]
    local = (straight @ (places[:, None] - rest[joints])[..., None])[..., 0]
    turned = (straight @ np.broadcast_to(normals[:, None], local.shape)[..., None])[..., 0]
    return Cloud(joints, weights, local, turned, colours, offsets, _face(person) - rest[2])


def _face(person: PersonModel) -> Floats:
    """Places (5, 3) of nose, left eye, right eye, left ear and right ear, as the mesh has them."""
    swap = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
    head, eyes = (person.parts[name].vertices @ swap.T for name in ("head", "eyes"))
    middle = eyes.mean(0)
    front = head[(np.abs(head[:, 2]) < 0.01) & (head[:, 1] < middle[1]) & (head[:, 1] > middle[1] - 0.07)]
    nose = front[front[:, 0].argmax()]
    level = head[np.abs(head[:, 1] - middle[1]) < 0.03]
    return np.array(
        [
            nose,
            *(eyes[side * eyes[:, 2] > 0].mean(0) for side in (-1, 1)),
            *(level[(side * level[:, 2]).argmax()] for side in (-1, 1)),
        ]
    )


def _surface(person: PersonModel, points: int, rng: np.random.Generator) -> tuple[Floats, Floats, Floats, Floats]:
    """Places, normals and colours of points, (P, 3) each, and 1 for those below the elbow, (P,)."""
    names = [name for name, part in person.parts.items() if len(part.triangles)]
    parts = [person.parts[name] for name in names]
    corners = [part.vertices[part.triangles] for part in parts]
    crosses = [np.cross(c[:, 1] - c[:, 0], c[:, 2] - c[:, 0]) for c in corners]
    areas = [np.linalg.norm(cross, axis=1) for cross in crosses]
    total = sum(area.sum() for area in areas)
    found = []
    for name, part, corner, cross, area in zip(names, parts, corners, crosses, areas, strict=True):
        chosen = rng.choice(len(area), round(points * area.sum() / total), p=area / area.sum())
        share = rng.dirichlet((1.0, 1.0, 1.0), len(chosen))
        normal = cross[chosen] / np.maximum(area[chosen, None], 1e-12)
        below = np.full(len(chosen), float(name in FOREARMS))
        found.append(((corner[chosen] * share[..., None]).sum(1), normal, _colours(part, chosen, share), below))
    return tuple(np.concatenate(each) for each in zip(*found, strict=True))


def _colours(part: MeshPart, triangles: Ints, share: Floats) -> Floats:
    colours = np.tile(np.array(part.colour), (len(triangles), 1))
    if part.texture is None or part.texcoords is None:
        return colours
    where = (part.texcoords[part.triangles[triangles]] * share[..., None]).sum(1) % 1.0
    height, width = part.texture.shape[:2]
    pixels = part.texture[(where[:, 1] * (height - 1)).astype(int), (where[:, 0] * (width - 1)).astype(int)]
    return colours * pixels / 255.0


def _rest(height: float, places: Floats) -> tuple[Floats, Floats]:
    """Joints (16, 3) of a person who stands as the mesh does, and the offsets of a motion's skeleton."""
    scale = height / REFERENCE
    offsets = Body.standard().offsets * scale
    rest = np.zeros((16, 3))
    for joint, parent in enumerate(PARENTS):
        rest[joint] = (0.0, PELVIS * height, 0.0) if parent < 0 else rest[parent] + offsets[joint]
    for shoulder, side in ARMS.items():  # the arms of the meshes hang a little away from the body
        wrist = {6: 13, 11: 14}[shoulder]
        hand = places[(side * places[:, 2] > 0.2 * scale) & (places[:, 1] < 0.5 * height)].mean(0)
        rest[wrist] = hand + (rest[shoulder] - hand) * 0.12
        rest[shoulder + 1] = 0.53 * rest[shoulder] + 0.47 * rest[wrist]
    return rest, offsets


def _weights(places: Floats, rest: Floats, scale: float, below_elbow: npt.NDArray[np.bool_]) -> tuple[Ints, Floats]:
    """The nearest bone of each point and the nearer one of those that touch it, and how much it belongs to each."""
    names = list(BONES)
    distances = []
    for joint, end in BONES.items():
        along = rest[end] - rest[joint]
        length = max(float(along @ along), 1e-9)
        share = np.clip((places - rest[joint]) @ along / length, 0.0, 1.0)
        nearest = rest[joint] + share[:, None] * along
        distances.append(np.linalg.norm(places - nearest, axis=1) / (THICKNESS[joint] * scale))
    distance = np.stack(distances, 1)
    for joint, side in ((7, 1.0), (12, -1.0)):
        distance[below_elbow & (side * places[:, 2] > 0), names.index(joint)] = 0.0
    first = distance.argmin(1)
    touching = np.array([[other in NEXT[joint] for other in names] for joint in names])
    others = np.where(touching[first], distance, np.inf)
    second = others.argmin(1)
    rows = np.arange(len(places))
    gap = others[rows, second] - distance[rows, first]
    share = 1.0 / (1.0 + np.exp(-SHARPNESS * gap))
    return np.array(names)[np.stack([first, second], 1)], np.stack([share, 1.0 - share], 1)


def _straightened(joint: int, rest: Floats) -> Floats:
    """Rotation (3, 3) from the mesh into the frame of a joint: arms that hang straight down there."""
    if joint not in (6, 7, 11, 12):
        return np.eye(3)
    along = rest[BONES[joint]] - rest[joint]
    along = along / np.linalg.norm(along)
    axis = np.cross(along, (0.0, -1.0, 0.0))
    sine, cosine = float(np.linalg.norm(axis)), float(-along[1])
    if sine < 1e-9:
        return np.eye(3)
    half = np.arctan2(sine, cosine) / 2
    return _matrix(np.concatenate([[np.cos(half)], np.sin(half) * axis / sine])[None])[0]


def _matrix(quaternions: npt.NDArray[np.float64]) -> Floats:
    """Rotation matrices (..., 3, 3) of unit quaternions (..., 4)."""
    w, x, y, z = np.moveaxis(quaternions, -1, 0)
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )
    return np.stack([np.stack(row, -1) for row in rows], -2)
