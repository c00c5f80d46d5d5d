"""Services that always answer: a request that fails is logged and refused, the node goes on."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
import traceback
from typing import Any

from rcl_interfaces.msg import SetParametersResult
from rcl_interfaces.srv import SetParameters, SetParametersAtomically
from rclpy.node import Node

from pose_ros.ros.start import one_line

Callback = Callable[[Any, Any], Any]


def answer_always(node: Node) -> None:
    """Guard every service that a node has now, also those of rclpy: see `answering`."""
    for service in node.services:
        service.callback = answering(node, service.srv_name, service.callback)


def answering(node: Node, name: str, callback: Callback) -> Callback:
    """Return a service callback that refuses a request where the given one raises.

    rclpy would end the process, and with it the node: its own services raise on a lifecycle
    transition that is not possible now, and on a parameter of a type that does not exist.

    Parameters
    ----------
    node
        Owner of the service; the error goes to its log.
    name
        Of the service.
    callback
        Takes request and response, and returns the response.
    """

    @wraps(callback)
    def guarded(request: Any, response: Any) -> Any:
        try:
            return callback(request, response)
        except Exception as error:
            reason = one_line(error)
            node.get_logger().error(f'request on {name} failed: {reason}')
            node.get_logger().debug(traceback.format_exc())
            return refusal(request, response, reason)

    return guarded


def refusal(request: Any, response: Any, reason: str) -> Any:
    """Response that says no, with the reason where its type has a field for it."""
    if isinstance(response, SetParameters.Response):
        # Those before the one that failed have their results already.
        refused = SetParametersResult(successful=False, reason=reason)
        missing = len(request.parameters) - len(response.results)
        response.results = [*response.results, *[refused] * missing]
        return response
    response = type(response)()
    if isinstance(response, SetParametersAtomically.Response):
        response.result = SetParametersResult(successful=False, reason=reason)
    for field in ('message', 'failure_reason'):
        if hasattr(response, field):
            setattr(response, field, reason)
    return response
