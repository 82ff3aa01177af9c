"""Messages as JSON can hold them."""

from __future__ import annotations

import math
from typing import Any


def to_dict(message: Any) -> Any:
    """A message as JSON can hold it: nested dictionaries and lists; NaN becomes None, numbers keep 6 digits."""
    if hasattr(message, "get_fields_and_field_types"):
        return {name: to_dict(getattr(message, name)) for name in message.get_fields_and_field_types()}
    if isinstance(message, float):
        return float(f"{message:.6g}") if math.isfinite(message) else None
    if isinstance(message, str | int):
        return message
    return [to_dict(item) for item in message]
