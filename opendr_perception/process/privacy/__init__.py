"""Copies of films in which people cannot be recognised."""

from opendr_perception.process.privacy.cover import Cover
from opendr_perception.process.privacy.film import Blurred, blur_film, models

__all__ = ["Blurred", "Cover", "blur_film", "models"]
