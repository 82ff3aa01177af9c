"""Shapes and dtypes of the arrays of all tasks are checked in the tests: a hook, installed before anything is imported.

Only arrays are checked, so that a test may give a task less than a whole session or camera where that is all it needs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import numpy as np

Function = TypeVar("Function", bound=Callable[..., Any])


def arrays(function: Function) -> Function:
    """Check the arrays among the arguments and the result of a function, each time it is called."""
    from beartype import beartype

    checked = {name: _checked(hint) for name, hint in function.__annotations__.items()}
    function.__annotations__ = {name: hint for name, hint in checked.items() if hint is not None}
    return beartype(function) if function.__annotations__ else function


def _checked(hint: Any) -> Any:
    """The array, or None for whatever is no array; an array or nothing stays that."""
    import jaxtyping

    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated and type(parts[1]).__name__ == "ArrayShape":
        return getattr(jaxtyping, parts[1].kind)[np.ndarray, parts[1].axes]
    if origin in (Union, UnionType) and len(parts) == 2 and type(None) in parts:
        array = _checked(next(part for part in parts if part is not type(None)))
        return None if array is None else array | None
    return None


def _install() -> None:
    try:
        import jaxtyping
    except ImportError:  # there is none for Python 3.10
        return
    checker = ModuleType("opendr_perception_array_checker")
    checker.__dict__["arrays"] = arrays
    sys.modules[checker.__name__] = checker
    jaxtyping.install_import_hook("opendr_perception.tasks", f"{checker.__name__}.arrays")


_install()
