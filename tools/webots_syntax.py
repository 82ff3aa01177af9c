"""Check a world for Webots without Webots: python tools/webots_syntax.py people.wbt

Reads the syntax of VRML97, and the fields that Webots' reference gives each node. Only the nodes that the world of this
package has are known, by the definitions that Webots R2023b reads itself (its folder resources/nodes).
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Value = bool | str | list[float] | list[str] | list["Node"] | None

SOLID = {
    "translation": "SFVec3f", "rotation": "SFRotation", "children": "MFNode", "name": "SFString",
    "model": "SFString", "boundingObject": "SFNode", "physics": "SFNode", "locked": "SFBool",
}  # fmt: skip
FIELDS: Mapping[str, Mapping[str, str]] = {
    "WorldInfo": {"title": "SFString", "gravity": "SFVec3f", "basicTimeStep": "SFFloat", "FPS": "SFFloat"},
    "Viewpoint": {"fieldOfView": "SFFloat", "orientation": "SFRotation", "position": "SFVec3f", "follow": "SFString"},
    "Background": {"skyColor": "MFColor", "luminosity": "SFFloat"},
    "DirectionalLight": {
        "ambientIntensity": "SFFloat", "color": "SFColor", "direction": "SFVec3f", "intensity": "SFFloat",
        "on": "SFBool", "castShadows": "SFBool",
    },
    "Pose": {"translation": "SFVec3f", "rotation": "SFRotation", "children": "MFNode"},
    "Solid": SOLID,
    "Robot": {**SOLID, "controller": "SFString", "supervisor": "SFBool", "synchronization": "SFBool"},
    "Camera": {**SOLID, "fieldOfView": "SFFloat", "width": "SFInt32", "height": "SFInt32", "near": "SFFloat"},
    "Shape": {"appearance": "SFNode", "geometry": "SFNode", "castShadows": "SFBool"},
    "PBRAppearance": {
        "baseColor": "SFColor", "baseColorMap": "SFNode", "transparency": "SFFloat", "roughness": "SFFloat",
        "metalness": "SFFloat",
    },
    "ImageTexture": {"url": "MFString", "repeatS": "SFBool", "repeatT": "SFBool", "filtering": "SFInt32"},
    "Mesh": {"url": "MFString", "creaseAngle": "SFFloat"},
    "Plane": {"size": "SFVec2f"},
    "Box": {"size": "SFVec3f"},
    "Cylinder": {"height": "SFFloat", "radius": "SFFloat", "subdivision": "SFInt32"},
    "Physics": {"density": "SFFloat", "mass": "SFFloat"},
}  # fmt: skip
GEOMETRIES = {"Mesh", "Plane", "Box", "Cylinder"}
ROOTS = {"WorldInfo", "Viewpoint", "Background", "DirectionalLight", "Pose", "Solid", "Robot"}
ALLOWED = {
    "children": {"Pose", "Solid", "Shape", "Camera"},
    "boundingObject": GEOMETRIES - {"Mesh"} | {"Pose", "Shape"},
    "physics": {"Physics"},
    "appearance": {"PBRAppearance"},
    "geometry": GEOMETRIES,
    "baseColorMap": {"ImageTexture"},
}
"""Nodes that a field may hold. The children of a Pose that bounds something are geometries."""
NUMBERS = {"SFFloat": 1, "SFInt32": 1, "SFVec2f": 2, "SFVec3f": 3, "SFColor": 3, "SFRotation": 4, "MFColor": 3}
POSITIVE = {"height", "radius", "size", "width", "basicTimeStep", "mass"}
UNIT = {"roughness", "metalness", "transparency", "baseColor", "skyColor", "color", "ambientIntensity"}
TOKEN = re.compile(r'\s*(?:#[^\n]*\n\s*)*("(?:[^"\\]|\\.)*"|[{}\[\]]|[^\s{}\[\],"]+|,)')
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


class SyntaxProblem(ValueError):
    """A part of a world that Webots would refuse or complain of."""


@dataclass
class Node:
    kind: str
    fields: dict[str, Value]

    def below(self) -> Iterator[Node]:
        """The node and all within it."""
        yield self
        for value in self.fields.values():
            for node in value if isinstance(value, list) else ():
                if isinstance(node, Node):
                    yield from node.below()


class Reader:
    """Reads one world.

    Args:
        text: of the .wbt file.
    """

    def __init__(self, text: str) -> None:
        head, _, body = text.partition("\n")
        if not re.fullmatch(r"#VRML_SIM R20\d\d[ab] utf8", head):
            raise SyntaxProblem(f"{head[:40]!r} is not the first line of a world")
        self._tokens = self._split(body)
        self._place = 0

    @staticmethod
    def _split(body: str) -> Sequence[str]:
        tokens, at = [], 0
        while at < len(body.rstrip()):
            found = TOKEN.match(body, at)
            if found is None:
                raise SyntaxProblem(f"cannot be read: {body[at : at + 20]!r}")
            at = found.end()
            tokens.append(found[1])
        return tokens

    def world(self) -> list[Node]:
        """All root nodes, which are as Webots wants them."""
        roots = []
        while self._place < len(self._tokens):
            roots.append(self._node(ROOTS))
        kinds = [node.kind for node in roots]
        if kinds[:2] != ["WorldInfo", "Viewpoint"] or len(set(kinds[:3])) < 3:
            raise SyntaxProblem("a world begins with one WorldInfo and one Viewpoint")
        _names_differ(roots)
        return roots

    def _next(self) -> str:
        if self._place == len(self._tokens):
            raise SyntaxProblem("the world ends too early")
        self._place += 1
        return self._tokens[self._place - 1]

    def _peek(self) -> str:
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def _expect(self, token: str) -> None:
        if (found := self._next()) != token:
            raise SyntaxProblem(f"{token} is expected, not {found}")

    def _node(self, allowed: set[str]) -> Node:
        kind = self._next()
        if kind not in FIELDS:
            raise SyntaxProblem(f"{kind} is no node")
        if kind not in allowed:
            raise SyntaxProblem(f"{kind} cannot be here")
        self._expect("{")
        node = Node(kind, {})
        while self._peek() != "}":
            name = self._next()
            if name not in FIELDS[kind]:
                raise SyntaxProblem(f"{kind} has no field {name}")
            if name in node.fields:
                raise SyntaxProblem(f"{kind} has {name} twice")
            within = ALLOWED.get(name, set())
            bounding = kind == "Pose" and allowed == ALLOWED["boundingObject"]
            node.fields[name] = self._value(FIELDS[kind][name], name, GEOMETRIES if bounding else within)
        self._expect("}")
        _check_physics(node)
        return node

    def _value(self, type_: str, name: str, allowed: set[str]) -> Value:
        match type_:
            case "SFNode":
                if self._peek() == "NULL":
                    self._next()
                    return None
                return [self._node(allowed)]
            case "MFNode":
                return [self._node(allowed) for _ in self._items()]
            case "SFString":
                return self._string()
            case "MFString":
                return [self._string() for _ in self._items()]
            case "SFBool":
                if (token := self._next()) not in ("TRUE", "FALSE"):
                    raise SyntaxProblem(f"{name} is TRUE or FALSE, not {token}")
                return token == "TRUE"
        several = type_.startswith("MF")
        rows = [self._numbers(type_, name) for _ in self._items()] if several else [self._numbers(type_, name)]
        return [number for row in rows for number in row]

    def _items(self) -> Iterator[None]:
        """Once for each item of a list in brackets."""
        self._expect("[")
        while self._peek() != "]":
            yield
            if self._peek() == ",":
                self._next()
        self._expect("]")

    def _string(self) -> str:
        token = self._next()
        if not token.startswith('"'):
            raise SyntaxProblem(f"{token} is no string")
        return token[1:-1]

    def _numbers(self, type_: str, name: str) -> list[float]:
        tokens = [self._next() for _ in range(NUMBERS[type_])]
        for token in tokens:
            if not (re.fullmatch(r"[+-]?\d+", token) if type_ == "SFInt32" else NUMBER.fullmatch(token)):
                raise SyntaxProblem(f"{name} is {type_}, {token} is none")
        values = list(map(float, tokens))
        if name in POSITIVE and min(values) <= 0:
            raise SyntaxProblem(f"{name} must be positive")
        if name in UNIT and not all(0 <= value <= 1 for value in values):
            raise SyntaxProblem(f"{name} must be in [0, 1]")
        if name == "fieldOfView" and not 0 < values[0] < math.pi:
            raise SyntaxProblem("fieldOfView must be in (0, pi)")
        if type_ == "SFRotation" and not any(values[:3]):
            raise SyntaxProblem(f"{name} has no axis")
        return values


def _check_physics(node: Node) -> None:
    """A body that moves needs a bound and exactly one of mass and density."""
    if node.kind == "Physics" and (node.fields.get("density") == [-1.0]) != ("mass" in node.fields):
        raise SyntaxProblem("Physics has either a mass and density -1, or a density")
    if node.fields.get("physics") and not node.fields.get("boundingObject"):
        raise SyntaxProblem(f"{node.kind} has physics and no boundingObject")


def _names_differ(nodes: Sequence[Node]) -> None:
    names = [node.fields.get("name", node.kind.lower()) for node in nodes if "name" in FIELDS[node.kind]]
    if len({str(name) for name in names}) < len(names):
        raise SyntaxProblem("solids at one place have one name")


if __name__ == "__main__":
    try:
        print(f"{len(Reader(Path(sys.argv[1]).read_text(encoding='utf-8')).world())} nodes at the root, no problem")
    except SyntaxProblem as problem:
        sys.exit(f"error: {problem}")
