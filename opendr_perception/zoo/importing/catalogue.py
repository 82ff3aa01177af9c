"""All formats that can be imported, by the names that the command takes."""

from __future__ import annotations

from opendr_perception.zoo.importing.faces import FACES
from opendr_perception.zoo.importing.formats import PEOPLE, ModelFormat

FORMATS: dict[str, ModelFormat] = {**PEOPLE, **FACES}
