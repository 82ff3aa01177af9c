"""Make checked models of the ONNX files that people have: `opendr-perception models import`."""

from opendr_perception.zoo.importing.build import import_model
from opendr_perception.zoo.importing.catalogue import FORMATS

__all__ = ["FORMATS", "import_model"]
