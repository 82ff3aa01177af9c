"""The world as MuJoCo knows it: one model with all people and things, moved into the room or out of sight."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from opendr_perception.sim.people import MeshPart, PersonModel
from opendr_perception.sim.scene import HALF_WIDTH, HELD, THINGS

if TYPE_CHECKING:
    from mujoco import MjModel, MjsBody, MjSpec, mjtGeom

TIMESTEP = 0.01
"""s."""
SHOWN, HIDDEN = 0, 5
"""Groups of shapes; those of HIDDEN are not drawn."""
ROBOT_RADIUS = 0.22
PERSON_RADIUS = 0.25
CAMERA_AHEAD = 0.1
"""m, of the camera before the middle of the robot."""
WALL_HEIGHT = 3.0
WALLS = ("front", "back", "left", "right")
COPIES = 3
"""Number of things of each kind."""
SOLID = {"contype": 1, "conaffinity": 1}
GHOST = {"contype": 0, "conaffinity": 0}
AWAY = (0.0, 0.0, -20.0)

SKIN = (0.80, 0.62, 0.52, 1.0)
WOOD = (0.55, 0.40, 0.25, 1.0)
GREENS = ((0.16, 0.36, 0.14, 1.0), (0.22, 0.45, 0.17, 1.0), (0.12, 0.30, 0.12, 1.0))


def build(
    mujoco: ModuleType,
    people: Sequence[PersonModel],
    camera_height: float,
    field_of_view: float,
    samples: int,
    flies: bool = False,
) -> MjModel:
    """Compile the model.

    Args:
        mujoco: The module.
        people: Who can be in a scene.
        camera_height: m above the floor.
        field_of_view: Vertical, rad.
        samples: Of each pixel, against jagged edges.
        flies: The robot also goes up and down.
    """
    spec = mujoco.MjSpec()
    spec.option.timestep = TIMESTEP
    spec.option.gravity = [0, 0, 0]
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.visual.quality.offsamples = samples
    spec.visual.global_.offwidth, spec.visual.global_.offheight = 4096, 4096
    spec.visual.map.znear, spec.visual.map.zfar = 0.005, 10.0
    spec.stat.extent, spec.stat.center = 10.0, [0, 0, 1]
    spec.visual.headlight.active = 1
    spec.visual.headlight.diffuse = [0, 0, 0]
    spec.visual.headlight.specular = [0, 0, 0]
    for name in ("lamp", "fill"):
        spec.worldbody.add_light(
            name=name, type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL, castshadow=False, specular=[0.25] * 3
        )
    _add_room(mujoco, spec)
    _add_robot(mujoco, spec, camera_height, field_of_view, flies)
    for person in people:
        _add_person(mujoco, spec, person)
    for number in range(COPIES):
        for kind in THINGS:
            _add_thing(mujoco, spec, kind, number)
        for kind in HELD:
            _add_held(mujoco, spec, kind, number)
    return spec.compile()


def _add_room(mujoco: ModuleType, spec: MjSpec) -> None:
    box = mujoco.mjtGeom.mjGEOM_BOX
    builtin = mujoco.mjtBuiltin
    for name, pattern, size in (("floor", builtin.mjBUILTIN_CHECKER, 256), ("wall", builtin.mjBUILTIN_FLAT, 64)):
        texture = spec.add_texture(name=name, type=mujoco.mjtTexture.mjTEXTURE_2D, builtin=pattern)
        texture.width = texture.height = size
        texture.rgb1, texture.rgb2 = [1, 1, 1], [0.9, 0.9, 0.9]
        texture.mark = mujoco.mjtMark.mjMARK_EDGE if name == "wall" else mujoco.mjtMark.mjMARK_NONE
        texture.markrgb = [0.86, 0.86, 0.86]
        material = spec.add_material(name=name, texrepeat=[0.7, 0.7], texuniform=True, specular=0.0, shininess=0.0)
        material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name
    spec.worldbody.add_geom(name="floor", type=mujoco.mjtGeom.mjGEOM_PLANE, size=[30, 30, 1], material="floor", **GHOST)
    spec.worldbody.add_geom(
        name="ceiling", type=box, size=[30, 30, 0.05], pos=[0, 0, WALL_HEIGHT + 0.05], rgba=[0.9, 0.9, 0.88, 1], **GHOST
    )
    for name in WALLS:
        wall = spec.worldbody.add_body(name=name, mocap=True)
        wall.add_geom(name=name, type=box, size=[0.1, 20, WALL_HEIGHT / 2], material="wall", **SOLID)


def _add_robot(mujoco: ModuleType, spec: MjSpec, camera_height: float, field_of_view: float, flies: bool) -> None:
    """A disc that slides and turns, with a camera on a mast; a motor on each axis follows the velocity it is told."""
    kinds = mujoco.mjtGeom
    robot = spec.worldbody.add_body(name="robot")
    robot.explicitinertial = True
    robot.mass, robot.inertia = 25.0, [1.0, 1.0, 1.0]
    slide, hinge = mujoco.mjtJoint.mjJNT_SLIDE, mujoco.mjtJoint.mjJNT_HINGE
    axes = [("x", [1, 0, 0], slide), ("y", [0, 1, 0], slide), ("yaw", [0, 0, 1], hinge)]
    for name, axis, kind in [*axes, *[("z", [0, 0, 1], slide)] * flies]:
        robot.add_joint(name=name, type=kind, axis=axis)
        motor = spec.add_actuator(name=name, target=name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
        motor.set_to_velocity(kv=600.0 if name != "yaw" else 40.0)
        motor.forcerange, motor.forcelimited = [-150.0, 150.0], True
    robot.add_geom(
        name="base", type=kinds.mjGEOM_CYLINDER, size=[ROBOT_RADIUS, 0.15, 0], pos=[0, 0, 0.17], condim=1,
        rgba=[0.2, 0.2, 0.22, 1], **SOLID,
    )  # fmt: skip
    half = camera_height / 2
    robot.add_geom(
        name="mast",
        type=kinds.mjGEOM_CYLINDER,
        size=[0.02, half, 0],
        pos=[0, 0, half],
        rgba=[0.6, 0.6, 0.6, 1],
        **GHOST,
    )
    robot.add_camera(
        name="camera",
        pos=[CAMERA_AHEAD, 0, camera_height],
        xyaxes=[0, -1, 0, 0, 0, 1],
        fovy=float(np.degrees(field_of_view)),
    )


def _add_person(mujoco: ModuleType, spec: MjSpec, person: PersonModel) -> None:
    body = spec.worldbody.add_body(name=person.name, mocap=True, pos=AWAY)
    body.add_geom(
        name=person.name, type=mujoco.mjtGeom.mjGEOM_CYLINDER, size=[PERSON_RADIUS, person.height / 2, 0],
        pos=[0, 0, person.height / 2], rgba=[0, 0, 0, 0], group=HIDDEN, condim=1, **SOLID,
    )  # fmt: skip
    for name, part in person.parts.items():
        _add_part(mujoco, spec, body, f"{person.name}/{name}", part)


def _add_part(mujoco: ModuleType, spec: MjSpec, body: MjsBody, name: str, part: MeshPart) -> None:
    mesh = spec.add_mesh(name=name, inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL)
    mesh.uservert = part.vertices.ravel()
    mesh.userface = part.triangles.ravel()
    mesh.smoothnormal = True
    material = spec.add_material(
        name=name, rgba=[*part.colour, 1.0], specular=part.shine, shininess=0.3, reflectance=0.0
    )
    if part.texture is not None and part.texcoords is not None:
        mesh.usertexcoord = (part.texcoords * [1, -1] + [0, 1]).ravel()
        mesh.userfacetexcoord = part.triangles.ravel()
        height, width = part.texture.shape[:2]
        texture = spec.add_texture(
            name=name, type=mujoco.mjtTexture.mjTEXTURE_2D, width=width, height=height, nchannel=3
        )
        texture.data = part.texture[::-1].tobytes()
        material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name
    body.add_geom(name=name, type=mujoco.mjtGeom.mjGEOM_MESH, meshname=name, material=name, group=HIDDEN, **GHOST)


def _add_thing(mujoco: ModuleType, spec: MjSpec, kind: str, number: int) -> None:
    """An occluder; its front is its x side."""
    shapes = mujoco.mjtGeom
    half = HALF_WIDTH[kind]
    body = spec.worldbody.add_body(name=f"{kind}_{number}", mocap=True, pos=AWAY)

    def add(shape: mjtGeom, size: list[float], pos: list[float], rgba: Sequence[float]) -> None:
        body.add_geom(
            type=shape, size=size, pos=pos, rgba=rgba, group=HIDDEN, condim=1, **(GHOST if kind == "sign" else SOLID)
        )

    if kind == "board":
        add(shapes.mjGEOM_BOX, [0.012, half, 0.5], [0, 0, 1.45], (0.88, 0.88, 0.84, 1))
        add(shapes.mjGEOM_CYLINDER, [0.025, 0.5, 0], [0, 0, 0.5], (0.5, 0.5, 0.5, 1))
        add(shapes.mjGEOM_BOX, [0.2, 0.2, 0.02], [0, 0, 0.02], (0.4, 0.4, 0.4, 1))
    elif kind == "sign":
        add(shapes.mjGEOM_BOX, [0.012, half, 0.4], [0, 0, 2.0], (0.15, 0.30, 0.55, 1))
    elif kind == "box":
        for z, shade in ((0.35, 0.9), (1.05, 1.0), (1.7, 0.8)):
            add(shapes.mjGEOM_BOX, [0.25, half, 0.34], [0, 0, z], (0.62 * shade, 0.47 * shade, 0.30 * shade, 1))
    else:
        add(shapes.mjGEOM_CYLINDER, [0.17, 0.25, 0], [0, 0, 0.25], (0.55, 0.28, 0.18, 1))
        add(shapes.mjGEOM_CYLINDER, [0.02, 0.45, 0], [0, 0, 0.9], WOOD)
        for leaf in range(30):  # turned by the golden angle each, as plants do
            angle, z = 2.4 * (leaf + number), 1.05 + 0.03 * leaf
            x, y = 0.7 * half * np.cos(angle), 0.7 * half * np.sin(angle)
            add_leaf = {"size": [0.09, 0.09, 0.11], "pos": [x, y, z], "rgba": GREENS[leaf % 3]}
            body.add_geom(type=shapes.mjGEOM_ELLIPSOID, group=HIDDEN, **add_leaf, **GHOST)


def _add_held(mujoco: ModuleType, spec: MjSpec, kind: str, number: int) -> None:
    """An occluder of the face; its origin lies at the mouth, and x points out of the face."""
    shapes = mujoco.mjtGeom
    body = spec.worldbody.add_body(name=f"{kind}_{number}", mocap=True, pos=AWAY)

    def add(shape: mjtGeom, size: list[float], pos: list[float], rgba: Sequence[float], **more: object) -> None:
        body.add_geom(type=shape, size=size, pos=pos, rgba=rgba, group=HIDDEN, **more, **GHOST)

    if kind == "scarf":
        add(shapes.mjGEOM_ELLIPSOID, [0.105, 0.095, 0.045], [-0.06, 0, -0.005], (0.60, 0.15, 0.18, 1))
        add(shapes.mjGEOM_ELLIPSOID, [0.11, 0.10, 0.05], [-0.07, 0, -0.06], (0.50, 0.12, 0.16, 1))
        add(shapes.mjGEOM_ELLIPSOID, [0.12, 0.12, 0.06], [-0.09, 0, -0.12], (0.60, 0.15, 0.18, 1))
    elif kind == "phone":
        add(shapes.mjGEOM_BOX, [0.004, 0.036, 0.075], [0.055, 0.03, 0.04], (0.05, 0.05, 0.06, 1))
        for z in (-0.01, 0.012, 0.034, 0.056):
            add(shapes.mjGEOM_CAPSULE, [0.009, 0.03, 0], [0.066, 0.05, z], SKIN, quat=[0.7071, 0.7071, 0, 0])
    else:
        add(shapes.mjGEOM_ELLIPSOID, [0.014, 0.05, 0.045], [0.04, 0.025, -0.02], SKIN)
        for i, z in enumerate((0.022, 0.004, -0.014, -0.032)):
            add(
                shapes.mjGEOM_CAPSULE,
                [0.009, 0.042, 0],
                [0.044, -0.03 - 0.004 * i, z],
                SKIN,
                quat=[0.7071, 0.7071, 0, 0],
            )
        add(shapes.mjGEOM_CAPSULE, [0.03, 0.13, 0], [0.03, 0.09, -0.15], SKIN, quat=[0.966, 0.259, 0, 0])
