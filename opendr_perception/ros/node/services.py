"""Services that always answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction

from rcl_interfaces.msg import SetParametersResult
from rcl_interfaces.srv import SetParameters, SetParametersAtomically

Callback = Callable[[object, object], object]


def guarded(callback: Callback, note: Callable[[str, Exception], None]) -> Callback:
    """A callback of a service that answers `no` where the given one raises, so that nobody waits in vain.

    Args:
        callback: takes a request and its response.
        note: is told what it raised.
    """
    if iscoroutinefunction(callback):
        return callback  # what it awaits answers for itself

    @wraps(callback)
    def answer(request: object, response: object) -> object:
        if isinstance(request, SetParameters.Request) and len(request.parameters) > 1:
            for parameter in request.parameters:  # one malformed parameter is no fault of the others
                answer(SetParameters.Request(parameters=[parameter]), response)
            return response
        try:
            return callback(request, response)
        except Exception as error:  # noqa: BLE001 - such as rclpy's, about a type that does not exist
            note("a service failed", error)
            return _refusal(response, str(error) or type(error).__name__)

    return answer


def _refusal(response: object, reason: str) -> object:
    result = SetParametersResult(successful=False, reason=reason)
    if isinstance(response, SetParameters.Response):
        response.results = [*response.results, result]
    elif isinstance(response, SetParametersAtomically.Response):
        response.result = result
    elif hasattr(response, "success") and hasattr(response, "message"):
        response.success, response.message = False, reason
    return response
