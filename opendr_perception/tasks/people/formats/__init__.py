"""Formats of person detectors: how an image is fitted to a network, and how its outputs become boxes.

A model says its format in its metadata, which `opendr-perception models import` writes; NanoDet's has none there.
"""

from opendr_perception.tasks.people.formats.anchors import STRIDES
from opendr_perception.tasks.people.formats.base import DetectorFormat
from opendr_perception.tasks.people.formats.choice import FORMATS, format_of
from opendr_perception.tasks.people.formats.nanodet import BINS

__all__ = ["BINS", "FORMATS", "STRIDES", "DetectorFormat", "format_of"]
