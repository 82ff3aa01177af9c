"""Make checked models of the files that people have: `opendr-perception models import`."""

from opendr_perception.zoo.importing.build import begin, import_model, keep, licence_line, samples
from opendr_perception.zoo.importing.catalogue import FORMATS
from opendr_perception.zoo.importing.reading import Source, content_of, read

__all__ = ["FORMATS", "Source", "begin", "content_of", "import_model", "keep", "licence_line", "read", "samples"]
